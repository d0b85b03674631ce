"""From a node definition to how the editor builds a node of the class.

Required inputs come before optional ones, in the definition's order, each with the widgets that the editor
adds to it (the control after a seed, the button after an upload).

Source: `/object_info` entries (both dialects), and what the editor 1.49 was seen to make of each class.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.editor.document import OutputSlot
from gateway.editor.layout import MISSING, Entry, Layout, NumberRule, Socket, Widget
from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = ["read_layout"]

# Types of the definition that the editor has a widget for; all others are slots.
_WIDGETS = frozenset(
    {
        "AUDIO_RECORD",
        "BOOLEAN",
        "BOUNDING_BOX",
        "BOUNDING_BOXES",
        "COLOR",
        "COLORS",
        "COMBO",
        "COMPOSITOR",
        "CURVE",
        "FLOAT",
        "IMAGECOMPARE",
        "INT",
        "LOAD_3D",
        "LOAD_3D_ANIMATION",
        "MARKDOWN",
        "PAINTER",
        "PREVIEW_3D",
        "RANGE",
        "STRING",
        "TEXTAREA",
        "WEBCAM",
    }
)
_SEEDS = frozenset({"seed", "noise_seed"})
_MEDIA_FLAGS = ("image_upload", "animated_image_upload", "video_upload")
_CONTROL = Widget("control_after_generate", default="randomize", sent=False)
_UPLOAD = Widget("upload", default="image", sent=False)
_EMPTY: Mapping[str, Json] = {"INT": 0, "FLOAT": 0, "BOOLEAN": False}
_COMPARED: Json = ["", ""]
# What two numbers that one primitive feeds may differ in.
_APART = frozenset(
    {
        *("control_after_generate", "default", "defaultInput", "dynamicPrompts", "forceInput"),
        *("max", "min", "multiline", "step", "tooltip"),
    }
)

# What the editor's own extensions add to single classes: before, instead of, or after everything else.
_BUTTONS_3D = (
    Widget("upload 3d model", default="upload3dmodel"),
    Widget("upload extra resources", default="uploadExtraResources"),
    Widget("clear", default="clear"),
)
_ADDED: Mapping[str, tuple[Widget, ...]] = {
    "Preview3D": (Widget("image", default="", saved=False),),
    "SaveGLB": (Widget("image", default="", saved=False),),
    "WebcamCapture": (Widget("waiting for camera...", default="capture"),),
}


@dataclass(slots=True)
class _Reading:
    """Entries gathered so far; `required` ends with the button of an upload."""

    class_type: str
    entries: list[Entry] = field(default_factory=list[Entry])
    forced: list[bool] = field(default_factory=list[bool])


def read_layout(class_type: str, entry: JsonObject) -> Layout:
    """Read a class from its `/object_info` entry.

    Args:
        class_type: Its name.
        entry: The entry as ComfyUI sends it; what has an unknown shape is a slot or left out.
    """
    reading = _Reading(class_type)
    for section in ("required", "optional"):
        specs = _specs(entry, section)
        for name, spec in specs.items():
            _read_input(reading, name, spec)
        if section == "required" and any(_uploads(spec) for spec in specs.values()):
            reading.entries.append(_UPLOAD)
    reading.entries.extend(_ADDED.get(class_type, ()))
    display_name = entry.get("display_name")
    return Layout(
        class_type=class_type,
        entries=tuple(reading.entries),
        outputs=_outputs(entry),
        display_name=display_name if isinstance(display_name, str) else "",
        forced=tuple(reading.forced) if any(reading.forced) else (),
    )


def _specs(entry: JsonObject, section: str) -> JsonObject:
    """Return the inputs of a section in the order the entry names, which survives sorted keys."""
    specs = as_object((as_object(entry.get("input")) or {}).get(section)) or {}
    named = as_array((as_object(entry.get("input_order")) or {}).get(section)) or ()
    first = [each for each in named if isinstance(each, str) and each in specs]
    return {name: specs[name] for name in (*first, *specs)}


def _outputs(entry: JsonObject) -> tuple[OutputSlot, ...]:
    types = [_slot_type(each, {}) for each in as_array(entry.get("output")) or ()]
    names = as_array(entry.get("output_name")) or ()
    return tuple(
        OutputSlot(str(names[at]) if at < len(names) else each, each)
        for at, each in enumerate(types)
    )


def _read_input(reading: _Reading, name: str, spec: Json) -> None:
    entries = tuple(_entries(reading.class_type, name, spec, ""))
    reading.entries.extend(entries)
    _, options = _parts(spec)
    if isinstance(entries[0], Widget) or options.get("forceInput") is True:
        forced = options.get("forceInput") is True
        reading.forced.append(forced)
        if options.get("control_after_generate"):
            reading.forced.append(False)


def _entries(class_type: str, name: str, spec: Json, prefix: str) -> Iterator[Entry]:
    """Yield what one input brings; the first entry is the input itself."""
    declared, options = _parts(spec)
    full = prefix + name
    kind = _slot_type(declared, options)
    made_by = options.get("widgetType") if isinstance(options.get("widgetType"), str) else kind
    if kind == "COMFY_DYNAMICCOMBO_V3":
        yield _dynamic_combo(class_type, full, options)
    elif kind == "COMFY_AUTOGROW_V3":
        yield Socket(full, _grown_type(options), grows=True)
    elif made_by not in _WIDGETS or options.get("forceInput") is True:
        yield Socket(full, kind, group=_group(declared, options))
    else:
        if class_type == "Load3D" and made_by == "LOAD_3D":
            yield from _BUTTONS_3D
        yield _widget(full, kind, str(made_by), declared, options)
        yield from _companions(full, str(made_by), options)


def _widget(name: str, kind: str, made_by: str, declared: Json, options: JsonObject) -> Widget:
    choices = (
        as_array(declared) if as_array(declared) is not None else as_array(options.get("options"))
    )
    if made_by == "COMBO":
        listed = tuple(choices or ())
        default = options.get("default", listed[0] if listed else MISSING)
        return Widget(name, kind, default, options=listed)
    if made_by == "IMAGECOMPARE":
        return Widget(name, kind, _COMPARED, saved=False)
    return Widget(
        name,
        kind,
        options.get("default", _EMPTY.get(made_by, "")),
        dynamic=made_by == "STRING" and options.get("dynamicPrompts") is True,
        lines=made_by == "STRING" and options.get("multiline") is True,
        number=_number_rule(made_by, options) if made_by in ("INT", "FLOAT") else None,
    )


def _number_rule(made_by: str, options: JsonObject) -> NumberRule:
    step = _positive(options.get("step"))
    given = options.get("round")
    # the editor rounds to as many places as a step has, unless the definition says otherwise
    places = max(-math.floor(math.log10(step or 0.5)), 0)
    rounding = 0.0 if given is False else _positive(given) or round(0.1**places, 6)
    return NumberRule(
        whole=made_by == "INT",
        minimum=-math.inf if (low := _number(options.get("min"))) is None else low,
        maximum=math.inf if (high := _number(options.get("max"))) is None else high,
        step=step or 1.0,
        round=rounding,
        places=places,
        rest=json.dumps({name: options[name] for name in sorted(options.keys() - _APART)}),
    )


def _positive(value: Json) -> float:
    return max(_number(value) or 0.0, 0.0)


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > -math.inf:
        return None
    return value if value < math.inf else None


def _companions(name: str, made_by: str, options: JsonObject) -> Iterator[Widget]:
    """Yield the widgets that the editor puts after one of its own."""
    if (made_by == "INT" and (options.get("control_after_generate") or name in _SEEDS)) or (
        made_by == "COMBO" and options.get("control_after_generate")
    ):
        yield _CONTROL
    if made_by == "BOUNDING_BOX":
        yield from (Widget(each, sent=False) for each in ("x", "y", "width", "height"))
    if made_by == "AUDIO_RECORD":
        yield Widget(name, sent=False)
    remote = as_object(options.get("remote")) or {}
    if remote.get("control_after_refresh"):
        yield Widget("Auto-refresh after generation", default=False, sent=False)
    if remote.get("refresh_button"):
        yield Widget("refresh", default="refresh")


def _dynamic_combo(class_type: str, name: str, options: JsonObject) -> Widget:
    children: dict[str, tuple[Entry, ...]] = {}
    for option in as_array(options.get("options")) or ():
        fields = as_object(option) or {}
        sections = as_object(fields.get("inputs")) or {}
        specs = [
            item
            for section in ("required", "optional")
            for item in (as_object(sections.get(section)) or {}).items()
        ]
        children[str(fields.get("key"))] = tuple(
            entry
            for child, spec in specs
            for entry in _entries(class_type, child, spec, f"{name}.")
        )
    first = next(iter(children), None)
    return Widget(
        name,
        "COMFY_DYNAMICCOMBO_V3",
        options.get("default", first),
        options=tuple(children),
        children=children,
    )


def _uploads(spec: Json) -> bool:
    """Tell whether a combo lets people upload a picture or a video, or a sound."""
    declared, options = _parts(spec)
    if declared != "COMBO" and as_array(declared) is None:
        return False
    return any(options.get(flag) is True for flag in (*_MEDIA_FLAGS, "audio_upload"))


def _grown_type(options: JsonObject) -> str:
    template = as_object(options.get("template")) or {}
    sections = as_object(template.get("input")) or {}
    for section in ("required", "optional"):
        for spec in (as_object(sections.get(section)) or {}).values():
            return _slot_type(*_parts(spec))
    return "*"


def _parts(spec: Json) -> tuple[Json, JsonObject]:
    parts = as_array(spec)
    if not parts:  # a forgotten comma in a V1 node: `("IMAGE")` is text, not a tuple
        return spec, {}
    options = as_object(parts[1]) if len(parts) > 1 else None
    return parts[0], options or {}


def _group(declared: Json, options: JsonObject) -> str:
    if declared != "COMFY_MATCHTYPE_V3":
        return ""
    return str((as_object(options.get("template")) or {}).get("template_id", ""))


def _slot_type(declared: Json, options: JsonObject) -> str:
    if declared == "COMFY_MATCHTYPE_V3":
        allowed = (as_object(options.get("template")) or {}).get("allowed_types")
        return allowed if isinstance(allowed, str) else "*"
    if isinstance(declared, str):
        return declared
    return "*" if as_array(declared) is None else "COMBO"
