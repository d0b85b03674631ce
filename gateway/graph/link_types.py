"""Whether an output may be linked to an input, as ComfyUI's own validation decides it.

Source: ComfyUI comfy_execution/validation.py `validate_node_input`: equal types fit, and so do types
that have a name in common where either lists several; `*` and COMFY_MATCHTYPE_V3 fit anything.
"""

from __future__ import annotations

from collections.abc import Mapping

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

__all__ = ["expected_types", "link_fits"]

_ANYTHING = frozenset({"*", "COMFY_MATCHTYPE_V3"})
_WIDGETS: Mapping[type[InputKind], frozenset[str]] = {
    TextWidget: frozenset({"STRING"}),
    IntegerWidget: frozenset({"INT"}),
    NumberWidget: frozenset({"FLOAT"}),
    BooleanWidget: frozenset({"BOOLEAN"}),
    Combo: frozenset({"COMBO"}),
}


def link_fits(received: str, kind: InputKind) -> bool:
    """Tell whether an output of type `received` may be linked to an input of this kind."""
    expected = expected_types(kind)
    names = _names(received)
    return not expected or bool(names & (_ANYTHING | expected))


def expected_types(kind: InputKind) -> frozenset[str]:
    """Return the names of the types that an input takes; none: anything, or nobody knows."""
    match kind:
        case TextWidget() | IntegerWidget() | NumberWidget() | BooleanWidget() | Combo(upload=""):
            return _WIDGETS[type(kind)]
        case OpaqueWidget(name) | Socket(name):
            names = _names(name)
            return frozenset() if names & _ANYTHING else names
        case UnionWidget(members):
            each = [expected_types(member) for member in members]
            return frozenset[str]().union(*each) if all(each) else frozenset()
        case _:  # what an upload widget, a dynamic combo or a growing input takes has no one name
            return frozenset()


def _names(type_name: str) -> frozenset[str]:
    return frozenset(part.strip() for part in type_name.split(","))
