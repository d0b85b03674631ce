"""What a run left, by the names that callers know it by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.services.bound import BoundOutput, BoundService
from gateway.services.model import Kind
from gateway.wire.outputs import LeftItem, kind_of

__all__ = ["NamedItem", "name_items"]


@dataclass(frozen=True, slots=True)
class NamedItem:
    """One thing a run left.

    Attributes:
        index: Its place, from 0, in what its node left (of the rule's kind, where that says one).
    """

    name: str
    index: int
    kind: Kind
    item: LeftItem


def name_items(
    bound: BoundService, items: Sequence[LeftItem], parents: Mapping[str, str]
) -> tuple[NamedItem, ...]:
    """Name everything a run left; nothing is dropped.

    Args:
        bound: The service.
        items: In any order: ComfyUI's own is not stable.
        parents: Ephemeral id of an expanded node → the graph's node it stands for.

    Returns:
        Named items first, in the order of the YAML; then the others as `node_<id>`, in graph order.
    """
    by_node = _by_node(bound, items, parents)
    named: list[NamedItem] = []
    taken: set[int] = set()  # identities: two files may be equal as values
    for rule in bound.outputs:
        fitting = [each for each in by_node.get(rule.node_id, ()) if _fits(rule, each)]
        for index, item in enumerate(fitting):
            if id(item) not in taken and rule.index in (None, index):
                taken.add(id(item))
                named.append(NamedItem(rule.name, index, rule.kind or kind_of(item), item))
    for node_id, left in by_node.items():
        named.extend(
            NamedItem(f"node_{node_id}", index, kind_of(item), item)
            for index, item in enumerate(left)
            if id(item) not in taken
        )
    return tuple(named)


def _fits(rule: BoundOutput, item: LeftItem) -> bool:
    """A file of a kind that its name does not tell is of the kind that the YAML says."""
    kind = kind_of(item)
    return rule.kind in (None, kind) or (kind == "file" and rule.kind != "text")


def _by_node(
    bound: BoundService, items: Sequence[LeftItem], parents: Mapping[str, str]
) -> dict[str, list[LeftItem]]:
    found: dict[str, list[LeftItem]] = {}
    for item in items:
        found.setdefault(_owner(bound, item.node_id, parents), []).append(item)
    in_graph = {node_id: found.pop(node_id) for node_id in bound.prompt if node_id in found}
    return {**in_graph, **found}


def _owner(bound: BoundService, node_id: str, parents: Mapping[str, str]) -> str:
    """Return the graph's node that an item belongs to, when there is one."""
    parent = parents.get(node_id, node_id)
    if parent in bound.prompt:
        return parent
    first = parent.partition(".")[0]  # `1.0.0.2` came out of node 1 when it was expanded
    return first if first in bound.prompt else parent
