"""The slots of a node as the editor counts them, and which types fit each other.

A bypassed node passes a link on by its slots, so their order matters: first the sockets, then the
widgets, each in the order of the definition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.graph.definitions import (
    Autogrow,
    BooleanWidget,
    Combo,
    Definition,
    Definitions,
    DynamicCombo,
    InputDefinition,
    InputKind,
    IntegerWidget,
    NumberWidget,
    OpaqueWidget,
    Socket,
    TextWidget,
    UnionWidget,
)
from gateway.graph.json_value import Json
from gateway.graph.object_info import input_of
from gateway.graph.prompt import Node

__all__ = [
    "ANY",
    "DefinitionNeeded",
    "definition_of",
    "fits",
    "input_slots",
    "is_required",
    "output_type",
    "type_of_input",
]

ANY = "*"
"""The type that fits every other."""

_MATCHED = "COMFY_MATCHTYPE_V3"  # an output of whatever type its node's input has
_WIDGETS = (
    TextWidget,
    IntegerWidget,
    NumberWidget,
    BooleanWidget,
    Combo,
    OpaqueWidget,
    DynamicCombo,
)


class DefinitionNeeded(LookupError):
    """A node cannot be edited because nothing is known of its class."""

    def __init__(self, class_type: str) -> None:
        super().__init__(class_type)
        self.class_type = class_type


def definition_of(node: Node, definitions: Definitions) -> Definition:
    """Return the definition of a node's class.

    Raises:
        DefinitionNeeded: It is not known.
    """
    known = definitions.get(node.class_type)
    if known is None:
        raise DefinitionNeeded(node.class_type)
    return known


def input_slots(definition: Definition, inputs: Mapping[str, Json]) -> tuple[tuple[str, str], ...]:
    """Return (name, type) of each input slot.

    Args:
        definition: The node's class.
        inputs: The node's present inputs: they tell which children of a dynamic combo and how many
            inputs of a growing one there are.
    """
    slots = list(_flat(definition.inputs, "", inputs))
    sockets = [(name, _type_of(kind)) for name, kind in slots if not isinstance(kind, _WIDGETS)]
    widgets = [(name, _type_of(kind)) for name, kind in slots if isinstance(kind, _WIDGETS)]
    return (*sockets, *widgets)


def type_of_input(definition: Definition, name: str, inputs: Mapping[str, Json]) -> str:
    """Return the type of an input; any for one that the class does not declare."""
    known = input_of(definition, name, inputs)
    return ANY if known is None else _type_of(known.kind)


def output_type(definition: Definition, slot: int) -> str:
    """Return the type of an output slot; any for one that the class does not declare."""
    declared = definition.outputs[slot] if 0 <= slot < len(definition.outputs) else ANY
    return ANY if declared == _MATCHED else declared


def is_required(definition: Definition, name: str, inputs: Mapping[str, Json]) -> bool:
    """Tell whether ComfyUI refuses the node without this input."""
    known = input_of(definition, name, inputs)
    if known is None:
        return False
    head, _, rest = name.partition(".")
    parent = definition.inputs.get(head)
    if rest and parent is not None and isinstance(parent.kind, Autogrow):
        # The first of them, as many as its minimum says, are required.
        grown = parent.kind
        place = grown.names.index(rest) if grown.names else int(rest.removeprefix(grown.prefix))
        return parent.required and place < grown.minimum
    return known.required


def fits(one: str, other: str) -> bool:
    """Tell whether the editor would link these types; a type may list several: `FLOAT,INT`."""
    if ANY in (one, other):
        return True
    return not {each.strip().lower() for each in one.split(",")}.isdisjoint(
        each.strip().lower() for each in other.split(",")
    )


def _flat(
    known: Mapping[str, InputDefinition], prefix: str, inputs: Mapping[str, Json]
) -> Iterator[tuple[str, InputKind]]:
    for name, each in known.items():
        full = prefix + name
        match each.kind:
            case Autogrow(template):
                yield from ((grown, template.kind) for grown in inputs if _is_below(grown, full))
            case DynamicCombo(options):
                yield full, each.kind
                key = inputs.get(full)
                if isinstance(key, str) and key in options:
                    yield from _flat(options[key], f"{full}.", inputs)
            case kind:
                yield full, kind


def _is_below(name: str, parent: str) -> bool:
    return name.startswith(f"{parent}.")


def _type_of(kind: InputKind) -> str:
    match kind:
        case Socket(type_name) | OpaqueWidget(type_name):
            return type_name
        case UnionWidget(members):
            return ",".join(_type_of(each) for each in members) or ANY
        case Autogrow(template):
            return _type_of(template.kind)
        case _:
            return _BY_KIND[type(kind)]


_BY_KIND: Mapping[type[InputKind], str] = {
    TextWidget: "STRING",
    IntegerWidget: "INT",
    NumberWidget: "FLOAT",
    BooleanWidget: "BOOLEAN",
    Combo: "COMBO",
    DynamicCombo: "COMFY_DYNAMICCOMBO_V3",
}
