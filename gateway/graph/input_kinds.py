"""What one input of a node definition takes, read from its type and its options.

A type this gateway never heard of is a socket, unless the definition says otherwise: a literal for a
socket passes ComfyUI's validation and fails while running.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from gateway.graph.definitions import (
    BooleanWidget,
    Combo,
    InputKind,
    IntegerWidget,
    NumberWidget,
    OpaqueWidget,
    Socket,
    TextWidget,
    UnionWidget,
)
from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = ["kind_of_input"]

# Types whose value is made by an editor's widget of their own and sent as JSON (or text).
_OPAQUE_TYPES = frozenset(
    {
        "AUDIO_RECORD",
        "BOUNDING_BOX",
        "BOUNDING_BOXES",
        "COLOR",
        "COLORS",
        "COMPOSITOR",
        "CURVE",
        "IMAGECOMPARE",
        "LOAD_3D",
        "LOAD_3D_ANIMATION",
        "WEBCAM",
    }
)
_UPLOADS = ("image", "audio", "video", "file")


def kind_of_input(declared: Json, options: JsonObject) -> InputKind:
    """Read what an input takes.

    Args:
        declared: The first entry of its spec: a type's name, or the bare list of an old combo.
        options: The second entry, {} when there is none.

    Returns:
        Its kind; a socket for a type nobody knows.
    """
    values = as_array(declared)
    if values is not None:
        return _combo(values, options)
    if not isinstance(declared, str):
        return UnionWidget(())
    if options.get("forceInput") is True:
        return Socket(declared)
    if declared == "COMFY_MATCHTYPE_V3":
        return _match_type(options)
    # An upload under another type is a text of an editor's own that names an uploaded file.
    if declared == "COMBO" or _upload(options):
        return _combo(as_array(options.get("options")), options)
    return _named(declared, options)


def _named(declared: str, options: JsonObject) -> InputKind:
    if "," in declared:
        return _union(declared, options)
    if read := _BY_TYPE.get(declared):
        return read(options)
    if declared in _OPAQUE_TYPES or options.get("socketless") is True:
        return OpaqueWidget(declared)
    return Socket(declared)


def _text_widget(options: JsonObject) -> TextWidget:
    placeholder = options.get("placeholder")
    return TextWidget(
        multiline=options.get("multiline") is True,
        dynamic_prompts=options.get("dynamicPrompts") is True,
        placeholder=placeholder if isinstance(placeholder, str) else "",
    )


def _integer_widget(options: JsonObject) -> IntegerWidget:
    return IntegerWidget(*(_integer(options.get(key)) for key in ("min", "max", "step")))


def _number_widget(options: JsonObject) -> NumberWidget:
    return NumberWidget(*(_number(options.get(key)) for key in ("min", "max", "step")))


def _boolean_widget(_options: JsonObject) -> BooleanWidget:
    return BooleanWidget()


def _anything(_options: JsonObject) -> UnionWidget:
    return UnionWidget(())


_BY_TYPE: Mapping[str, Callable[[JsonObject], InputKind]] = {
    "STRING": _text_widget,
    "INT": _integer_widget,
    "FLOAT": _number_widget,
    "BOOLEAN": _boolean_widget,
    "*": _anything,
}


def _union(declared: str, options: JsonObject) -> InputKind:
    members = tuple(_named(each.strip(), options) for each in declared.split(",") if each.strip())
    if all(isinstance(member, Socket) for member in members):
        return Socket(declared)
    return UnionWidget(members)


def _match_type(options: JsonObject) -> InputKind:
    allowed = (as_object(options.get("template")) or {}).get("allowed_types")
    return _named(allowed if isinstance(allowed, str) else "*", {})


def _combo(values: Sequence[Json] | None, options: JsonObject) -> Combo:
    scalars = None if values is None else tuple(each for each in values if _is_scalar(each))
    folder = options.get("image_folder")
    return Combo(
        options=scalars,
        multiselect=options.get("multiselect") is True,
        upload=_upload(options),
        folder=folder if isinstance(folder, str) else "input",
    )


def _upload(options: JsonObject) -> str:
    return next((each for each in _UPLOADS if options.get(f"{each}_upload") is True), "")


def _is_scalar(value: Json) -> bool:
    return isinstance(value, str | bool | int | float)


def _integer(value: Json) -> int | None:
    if isinstance(value, float):  # some nodes write 1e18; NaN and Infinity are no limits
        return int(value) if math.isfinite(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
