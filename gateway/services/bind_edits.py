"""What changes the graph's shape: the nodes that choices take out, absent files, repeated nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gateway.errors import Finding, Place
from gateway.graph.cut import Cut
from gateway.graph.definitions import Definition
from gateway.graph.prompt import Node, link_of
from gateway.graph.repeat import carries_of
from gateway.graph.slots import fits, output_type, type_of_input
from gateway.services.bound import BoundAbsence, BoundParameter, BoundRepeat
from gateway.services.closest import closest
from gateway.services.locate import find_node
from gateway.services.model import NodeTarget, Parameter, Removal, Repeat
from gateway.services.parameter_faults import parameter_faults
from gateway.services.surroundings import Surroundings, node_named, ticked
from gateway.services.values import FILE_TYPES

__all__ = ["bind_absence", "bind_removal", "bind_repeat", "definition_needed"]


def bind_removal(removal: Removal, around: Surroundings) -> tuple[Cut, list[Finding]]:
    """Find the nodes that are taken out, and what keeps them from being found."""
    findings: list[Finding] = []
    bypassed = _find_all(removal.bypass, around, findings)
    muted = _find_all(removal.mute, around, findings)
    findings.extend(
        Finding(
            code="edit-shared",
            message=f"node {node_named(node_id, around.prompt[node_id])} is bypassed and muted",
            place=place,
            found=node_id,
            mend="Keep one of the two.",
        )
        for node_id, place in muted.items()
        if node_id in bypassed
    )
    return Cut(frozenset(bypassed), frozenset(muted)), findings


def bind_absence(
    bound: BoundParameter, around: Surroundings
) -> tuple[BoundParameter, list[Finding]]:
    """Find what goes when a file is left out, where the YAML says that something does."""
    parameter = bound.parameter
    if parameter.when_absent is None:
        return bound, []
    if bound.type not in FILE_TYPES:
        return bound, [
            Finding(
                code="when-absent-not-file",
                message=f"only a file that is left out can be absent, and this is of type {bound.type}",
                place=parameter.places.get("when_absent", parameter.place),
                found=bound.type,
                mend="Remove `when_absent`; `choices` can bypass nodes, too.",
            )
        ]
    loaders = frozenset(each.node_id for each in bound.widgets)
    if not isinstance(parameter.when_absent, Removal):
        return replace(bound, absence=BoundAbsence(loaders)), []
    cut, findings = bind_removal(parameter.when_absent, around)
    return replace(bound, absence=BoundAbsence(loaders, cut)), findings


def bind_repeat(
    parameter: Parameter, repeat: Repeat, fields: Sequence[BoundParameter], around: Surroundings
) -> tuple[BoundParameter | None, list[Finding]]:
    """Find the node that a list repeats, and how its chain goes on.

    Args:
        parameter: The list.
        repeat: What it says.
        fields: What an item sets, bound; fewer than were declared when some could not be.
        around: The graph, and what is known of its nodes.
    """
    node_id = find_node(repeat.node.node, around.prompt, repeat.node.place)
    if isinstance(node_id, Finding):
        return None, [node_id]
    findings = [fault for each in fields for fault in _field_faults(each)]
    node = around.prompt[node_id]
    definition = around.definitions.get(node.class_type)
    if definition is None and not repeat.carries:
        return None, [*findings, definition_needed(node.class_type, repeat.node.place)]
    carries = {name: slot for name, slot, _ in repeat.carries}
    findings.extend(
        fault
        for carry in repeat.carries
        for fault in _carry_faults(node_id, node, carry, definition)
    )
    if definition is not None and not repeat.carries:
        carries = carries_of(node, definition)
    if not carries:
        findings.append(_carries_nothing(node_id, node, repeat.node.place))
    bound = BoundRepeat(node_id, carries, tuple(fields), repeat.plain, repeat.max_items)
    complete = len(fields) == len(repeat.fields)
    return BoundParameter(parameter, "array", repeat=bound) if complete else None, findings


def definition_needed(class_type: str, place: Place) -> Finding:
    """Say that a change of the graph's shape needs to know more of a node class."""
    return Finding(
        code="edit-definition-missing",
        message=f"what {class_type} takes and gives is not known, so that links cannot be passed on",
        place=place,
        found=class_type,
        mend="Run `gateway definitions pull`.",
    )


def _find_all(
    targets: Sequence[NodeTarget], around: Surroundings, findings: list[Finding]
) -> Mapping[str, Place]:
    found: dict[str, Place] = {}
    for each in targets:
        node_id = find_node(each.node, around.prompt, each.place)
        if isinstance(node_id, Finding):
            findings.append(node_id)
        else:
            found[node_id] = each.place
    return found


def _field_faults(field: BoundParameter) -> Iterator[Finding]:
    if field.type in FILE_TYPES:
        yield Finding(
            code="item-file",
            message=f"`{field.name}` names {_a(field.type)} file, and items cannot bring files",
            place=field.parameter.place,
            found=field.type,
            mend="Give the file a parameter of its own.",
        )
        return
    yield from parameter_faults(field, ())


def _a(kind: str) -> str:
    return f"an {kind}" if kind in ("image", "audio") else f"a {kind}"


def _carry_faults(
    node_id: str, node: Node, carry: tuple[str, int, Place], definition: Definition | None
) -> Iterator[Finding]:
    name, slot, place = carry
    named = node_named(node_id, node)
    linked = [each for each, value in node.inputs.items() if link_of(value) is not None]
    if name not in linked:
        near = closest(name, linked)
        yield _carry_fault(
            name,
            f"`{name}` is no linked input of node {named}; linked are {ticked(linked) or 'none'}",
            place,
            f"Did you mean `{near}`?" if near else "Name an input that a link goes into.",
        )
    elif definition is None:
        return
    elif slot >= len(definition.outputs):
        yield _carry_fault(
            str(slot),
            f"node {named} has {len(definition.outputs)} output slots, counted from 0, and no {slot}",
            place,
            "Name the slot that the chain goes on from.",
        )
    elif not fits(
        wanted := type_of_input(definition, name, node.inputs), output_type(definition, slot)
    ):
        given = output_type(definition, slot)
        yield _carry_fault(
            str(slot),
            f"`{name}` of node {named} takes {wanted}, and output slot {slot} gives {given}",
            place,
            "Name a slot of the same type.",
        )


def _carry_fault(found: str, message: str, place: Place, mend: str) -> Finding:
    return Finding(
        code="repeat-carry-unknown", message=message, place=place, found=found, mend=mend
    )


def _carries_nothing(node_id: str, node: Node, place: Place) -> Finding:
    return Finding(
        code="repeat-carries-nothing",
        message=f"node {node_named(node_id, node)} has no linked input of the type of one of its "
        "outputs, so that one could feed the next",
        place=place,
        found=node_id,
        mend="Repeat a node that passes on what it gets, such as a LoraLoader.",
    )
