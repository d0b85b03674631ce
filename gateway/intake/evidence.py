"""How much speaks for it that a node of one graph is a node of another: its place, content and id.

The place counts most: whose inputs a node feeds, then where its own come from. Content (values and
title) counts less, because people edit it, and the id least: alone it decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.graph.prompt import Link
from gateway.intake.skeleton import Edge, NodeRecord, Skeleton, consumers_of

__all__ = ["MARGIN", "Evidence", "Pairing"]

MARGIN = 2.0
"""By how much one node must be the better one; more than an id is worth."""

_PLACE, _CONTENT, _ID = 5.0, 3.0, 1.0
_FEEDS, _IS_FED = 2.0, 1.0
_VALUES, _TITLE = 2.0, 1.0
_LEAST = 0.5

# What a neighbour is worth: known to be the same one; the same one beyond a node that came between
# or went; one of the same class; that, beyond; and when no more than the input's name has stayed.
_SAME, _SAME_BEYOND, _ALIKE, _ALIKE_BEYOND, _NAMESAKE = 1.0, 0.8, 0.75, 0.6, 0.5
_BEYOND = {_SAME: _SAME_BEYOND, _ALIKE: _ALIKE_BEYOND}
_OTHER_SLOT = 0.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a pair of nodes of one class.

    Attributes:
        total: From 0 to 9.
        shares: What of it is the same, each from 0 to 1: what it feeds, what feeds it, the title
            if that was its own, its values.
        is_enough: Whether the new node stands where the old one stood, by half at least, and has
            its id, half of its content or a title that no other node of the class had.
    """

    total: float
    shares: tuple[float, float, float, float]
    is_enough: bool

    def refutes(self, other: Evidence, *, same_id: bool) -> bool:
        """Tell whether a rival has in one respect much that the other pair has not.

        Of a node that has kept its id that is only so when the rival has all of its values, and it
        has none of them.
        """
        if same_id:
            return other.shares[-1] == 0 and self.shares[-1] == 1
        pairs = zip(self.shares, other.shares, strict=True)
        return any(share - less >= _LEAST for share, less in pairs)


