"""How much speaks for it that a node of one graph is a node of another: its place, content and id.

The place counts most: whose inputs a node feeds, then where its own come from. Content (values and
title) counts less, because people edit it, and the id least: alone it decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gateway.graph.prompt import Link
from gateway.intake.skeleton import Edge, NodeRecord, Skeleton, consumers_of

__all__ = ["LEAST", "MARGIN", "MOST_OF_A_CLASS", "Evidence", "Pairing", "content_kept"]

MARGIN = 2.0
"""By how much one node must be the better one; more than an id is worth."""

MOST_OF_A_CLASS = 150
"""Nodes of one class that are weighed against each other; more stay unknown, which is safe."""

_PLACE, _CONTENT, _ID = 5.0, 3.0, 1.0
_FEEDS, _IS_FED = 2.0, 1.0
_VALUES, _TITLE = 2.0, 1.0
LEAST = 0.5
"""What share of a node has to be what it was."""

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
            its id, half of its content, a title that no other node had, or its neighbours
            where it holds no values and neither graph has another node of its class.
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
        return any(share - less >= LEAST for share, less in pairs)


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
        self._refuted: set[tuple[str, str]] = set()
        self._classes = tuple(
            Counter(each.class_type for each in graph.values()) for graph in (old, new)
        )
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

    def open_by_class(self) -> Mapping[str, tuple[list[str], list[str]]]:
        """Return class → the old nodes and the new ones that have not been paired."""
        found: dict[str, tuple[list[str], list[str]]] = {}
        for old_id in self.open_before():
            found.setdefault(self.old[old_id].class_type, ([], []))[0].append(old_id)
        for new_id in self.open_now():
            found.setdefault(self.new[new_id].class_type, ([], []))[1].append(new_id)
        return found

    def is_possible(self, old_id: str, new_id: str) -> bool:
        """Tell whether nothing that is known of their neighbours speaks against a pair of open nodes."""
        return self.is_open(old_id, new_id) and (old_id, new_id) not in self._refuted

    def refute(self) -> None:
        """Rule out the pairs of open nodes whose neighbours are known to be others.

        So a copy that was put beside its original is told from it, however far from what is known.
        """
        if not self.pairs:
            return
        open_pairs = {
            (old_id, new_id)
            for before, now in self.open_by_class().values()
            if max(len(before), len(now)) <= MOST_OF_A_CLASS
            for old_id in before
            for new_id in now
            if old_id != new_id
        } - self._refuted
        while found := {pair for pair in open_pairs if self._has_other_neighbours(*pair)}:
            self._refuted |= found
            open_pairs -= found

    def _has_other_neighbours(self, old_id: str, new_id: str) -> bool:
        """Tell whether all that is known of a node's neighbours, of those it feeds first, is other."""
        now, fed_now = self.new[new_id].links, self._fed_now[new_id]
        feeds: list[float] = []
        for edge in self._fed_before[old_id]:
            same = max((self._feeds_same(edge, each) for each in fed_now), default=0.0)
            met = {(edge.node_id, each.node_id) for each in fed_now if each.input == edge.input}
            if edge.node_id in self.pairs or (same == 0 and met & self._refuted):
                feeds.append(same)
        comes: list[float] = []
        for name, link in self.old[old_id].links.items():
            same = self._comes_from_same(link, now[name]) if name in now else 0.0
            is_refuted = name in now and (link.node_id, now[name].node_id) in self._refuted
            if link.node_id in self.pairs or (same == 0 and is_refuted):
                comes.append(same)
        telling = feeds or comes
        return bool(telling) and not any(telling)

    def is_bereft(self, node_id: str) -> bool:
        """Tell whether a node of both graphs is what it was, but for neighbours that it has lost."""
        before, now = self.old[node_id], self.new.get(node_id)
        if now is None or now.class_type != before.class_type or content_kept(before, now) < 1:
            return False
        comes = (
            name in before.links and self._comes_from_same(before.links[name], link) > 0
            for name, link in now.links.items()
        )
        feeds = (
            any(self._feeds_same(a, each) > 0 for a in self._fed_before[node_id])
            for each in self._fed_now[node_id]
        )
        return all(comes) and all(feeds)

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
        content = content_kept(before, now)
        sides = [(_FEEDS, fed_share), (_IS_FED, came_share)]
        weights = sum(weight for weight, share in sides if share is not None)
        place = (
            sum(weight * (share or 0.0) for weight, share in sides) / weights if weights else 1.0
        )
        total = _PLACE * place + _CONTENT * content + _ID * (old_id == new_id)
        # What a node feeds is what it is for; one that feeds nothing is told by what comes into it.
        stays = fed >= LEAST * len(feeds) if feeds else came >= LEAST * len(before.links)
        title = same_title if self._is_own_title(old_id) else 0.0
        is_there = bool(weights) and all(share is None or share >= _ALIKE for _, share in sides)
        known = (
            old_id == new_id
            or content >= LEAST
            or title > 0
            or (is_there and values is None and self._is_only_one(old_id, new_id))
        )
        shares = (fed_share or 0.0, came_share or 0.0, title, values or 0.0)
        is_refuted = (old_id, new_id) in self._refuted
        return Evidence(total, shares, stays and known and not is_refuted)

    def _is_only_one(self, old_id: str, new_id: str) -> bool:
        """Tell whether two nodes are the only ones of their class, and feed and take the same inputs."""
        class_type = self.old[old_id].class_type
        feeds, feeds_now = self._fed_before[old_id], self._fed_now[new_id]
        return (
            all(classes[class_type] == 1 for classes in self._classes)
            and self.old[old_id].links.keys() == self.new[new_id].links.keys()
            and {each[1:] for each in feeds} == {each[1:] for each in feeds_now}
        )

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
        if (old_id, new_id) in self._refuted:
            return 0.0
        if self.old[old_id].class_type == self.new[new_id].class_type:
            return _ALIKE
        return _NAMESAKE if self.is_lenient else 0.0


def content_kept(before: NodeRecord, now: NodeRecord) -> float:
    """Return how much of a node's values and title is what it was, from 0 to 1."""
    same_title, values = float(before.title == now.title), _values(before, now)
    if values is None:
        return same_title
    return (_VALUES * values + _TITLE * same_title) / (_VALUES + _TITLE)


def _beyond(likenesses: Iterable[float]) -> float:
    return max((_BEYOND.get(each, 0.0) for each in likenesses), default=0.0)


def _shared(same: float, before: int, now: int) -> float | None:
    return 2 * same / (before + now) if before + now else None


def _values(before: NodeRecord, now: NodeRecord) -> float | None:
    """Return the share of values that are the same, or None where there are none."""
    names = before.values.keys() | now.values.keys()
    same = sum(before.values.get(each) == now.values.get(each) for each in names)
    return same / len(names) if names else None
