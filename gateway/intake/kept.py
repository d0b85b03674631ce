"""Nodes that have surely stayed what they were: by their ids, and the ids of what they are linked to.

One id alone says little. An id whose neighbours have kept theirs as well says much: where a graph was
renumbered, that does not happen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from gateway.graph.prompt import Link
from gateway.intake.evidence import LEAST, content_kept
from gateway.intake.skeleton import Edge, NodeRecord, Skeleton, consumers_of

__all__ = ["kept_ids"]

_Edges: TypeAlias = tuple[set[Edge], set[tuple[str, Link]]]
"""Who consumes a node's outputs, and where its inputs come from."""


def kept_ids(old: Skeleton, new: Skeleton, told: Mapping[str, str]) -> tuple[str, ...]:
    """Return the ids whose nodes are surely the same in both graphs.

    Args:
        old: The graph as it was.
        new: The graph as it is.
        told: New id → old id, wherever surroundings tell so. Such a node is not what its id was.
    """
    kept = _Kept(old, new)
    return tuple(
        each
        for each, node in old.items()
        if each in new
        and node.class_type == new[each].class_type
        and told.get(each, each) == each
        and (kept.is_in_place(each) or kept.is_bereft(each))
    )


class _Kept:
    """Two versions of a graph, whose ids are taken to mean the same."""

    def __init__(self, old: Skeleton, new: Skeleton) -> None:
        self._old = old
        self._new = new
        self._of_class = _by_class(old), _by_class(new)
        self._before = _edges_of(old)
        self._now = _edges_of(new)

    def is_in_place(self, node_id: str) -> bool:
        """Tell whether a node kept most of its neighbours, and most of its content or all of them."""
        content = content_kept(self._old[node_id], self._new[node_id])
        halves = [
            (was, was & now)
            for was, now in zip(self._before[node_id], self._now[node_id], strict=True)
            if was
        ]
        is_untouched = all(was == kept for was, kept in halves)
        return (
            bool(halves)
            and all(len(kept) >= LEAST * len(was) for was, kept in halves)
            and (is_untouched or content >= LEAST)
            and not self._has_exchanged(node_id)
        )

    def is_bereft(self, node_id: str) -> bool:
        """Tell whether a node is what it was, but for neighbours that it lost to no other one."""
        was, now = self._old[node_id], self._new[node_id]
        (fed, came), (fed_now, came_now) = self._before[node_id], self._now[node_id]
        is_telling = bool(now.values or fed_now or came_now)
        has_gained = not (fed_now <= fed and came_now <= came)
        if has_gained or not is_telling or (was.title, was.values) != (now.title, now.values):
            return False
        return not any(
            self._has_come_to(each, node_id)
            for each in self._of_class[1][was.class_type]
            if each != node_id
        )

    def _has_come_to(self, other: str, node_id: str) -> bool:
        """Tell whether another node feeds now what one fed, and did not; of an end, what comes into it."""
        side = 0 if self._before[node_id][0] else 1
        before = self._before[other][side] if other in self._before else set[object]()
        return bool((self._now[other][side] - before) & self._before[node_id][side])

    def _has_exchanged(self, node_id: str) -> bool:
        """Tell whether a node's values or title are what another one gave up, or have gone to one.

        What has them now counts only if it is linked as this one was, or nothing of them is left here.
        """
        was, now = self._old[node_id], self._new[node_id]
        is_bare = content_kept(was, now) == 0
        before, after = (nodes[was.class_type] for nodes in self._of_class)
        parts = [part for part in (_values, _title) if part(was) != part(now)]
        return any(
            any(part(self._old[each]) == part(now) != part(self._new.get(each)) for each in before)
            or any(
                part(self._new[each]) == part(was) != part(self._old.get(each))
                and (is_bare or self._is_linked_alike(each, node_id))
                for each in after
            )
            for part in parts
        )

    def _is_linked_alike(self, new_id: str, old_id: str) -> bool:
        return any(a & b for a, b in zip(self._now[new_id], self._before[old_id], strict=True))


def _edges_of(skeleton: Skeleton) -> Mapping[str, _Edges]:
    fed = consumers_of(skeleton)
    return {each: (set(fed[each]), set(node.links.items())) for each, node in skeleton.items()}


def _by_class(skeleton: Skeleton) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node_id, node in skeleton.items():
        found.setdefault(node.class_type, []).append(node_id)
    return found


def _values(node: NodeRecord | None) -> object:
    return node and (node.class_type, node.values)


def _title(node: NodeRecord | None) -> object:
    return node and (node.class_type, node.title)
