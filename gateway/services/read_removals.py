"""Which nodes an author means, and which are to be taken out of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.errors import Place
from gateway.services.fields import Fields, Group
from gateway.services.findings import Findings
from gateway.services.model import ByClassType, ById, ByTitle, NodeReference, NodeTarget, Removal
from gateway.services.parameter_keys import BYPASS, CLASS_TYPE, MUTE, NODE_TITLE

__all__ = ["node_reference", "removal_of_fields", "removal_of_label"]


def node_reference(value: str | Fields) -> NodeReference:
    """Return which node is meant by an id or a mapping."""
    if isinstance(value, str):
        return ById(value)
    title = value[NODE_TITLE]
    return ByTitle(title) if title is not None else ByClassType(value[CLASS_TYPE] or "")


def removal_of_fields(fields: Fields, findings: Findings) -> Removal:
    """Return what `{bypass: […], mute: […]}` takes out."""
    return Removal(
        _nodes(fields[BYPASS], findings.place(fields.at(BYPASS))),
        _nodes(fields[MUTE], findings.place(fields.at(MUTE))),
    )


def removal_of_label(label: Group[Any], findings: Findings) -> Removal:
    """Return what a label of a map of choices takes out."""
    found: dict[str, tuple[NodeTarget, ...]] = {
        each.name: _nodes(each.value, findings.place(each))
        for each in label.members
        if each.name in (BYPASS.name, MUTE.name)
    }
    return Removal(found.get(BYPASS.name, ()), found.get(MUTE.name, ()))


def _nodes(values: Sequence[str | Fields], place: Place) -> tuple[NodeTarget, ...]:
    return tuple(NodeTarget(node_reference(each), place) for each in values)