class Pairing:
    """Two versions of a graph, and which node of the new one is which of the old one, so far.

    Attributes:
        is_lenient: Whether a neighbour of another class may be what its neighbour has become.
        old: The graph as it was.
        new: The graph as it is.
        pairs: Old id → new id.
    """

    def __init__(self, old: Skeleton, new: Skeleton) -> None:
        self.is_lenient = False
        self.old = old
        self.new = new
        self.pairs: dict[str, str] = {}
        self._taken: set[str] = set()
        self._fed_before = consumers_of(old)
        self._fed_now = consumers_of(new)

    def pair(self, old_id: str, new_id: str) -> None:
        """Take a new node for an old one, for good."""
        self.pairs[old_id] = new_id
        self._taken.add(new_id)

    def is_open(self, old_id: str, new_id: str) -> bool:
        """Tell whether neither has been paired."""
        return old_id not in self.pairs and new_id not in self._taken

    def open_before(self) -> list[str]:
        """Return the old nodes that have not been found."""
        return [each for each in self.old if each not in self.pairs]

    def open_now(self) -> list[str]:
        """Return the new nodes that are none of the old ones."""
        return [each for each in self.new if each not in self._taken]

    def is_untouched(self, node_id: str) -> bool:
        """Tell whether both say the same of an id: class, content, and every link with its id."""
        same = self.old[node_id] == self.new.get(node_id)
        return same and self._fed_before[node_id] == self._fed_now[node_id]

    def weigh(self, old_id: str, new_id: str) -> Evidence:
        """Weigh what speaks for a pair of nodes of one class."""
        before, now = self.old[old_id], self.new[new_id]
        feeds, feeds_now = self._fed_before[old_id], self._fed_now[new_id]
        fed = sum(max((self._feeds_same(a, b) for b in feeds_now), default=0.0) for a in feeds)
        came = sum(
            self._comes_from_same(link, now.links[name])
            for name, link in before.links.items()
            if name in now.links
        )
        # That something takes its output now says nothing of a node that fed nothing before.
        fed_share = _shared(fed, len(feeds), len(feeds_now) if feeds else 0)
        came_share = _shared(came, len(before.links), len(now.links))
        same_title, values = float(before.title == now.title), _values(before, now)
        content = (
            same_title
            if values is None
            else (_VALUES * values + _TITLE * same_title) / (_VALUES + _TITLE)
        )
        sides = [(_FEEDS, fed_share), (_IS_FED, came_share)]
        weights = sum(weight for weight, share in sides if share is not None)
        place = (
            sum(weight * (share or 0.0) for weight, share in sides) / weights if weights else 1.0
        )
        total = _PLACE * place + _CONTENT * content + _ID * (old_id == new_id)
        # What a node feeds is what it is for; one that feeds nothing is told by what comes into it.
        stays = fed >= _LEAST * len(feeds) if feeds else came >= _LEAST * len(before.links)
        title = same_title if self._is_own_title(old_id) else 0.0
        known = old_id == new_id or content >= _LEAST or title > 0
        shares = (fed_share or 0.0, came_share or 0.0, title, values or 0.0)
        return Evidence(total, shares, stays and known)

    def _is_own_title(self, old_id: str) -> bool:
        """Tell whether a node had a title that its class does not have and no other node had."""
        node = self.old[old_id]
        titles = [each.title for each in self.old.values()]
        return node.title not in ("", node.class_type) and titles.count(node.title) == 1

    def _feeds_same(self, one: Edge, other: Edge) -> float:
        """Return how much a consumer of the new node is a consumer of the old one."""
        found = self._likeness(one.node_id, other.node_id) if one.input == other.input else 0.0
        came_between = (
            self._likeness(one.node_id, each.node_id)
            for each in self._fed_now[other.node_id]
            if each.input == one.input and self._has_come(other.node_id)
        )
        went = (
            self._likeness(each.node_id, other.node_id)
            for each in self._fed_before[one.node_id]
            if each.input == other.input and self._has_gone(one.node_id)
        )
        return max(found, _beyond(came_between), _beyond(went))

    def _comes_from_same(self, one: Link, other: Link) -> float:
        """Return how much what comes into the new node is what came into the old one."""
        found = self._likeness(one.node_id, other.node_id)
        if one.slot != other.slot:
            found *= _OTHER_SLOT
        came_between = (
            self._likeness(one.node_id, each.node_id)
            for each in self.new[other.node_id].links.values()
            if self._has_come(other.node_id)
        )
        went = (
            self._likeness(each.node_id, other.node_id)
            for each in self.old[one.node_id].links.values()
            if self._has_gone(one.node_id)
        )
        return max(found, _beyond(came_between), _beyond(went))

    def _has_come(self, new_id: str) -> bool:
        return new_id not in self._taken and not self._is_class_kept(new_id)

    def _has_gone(self, old_id: str) -> bool:
        return old_id not in self.pairs and not self._is_class_kept(old_id)

    def _is_class_kept(self, node_id: str) -> bool:
        before, now = self.old.get(node_id), self.new.get(node_id)
        return before is not None and now is not None and before.class_type == now.class_type

    def _likeness(self, old_id: str, new_id: str) -> float:
        if self.pairs.get(old_id) == new_id:
            return _SAME
        if old_id in self.pairs or new_id in self._taken:
            return 0.0  # one of them is known to be another node
        same_class = self.old[old_id].class_type == self.new[new_id].class_type
        if same_class:
            return _ALIKE
        return _NAMESAKE if self.is_lenient else 0.0


def _beyond(likenesses: Iterable[float]) -> float:
    return max((_BEYOND.get(each, 0.0) for each in likenesses), default=0.0)


def _shared(same: float, before: int, now: int) -> float | None:
    return 2 * same / (before + now) if before + now else None


def _values(before: NodeRecord, now: NodeRecord) -> float | None:
    """Return the share of values that are the same, or None where there are none."""
    names = before.values.keys() | now.values.keys()
    same = sum(before.values.get(each) == now.values.get(each) for each in names)
    return same / len(names) if names else None
