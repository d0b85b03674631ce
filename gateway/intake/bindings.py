"""Every place in a service that names a node of its graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, assert_never

from gateway.errors import Place
from gateway.graph.prompt import Prompt
from gateway.services.model import (
    ByClassType,
    ById,
    ByTitle,
    NodeReference,
    NodeTarget,
    OutputRule,
    Parameter,
    Removal,
    Repeat,
    Service,
    ShortTarget,
    Target,
    WidgetTarget,
)

__all__ = [
    "Binding",
    "BindingKey",
    "Reference",
    "Section",
    "bindings_of",
    "nodes_meant",
    "rebound",
]

Section = Literal["parameters", "outputs"]
Reference: TypeAlias = NodeReference | ShortTarget

BindingKey: TypeAlias = tuple[Section, str, str]
"""Section, name of the parameter or output, and what is bound as text: `6.text`, `{title: X}.text`, of a
whole node `node 6` or `{title: X}`; of an output `6`."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One place that names a node.

    Attributes:
        key: Tells it from every other binding of its service; where two say the same, they are one.
        reference: Which node; a short form names node and widget in one.
    """

    key: BindingKey
    reference: Reference
    place: Place


def bindings_of(service: Service) -> Iterator[Binding]:
    """Yield every binding of a service, in the file's order."""
    for parameter in service.parameters:
        for target in _widgets(parameter):
            reference = target if isinstance(target, ShortTarget) else target.node
            yield Binding(_target_key(parameter, target), reference, target.place)
        for whole in _whole_nodes(parameter):
            yield Binding(_node_key(parameter, whole), whole.node, whole.place)
    for rule in service.outputs:
        yield Binding(_output_key(rule), rule.node, rule.place)


def nodes_meant(reference: Reference, prompt: Prompt) -> tuple[str, ...]:
    """Return the ids of all nodes that a reference means as it is written; one is as it should be."""
    match reference:
        case ById(node_id):
            return (node_id,) if node_id in prompt else ()
        case ByTitle(title):
            return tuple(each for each, node in prompt.items() if node.title == title)
        case ByClassType(class_type):
            return tuple(each for each, node in prompt.items() if node.class_type == class_type)
        case ShortTarget(path):
            dots = (at for at in range(len(path) - 1, 0, -1) if path[at] == ".")
            return tuple(path[:at] for at in dots if path[:at] in prompt)[:1]
        case _:
            assert_never(reference)


def rebound(service: Service, moves: Mapping[BindingKey, tuple[str, str]]) -> Service:
    """Return a service some of whose bindings name other nodes.

    Args:
        service: As declared.
        moves: Binding → the id that its node had, and the one it has.
    """
    return replace(
        service,
        parameters=tuple(_parameter(each, moves) for each in service.parameters),
        outputs=tuple(
            replace(rule, node=ById(moves[key][1])) if (key := _output_key(rule)) in moves else rule
            for rule in service.outputs
        ),
    )


def _widgets(parameter: Parameter) -> Iterator[Target]:
    """Yield the targets of a parameter; those of its items go with the node that is repeated."""
    yield from parameter.targets
    for choice in parameter.choice_map:
        yield from (target for target, _ in choice.settings)


def _whole_nodes(parameter: Parameter) -> Iterator[NodeTarget]:
    """Yield the nodes that a parameter takes out or repeats."""
    removals = [each.removal for each in parameter.choice_map]
    if isinstance(parameter.when_absent, Removal):
        removals.append(parameter.when_absent)
    for removal in removals:
        yield from (*removal.bypass, *removal.mute)
    if parameter.repeat is not None:
        yield parameter.repeat.node


def _parameter(parameter: Parameter, moves: Mapping[BindingKey, tuple[str, str]]) -> Parameter:
    moving = _Moving(parameter, moves)
    absent = parameter.when_absent
    return replace(
        parameter,
        targets=tuple(moving.target(each) for each in parameter.targets),
        choice_map=tuple(
            replace(
                each,
                settings=tuple((moving.target(target), value) for target, value in each.settings),
                removal=moving.removal(each.removal),
            )
            for each in parameter.choice_map
        ),
        when_absent=moving.removal(absent) if isinstance(absent, Removal) else absent,
        repeat=parameter.repeat and moving.repeat(parameter.repeat),
    )


@dataclass(frozen=True, slots=True)
class _Moving:
    """What a parameter names, where it is now."""

    parameter: Parameter
    moves: Mapping[BindingKey, tuple[str, str]]

    def target(self, target: Target) -> Target:
        key = _target_key(self.parameter, target)
        if key not in self.moves:
            return target
        before, now = self.moves[key]
        if isinstance(target, ShortTarget):
            return WidgetTarget(ById(now), target.path[len(before) + 1 :], target.place)
        return replace(target, node=ById(now))

    def removal(self, removal: Removal) -> Removal:
        return Removal(
            tuple(self.node(each) for each in removal.bypass),
            tuple(self.node(each) for each in removal.mute),
        )

    def repeat(self, repeat: Repeat) -> Repeat:
        node = self.node(repeat.node)
        if node is repeat.node:
            return repeat
        fields = (
            replace(each, targets=tuple(_at(node.node, target) for target in each.targets))
            for each in repeat.fields
        )
        return replace(repeat, node=node, fields=tuple(fields))

    def node(self, target: NodeTarget) -> NodeTarget:
        key = _node_key(self.parameter, target)
        return replace(target, node=ById(self.moves[key][1])) if key in self.moves else target


def _at(node: NodeReference, target: Target) -> Target:
    return target if isinstance(target, ShortTarget) else replace(target, node=node)


def _target_key(parameter: Parameter, target: Target) -> BindingKey:
    if isinstance(target, ShortTarget):
        return ("parameters", parameter.name, target.path)
    return ("parameters", parameter.name, f"{_node_text(target.node)}.{target.widget}")


def _node_key(parameter: Parameter, target: NodeTarget) -> BindingKey:
    reference = target.node
    text = f"node {reference.id}" if isinstance(reference, ById) else _node_text(reference)
    return ("parameters", parameter.name, text)


def _output_key(rule: OutputRule) -> BindingKey:
    return ("outputs", rule.name, _node_text(rule.node))


def _node_text(reference: NodeReference) -> str:
    match reference:
        case ById(node_id):
            return node_id
        case ByTitle(title):
            return f"{{title: {title}}}"
        case ByClassType(class_type):
            return f"{{class_type: {class_type}}}"
        case _:
            assert_never(reference)
