"""Which parameter types a widget takes, and which one it has when the YAML does not say."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.graph.definitions import (
    Autogrow,
    BooleanWidget,
    Combo,
    DynamicCombo,
    InputKind,
    IntegerWidget,
    NumberWidget,
    OpaqueWidget,
    Socket,
    TextWidget,
    UnionWidget,
)
from gateway.graph.json_value import Json
from gateway.services.backend_files import file_type_of
from gateway.services.bound import BoundWidget
from gateway.services.model import ParameterType
from gateway.services.values import type_of_value

__all__ = ["derived_type", "is_link_only", "options_of", "takes_text", "types_taken"]

_Types = tuple[ParameterType, ...]

_FILES: _Types = ("image", "mask", "audio", "video", "file")
_TEXT: _Types = ("string", *_FILES)
# The first is the type a widget has of itself; the others it may be declared as.
_PRIMITIVE: dict[str, _Types] = {
    "STRING": _TEXT,
    "INT": ("integer",),
    "FLOAT": ("number", "integer"),
    "BOOLEAN": ("boolean",),
}
_BY_KIND: dict[type[InputKind], _Types] = {
    TextWidget: _TEXT,
    IntegerWidget: ("integer",),
    NumberWidget: ("number", "integer"),
    BooleanWidget: ("boolean",),
    DynamicCombo: ("string",),
}
_BY_UPLOAD: dict[str, _Types] = {
    "image": ("image", "mask", "file", "string"),
    "audio": ("audio", "video", "file", "string"),
    "video": ("video", "image", "file", "string"),
    "file": ("file", "image", "mask", "audio", "video", "string"),
}
_BY_VALUE: dict[ParameterType, _Types] = {
    "string": _TEXT,
    "integer": ("integer", "number"),
    "number": ("number", "integer"),
    "boolean": ("boolean",),
    "array": ("array",),
    "object": ("object",),
}
_ANY_SCALAR: _Types = ("string", "integer", "number", "boolean")
_BY_OPTIONS: tuple[tuple[set[type], _Types], ...] = (
    ({str}, ("string",)),
    ({bool}, ("boolean",)),
    ({int}, ("integer",)),
    ({int, float}, ("number", "integer")),
)


def derived_type(widget: BoundWidget) -> ParameterType | None:
    """Return the type a widget has of itself; None when neither definition nor value tells."""
    definition = widget.definition
    if definition is None:
        return file_type_of(widget) or type_of_value(widget.current)
    kind = definition.kind
    if known := _BY_KIND.get(type(kind)):
        return known[0]
    taken = _types_of(kind, widget.current)
    own = type_of_value(widget.current)
    if (
        isinstance(kind, UnionWidget | OpaqueWidget)
        and own is not None
        and (own in taken or not taken)
    ):
        # INT,FLOAT holding 8 takes 8.5 as well
        return "number" if own == "integer" and "number" in taken else own
    return taken[0] if taken else own


def types_taken(widget: BoundWidget) -> _Types:
    """Return the types a parameter of this widget may be declared as; () when any will do."""
    if widget.definition is not None:
        return _types_of(widget.definition.kind, widget.current)
    own = type_of_value(widget.current)
    return _BY_VALUE[own] if own is not None else ()


def takes_text(widget: BoundWidget) -> bool:
    """Tell whether free text may be written to a widget, as a template does."""
    if widget.definition is None:
        return isinstance(widget.current, str) and file_type_of(widget) is None
    match widget.definition.kind:
        case TextWidget():
            return True
        case UnionWidget() | Socket():
            taken = types_taken(widget)
            return not taken or "string" in taken
        case _:
            return False


def is_link_only(widget: BoundWidget) -> bool:
    """Tell whether an input takes links only: a socket with no literal that ComfyUI would take."""
    if widget.definition is None or widget.current is not None:
        return False
    match widget.definition.kind:
        case Socket(type_name):
            return type_name not in _PRIMITIVE
        case Autogrow():
            return True
        case _:
            return False


def options_of(widget: BoundWidget) -> tuple[Json, ...] | None:
    """Return the values a widget's definition lists; None when it lists none or names uploads."""
    if widget.definition is None:
        return None
    match widget.definition.kind:
        case Combo(options, upload=""):
            return options
        case DynamicCombo(options):
            return tuple(options)
        case _:
            return None


def _types_of(kind: InputKind, current: Json) -> _Types:
    if known := _BY_KIND.get(type(kind)):
        return known
    if isinstance(kind, Combo):
        return _types_of_combo(kind)
    own = type_of_value(current)
    match kind:
        case UnionWidget(members):
            found: list[ParameterType] = [
                each for member in members for each in _types_of(member, None)
            ]
            return _distinct(found)
        case OpaqueWidget():
            free: list[ParameterType] = ["string", "array", "object"]
            both: list[ParameterType] = [own, *free] if own is not None else free
            return _distinct(both)
        case Socket(type_name) if type_name in _PRIMITIVE:
            return _PRIMITIVE[type_name]
        case _:
            return _BY_VALUE[own] if own is not None else ()


def _distinct(types: Sequence[ParameterType]) -> _Types:
    seen: dict[ParameterType, None] = dict.fromkeys(types)
    return tuple(seen)


def _types_of_combo(combo: Combo) -> _Types:
    if combo.upload:
        return _BY_UPLOAD[combo.upload]
    if combo.multiselect:
        return ("array",)
    classes = set(map(type, combo.options or ("",)))  # lists are long, and of one class mostly
    return next((types for known, types in _BY_OPTIONS if classes <= known), _ANY_SCALAR)
