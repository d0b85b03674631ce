"""A shape and a tree → values, and a finding for everything in the tree that the shape does not allow.

What is wrong is left out of the values, so that the rest of the file is still read and checked.
Knows no key of services.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from gateway.services.closest import closest
from gateway.services.fields import Fields, Group, Key, Named
from gateway.services.findings import Findings
from gateway.services.forms import check_form
from gateway.services.scalar_reading import (
    REPORTED,
    read_json,
    read_scalar,
    report_unfit,
)
from gateway.services.scalar_shapes import AnyJson
from gateway.services.shape import (
    Clash,
    EitherOf,
    ListOf,
    MapOf,
    Record,
    Rule,
    Shape,
)
from gateway.services.tree import Entry, MappingNode, Node, ScalarNode, SequenceNode, to_json

__all__ = ["read", "read_record"]


def read_record(shape: Record, node: Node, findings: Findings) -> Fields | None:
    """Read a whole file.

    Args:
        shape: What the file should be.
        node: Its root.
        findings: Where everything that is not so goes.

    Returns:
        What of it is right, or None when it is no mapping at all.
    """
    value = read(shape, node, "the file", findings)
    return value if isinstance(value, Fields) else None


def read(shape: Shape, node: Node, subject: str, findings: Findings) -> object:
    """Read the value of a node.

    Args:
        shape: What it should be.
        node: The value.
        subject: How findings name it, such as "`slots`".
        findings: Where faults go.

    Returns:
        The value, or REPORTED after a finding.
    """
    if isinstance(shape, EitherOf):
        # Where no part fits the kind of node, the whole is reported below.
        shape = _part_for(shape, node) or shape
    if isinstance(node, ScalarNode):
        return read_scalar(shape, node, subject, findings)
    return _read_collection(shape, node, subject, findings)


def _read_collection(
    shape: Shape, node: SequenceNode | MappingNode, subject: str, findings: Findings
) -> object:
    match shape:
        case Record() if isinstance(node, MappingNode):
            return _read_record(shape, node, findings)
        case MapOf() if isinstance(node, MappingNode) and (node.entries or not shape.filled):
            return _read_map(cast("MapOf[Any]", shape), node, findings)
        case ListOf() if isinstance(node, SequenceNode) and (node.items or not shape.filled):
            return _read_list(cast("ListOf[Any]", shape), node, subject, findings)
        case AnyJson(scalar=False):
            return (
                REPORTED
                if _has_missing(node)
                else read_json(to_json(node), node, subject, findings)
            )
        case _:
            report_unfit(shape, node, subject, findings)
            return REPORTED


def _part_for(shape: EitherOf[Any], node: Node) -> Shape | None:
    match node:
        case ScalarNode():
            return shape.scalar
        case SequenceNode():
            return shape.listing
        case _:
            return shape.mapping


def _has_missing(node: Node) -> bool:
    """Tell whether a variable without a value stands in a value, which has been reported."""
    match node:
        case ScalarNode():
            return node.origin is not None and node.origin.missing
        case SequenceNode():
            return any(_has_missing(item) for item in node.items)
        case _:
            return any(_has_missing(entry.node) for entry in node.entries.values())


# --- collections ----------------------------------------------------------------------------------


def _read_list(
    shape: ListOf[Any], node: SequenceNode, subject: str, findings: Findings
) -> tuple[object, ...]:
    values = (
        read(shape.item, each, f"entry {number} of {subject}", findings)
        for number, each in enumerate(node.items, start=1)
    )
    return tuple(value for value in values if value is not REPORTED)


def _read_map(shape: MapOf[Any], node: MappingNode, findings: Findings) -> Group[object]:
    members: list[Named[object]] = []
    own: Mapping[str, Key[Any]] = shape.own.keys if shape.own else {}
    for name, entry in node.entries.items():
        before = len(findings)
        if shape.names and name not in own:
            check_form(name, shape.names, entry, findings)
        item = own[name].shape if name in own else shape.item
        value = read(item, entry.node, f"`{name}`", findings)
        if value is not REPORTED:
            members.append(Named(name, value, entry.line, entry.column))
        if shape.subject and len(findings) > before:
            findings.attribute(before, **{shape.subject: name})
    if shape.own:
        for name in shape.own.needed:
            if name not in node.entries:
                _report_needed(shape.own, name, node, findings)
    return Group(tuple(members), node.line, node.column)


def _read_record(shape: Record, node: MappingNode, findings: Findings) -> Fields:
    values: dict[str, object] = {}
    for name, entry in node.entries.items():
        key = shape.keys.get(name)
        if key is None:
            _report_unknown(shape, entry, findings)
            continue
        value = read(key.shape, entry.node, f"`{name}`", findings)
        if value is not REPORTED:
            values[name] = value
    for name in shape.needed:
        if name not in node.entries:
            _report_needed(shape, name, node, findings)
    for rule in shape.rules:
        if rule.key is None or rule.key in node.entries:
            _check_rule(shape, rule, node, findings)
    return Fields(node, node.entries, values)


def _report_unknown(shape: Record, entry: Entry, findings: Findings) -> None:
    meant = closest(entry.name, shape.keys)
    findings.add(
        entry,
        code="key-unknown",
        message=f"{shape.noun} has no key `{entry.name}`",
        found=entry.name,
        mend=f"Did you mean `{meant}`?" if meant else f"Its keys are: {', '.join(shape.keys)}.",
    )


def _report_needed(shape: Record, name: str, node: MappingNode, findings: Findings) -> None:
    findings.add(
        node,
        code="key-missing",
        message=f"{shape.noun} needs the key `{name}`",
        mend=f"Add `{name}: {shape.keys[name].sample}`.",
    )


# --- keys that need or exclude each other ---------------------------------------------------------


def _check_rule(shape: Record, rule: Rule, node: MappingNode, findings: Findings) -> None:
    match rule:
        case Clash():
            if _applies(rule, node.entries[rule.key].node):
                _check_clash(rule, node, findings)
        case _:
            if not any(name in node.entries for name in rule.others):
                findings.add(
                    node.entries[rule.key] if rule.key else node,
                    code="key-alone",
                    message=f"{f'`{rule.key}`' if rule.key else shape.noun} needs "
                    f"{' or '.join(f'`{name}`' for name in rule.others)} beside it",
                    mend=rule.mend,
                )


def _applies(rule: Clash, node: Node) -> bool:
    match rule.when:
        case "written":
            return True
        case "true":
            return isinstance(node, ScalarNode) and node.value is True
        case "count":
            return isinstance(node, ScalarNode) and node.value == "count"
        case _:
            return isinstance(node, MappingNode)


def _check_clash(rule: Clash, node: MappingNode, findings: Findings) -> None:
    clashing = [name for name in rule.others if name in node.entries]
    if clashing:
        findings.add(
            node.entries[clashing[0]],
            code="keys-clash",
            message=rule.message,
            found=", ".join((rule.key, *clashing)),
            mend=rule.mend,
        )
