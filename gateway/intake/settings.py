"""The numbers and models that people set between two runs: seed, steps, size, checkpoint and the like.

The sampler's and the scheduler's names are no such thing: they are the craft of whoever made the
graph. Nor are text encoders, which fit one model only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gateway.graph.definitions import IntegerWidget, NumberWidget
from gateway.intake.drafts import Drafts
from gateway.intake.entry import ParameterEntry
from gateway.intake.wiring import Wiring, is_number, last_part
from gateway.services.bound import BoundWidget
from gateway.services.model import Drawn, LeftOut, Limits, ParameterType, Supply
from gateway.services.widget_types import derived_type

__all__ = ["draft_formats", "draft_models", "draft_numbers"]

_EMPTY = re.compile(r"Empty|Latent")
_LEFT_OUT = LeftOut()

_Found: TypeAlias = tuple[str, tuple[BoundWidget, ...]]
"""The first node that a number is for, and the widgets that hold it."""


@dataclass(frozen=True, slots=True)
class _Setting:
    """A number that has the same meaning in every node.

    Attributes:
        name: The parameter's.
        inputs: What nodes call it.
        fits: Whether a node's is one that people set.
        lowest: The smallest that makes sense, None: the definition's.
        highest: The largest that makes sense, unless the graph itself holds more than half of it.
        is_shared: Whether several nodes with the same number are meant to have the same one.
    """

    name: str
    inputs: tuple[str, ...]
    description: str
    fits: Callable[[Wiring, str], bool]
    supply: Supply = _LEFT_OUT
    lowest: int | None = None
    highest: int | None = None
    is_shared: bool = False


def draft_numbers(wiring: Wiring, drafts: Drafts) -> None:
    """Add a parameter for each number that people set."""
    for setting in _SETTINGS:
        found = _found(wiring, setting)
        for number, (_, widgets) in enumerate(found):
            drafts.add(
                _names(wiring, setting, found, number),
                widgets,
                ParameterEntry(
                    "",
                    supply=setting.supply,
                    description=setting.description,
                    limits=_limits(setting, widgets[0]),
                ),
            )


def _names(wiring: Wiring, setting: _Setting, found: Sequence[_Found], number: int) -> list[str]:
    """Return names for one of several, best first: what comes after another of them refines it."""
    if not number:
        return [setting.name]
    node_id = found[number][0]
    is_later = any(other in wiring.ancestors(node_id) for other, _ in found[:number])
    title = wiring.own_title(node_id)[: 39 - len(setting.name)]
    return [
        f"{title}_{setting.name}" if title else "",
        f"refine_{setting.name}" if is_later else "",
        setting.name,
    ]


def draft_formats(wiring: Wiring, drafts: Drafts) -> None:
    """Add how large or long a thing is to be, where a partner's service makes it: choices, mostly."""
    for name, inputs, told in _FORMATS:
        for node_id, node in wiring.prompt.items():
            definition = wiring.definitions.get(node.class_type)
            if definition is None or not definition.api_node:
                continue
            for widget in wiring.widgets(node_id):
                if last_part(widget.widget).lower() in inputs and derived_type(widget) in _SCALAR:
                    drafts.add([name], [widget], ParameterEntry("", description=told))


def draft_models(wiring: Wiring, drafts: Drafts) -> None:
    """Add a parameter for each model file, and for how strongly the ones that say so work.

    Loaders that name the very same file are meant to go on doing so.
    """
    loaders: dict[object, list[str]] = {}
    for node_id in wiring.prompt:
        widgets = list(wiring.widgets(node_id))
        files = [
            (each.widget, each.current) for each in widgets if _model(wiring, each) is not None
        ]
        strengths = [str(each.current) for each in widgets if each.widget in _STRENGTHS]
        same = (str(files), str(strengths)) if files else node_id
        loaders.setdefault(same, []).append(node_id)
    for node_ids in loaders.values():
        _draft_files(wiring, node_ids, drafts)
        _draft_strengths(wiring, node_ids, drafts)


def _model(wiring: Wiring, widget: BoundWidget) -> tuple[str, str] | None:
    """Return the name and the description of a parameter for a model's file."""
    if not isinstance(widget.current, str):
        return None
    class_type = wiring.prompt[widget.node_id].class_type
    if widget.widget == "model_name" and "Upscale" in class_type:
        return "upscaler", "The upscaling model."
    return _MODELS.get(widget.widget)


def _draft_files(wiring: Wiring, node_ids: Sequence[str], drafts: Drafts) -> None:
    for first in wiring.widgets(node_ids[0]):
        if (known := _model(wiring, first)) is not None:
            widgets = [wiring.widget((node_id, first.widget)) for node_id in node_ids]
            drafts.add([known[0]], widgets, ParameterEntry("", description=known[1]))


def _draft_strengths(wiring: Wiring, node_ids: Sequence[str], drafts: Drafts) -> None:
    widgets = {each.widget: each for each in wiring.widgets(node_ids[0]) if is_number(each.current)}
    model, clip = widgets.get("strength_model"), widgets.get("strength_clip")
    if model is not None:
        names = ["strength_model"]
        if clip is not None and clip.current == model.current:
            names.append("strength_clip")
        told = "How strongly the LoRA works: 0 not at all, 1 fully."
        draft = ParameterEntry("", description=told, limits=_limits(_LORA_STRENGTH, model))
        set_ = [wiring.widget((node_id, name)) for node_id in node_ids for name in names]
        drafts.add(["lora_strength"], set_, draft)
    if "ControlNet" in wiring.prompt[node_ids[0]].class_type and "strength" in widgets:
        told = "How closely to follow the control image: 0 not at all, 1 fully."
        drafts.add(
            ["control_strength"], [widgets["strength"]], ParameterEntry("", description=told)
        )


