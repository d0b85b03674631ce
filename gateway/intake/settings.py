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
from gateway.intake.wiring import Wiring, is_number
from gateway.services.bound import BoundWidget
from gateway.services.model import Drawn, LeftOut, Limits, Supply

__all__ = ["draft_models", "draft_numbers"]

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
    """

    name: str
    inputs: tuple[str, ...]
    description: str
    fits: Callable[[Wiring, str], bool]
    supply: Supply = _LEFT_OUT
    lowest: int | None = None
    highest: int | None = None


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


def draft_models(wiring: Wiring, drafts: Drafts) -> None:
    """Add a parameter for each model file, and for how strongly the ones that say so work."""
    for node_id, node in wiring.prompt.items():
        for widget in wiring.widgets(node_id):
            known = _MODELS.get(widget.widget)
            is_upscaler = widget.widget == "model_name" and "Upscale" in node.class_type
            name, description = known or (
                ("upscaler", "The upscaling model.") if is_upscaler else ("", "")
            )
            if name and isinstance(widget.current, str):
                drafts.add([name], [widget], ParameterEntry("", description=description))
        _draft_strengths(wiring, node_id, drafts)


def _draft_strengths(wiring: Wiring, node_id: str, drafts: Drafts) -> None:
    widgets = {each.widget: each for each in wiring.widgets(node_id) if is_number(each.current)}
    model, clip = widgets.get("strength_model"), widgets.get("strength_clip")
    if model is not None:
        both = clip is not None and clip.current == model.current
        told = "How strongly the LoRA works: 0 not at all, 1 fully."
        draft = ParameterEntry("", description=told)
        drafts.add(["lora_strength"], [model, clip] if clip and both else [model], draft)
    if "ControlNet" in wiring.prompt[node_id].class_type and "strength" in widgets:
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


_SIDE = "in pixels."
_SETTINGS = (
    _Setting("width", ("width",), f"Width {_SIDE}", _makes_canvas, lowest=64, highest=2048),
    _Setting("height", ("height",), f"Height {_SIDE}", _makes_canvas, lowest=64, highest=2048),
    _Setting("frames", ("length",), "How many frames to make.", _makes_canvas, lowest=1),
    _Setting("seconds", ("seconds",), "How long it lasts, in seconds.", _makes_canvas, lowest=1),
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
        same = (setting.name, str(widget.current)) if is_half else widget.key
        first, widgets = groups.get(same, (node_id, ()))
        groups[same] = (first, (*widgets, widget))
    return sorted(groups.values(), key=lambda found: len(wiring.ancestors(found[0])))


def _numbers(wiring: Wiring, setting: _Setting) -> Iterator[tuple[str, BoundWidget]]:
    seen: set[tuple[str, str]] = set()
    for node_id, node in wiring.prompt.items():
        for name in setting.inputs:
            if name not in node.inputs or not setting.fits(wiring, node_id):
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