# --- which nodes' numbers -------------------------------------------------------------------------


def _anywhere(_wiring: Wiring, _node_id: str) -> bool:
    return True


def _draws(wiring: Wiring, node_id: str) -> bool:
    """Tell whether a seed has any effect: a second half of a sampling adds no noise."""
    return wiring.prompt[node_id].inputs.get("add_noise") != "disable"


def _starts_from_something(wiring: Wiring, node_id: str) -> bool:
    """Tell whether a sampler leaves something of what it starts from, and so how much matters."""
    widget = wiring.source(node_id, "denoise")
    return widget is not None and widget.current != 1


def _makes_canvas(wiring: Wiring, node_id: str) -> bool:
    """Tell whether a node makes what a sampler fills, rather than changing an image's size."""
    node = wiring.prompt[node_id]
    if node.class_type.startswith("LatentUpscale"):
        return False
    takes_image = "image" in node.inputs or "samples" in node.inputs
    is_canvas = _EMPTY.search(node.class_type) is not None and not takes_image
    return is_canvas or "positive" in node.inputs


def _of_canvas(
    name: str, input_name: str, told: str, lowest: int = 1, highest: int | None = None
) -> _Setting:
    """Return a number that all nodes which make a part of what is filled have in common."""
    return _Setting(
        name, (input_name,), told, _makes_canvas, lowest=lowest, highest=highest, is_shared=True
    )


_SETTINGS = (
    _of_canvas("width", "width", "Width in pixels.", 64, 2048),
    _of_canvas("height", "height", "Height in pixels.", 64, 2048),
    _of_canvas("frames", "length", "How many frames to make."),
    _of_canvas("seconds", "seconds", "How long it lasts, in seconds."),
    _Setting("seed", ("seed", "noise_seed"), "Repeats a result.", _draws, Drawn()),
    _Setting("steps", ("steps",), "More is slower and finer.", _anywhere, lowest=1, highest=100),
    _Setting("cfg", ("cfg",), "How closely to follow the prompt.", _anywhere, highest=30),
    _Setting("guidance", ("guidance",), "How closely to follow the prompt.", _anywhere, highest=30),
    _Setting(
        "denoise",
        ("denoise",),
        "How far to leave what it starts from: 0 not at all, 1 wholly.",
        _starts_from_something,
    ),
)
_FORMATS = (
    ("aspect_ratio", ("aspect_ratio", "ratio"), "Width to height."),
    ("size", ("size", "size_preset"), "Width and height."),
    ("resolution", ("resolution",), "How large it is."),
    ("duration", ("duration",), "How long it lasts, in seconds."),
)
_SCALAR: frozenset[ParameterType] = frozenset({"string", "integer", "number"})
_LORA_STRENGTH = _Setting("lora_strength", (), "", _anywhere, lowest=-2, highest=2)
_STRENGTHS = ("strength_model", "strength_clip")
_MODELS = {
    "ckpt_name": ("checkpoint", "The model file."),
    "unet_name": ("model", "The model file."),
    "lora_name": ("lora", "The LoRA file."),
    "vae_name": ("vae", "The VAE file; it must fit the model."),
    "control_net_name": ("controlnet", "The ControlNet file; it must fit the model."),
}


def _found(wiring: Wiring, setting: _Setting) -> list[_Found]:
    """Return the widgets that hold such a number and the node they are for, upstream ones first.

    The halves of one sampling, which say where they start, go on with the same number of steps.
    """
    groups: dict[object, _Found] = {}
    for node_id, widget in _numbers(wiring, setting):
        is_half = "start_at_step" in wiring.prompt[node_id].inputs
        is_one = is_half or setting.is_shared
        same = (setting.name, str(widget.current)) if is_one else widget.key
        first, widgets = groups.get(same, (node_id, ()))
        groups[same] = (first, (*widgets, widget))
    # A model that writes the prompt has its seed among its further settings: it comes behind.
    return sorted(
        groups.values(),
        key=lambda found: ("." in found[1][0].widget, len(wiring.ancestors(found[0]))),
    )


def _numbers(wiring: Wiring, setting: _Setting) -> Iterator[tuple[str, BoundWidget]]:
    seen: set[tuple[str, str]] = set()
    for node_id, node in wiring.prompt.items():
        for name in node.inputs:
            if last_part(name).lower() not in setting.inputs or not setting.fits(wiring, node_id):
                continue
            widget = wiring.source(node_id, name)
            if widget is None or widget.key in seen or not _holds_number(widget, setting):
                continue
            seen.add(widget.key)
            yield node_id, widget


def _holds_number(widget: BoundWidget, setting: _Setting) -> bool:
    if isinstance(setting.supply, Drawn) and not isinstance(widget.current, int):
        return False
    kind = widget.definition.kind if widget.definition else None
    return is_number(widget.current) and (
        kind is None or isinstance(kind, IntegerWidget | NumberWidget)
    )


# --- limits ---------------------------------------------------------------------------------------


def _limits(setting: _Setting, widget: BoundWidget) -> Limits:
    """Return limits that make sense, where the definition's own are wider; the graph's value fits."""
    kind = widget.definition.kind if widget.definition else None
    own = kind if isinstance(kind, IntegerWidget | NumberWidget) else IntegerWidget()
    current = widget.current if isinstance(widget.current, int | float) else 0
    low, high = setting.lowest, setting.highest
    if low is not None and (current < low or (own.minimum is not None and own.minimum >= low)):
        low = None
    if high is not None and current * 2 > high:
        high = int(current * 2)
    if high is not None and own.maximum is not None and own.maximum <= high:
        high = None
    return Limits(minimum=low, maximum=high)
