"""Which node of an edited graph is which node of the graph before: surely so, or not at all.

In this order, each step among the nodes that the ones before left open:

1. Colours: where one node of the old graph and one of the new have the same surroundings and
   content, from the widest surroundings down to the nearest neighbours, they are the same.
2. Evidence: a pair of one class is taken when enough speaks for it and each is by a clear margin
   the best for the other. Every pair taken tells more of its neighbours, so this goes round.
3. Twins: of nodes that nothing else tells apart, one of which the new graph says exactly what the
   old one said, ids of neighbours included, is the one it was; then step 2 again.
4. Exchanged neighbours: a node that kept its id is the one it was, too, if its neighbours of another
   class are what its neighbours have become; then step 2 again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.intake.colours import Colours, colours_of
from gateway.intake.evidence import MARGIN, Evidence, Pairing
from gateway.intake.skeleton import Skeleton

__all__ = ["Alignment", "align"]

_MOST_OF_A_CLASS = 150
"""Nodes of one class that are weighed against each other; more stay unknown, which is safe."""

_Weights = Mapping[str, Mapping[str, Evidence]]


@dataclass(frozen=True, slots=True)
class Alignment:
    """What was found.

    Attributes:
        pairs: Old id → new id, where it is sure.
        likely: Old id that was not found → open nodes of its class, the likeliest first.
    """

    pairs: Mapping[str, str]
    likely: Mapping[str, Sequence[str]]


def align(old: Skeleton, new: Skeleton) -> Alignment:
    """Find the nodes of a graph in an edited version of it."""
    if old == new:
        return Alignment({each: each for each in old}, {})
    pairing = Pairing(old, new)
    _pair_by_colour(pairing)
    while _pair_by_evidence(pairing) or _pair_untouched(pairing) or _pair_leniently(pairing):
        pass
    weights = _weigh_open(pairing)
    return Alignment(pairing.pairs, {each: _ranked(found) for each, found in weights.items()})


def _pair_by_colour(pairing: Pairing) -> None:
    before, now = colours_of(pairing.old), colours_of(pairing.new)
    # The first colours are content alone, without any neighbour: too little to be sure.
    for was, are in zip(before[:0:-1], now[:0:-1], strict=True):
        found = _only_ones(was, are)
        unknown_before = set(pairing.open_before()) - found.keys()
        unknown_now = set(pairing.open_now()) - set(found.values())
        for old_id, new_id in found.items():
            class_type = pairing.old[old_id].class_type
            # Another node that has its id, or whose id it has, and is not told by its colour: then
            # a copy may stand in its place, and the evidence of both is to be weighed.
            doubts = [pairing.new[each].class_type for each in unknown_now & {old_id}]
            doubts += [pairing.old[each].class_type for each in unknown_before & {new_id}]
            if pairing.is_open(old_id, new_id) and class_type not in doubts:
                pairing.pair(old_id, new_id)


def _only_ones(was: Colours, are: Colours) -> dict[str, str]:
    """Return old id → new id of the nodes whose colour is theirs alone in both graphs."""
    once = {colour for colour, number in Counter(was.values()).items() if number == 1}
    once &= {colour for colour, number in Counter(are.values()).items() if number == 1}
    owners = {colour: node_id for node_id, colour in are.items()}
    return {old_id: owners[colour] for old_id, colour in was.items() if colour in once}


def _pair_leniently(pairing: Pairing) -> bool:
    """Pair what has its id and is clear once neighbours may have given way to other classes."""
    pairing.is_lenient = True
    found = _pair_by_evidence(pairing, same_id=True)
    pairing.is_lenient = False
    return found


def _pair_by_evidence(pairing: Pairing, *, same_id: bool = False) -> bool:
    """Pair what is clear now; tell whether anything was."""
    weights = _weigh_open(pairing)
    clear = [
        (old_id, new_id)
        for old_id, found in weights.items()
        if (new_id := _clear_best(old_id, found, weights)) is not None
        and (old_id == new_id or not same_id)
    ]
    for old_id, new_id in clear:
        pairing.pair(old_id, new_id)
    return bool(clear)


def _clear_best(old_id: str, found: Mapping[str, Evidence], weights: _Weights) -> str | None:
    ranked = _ranked(found)
    if not ranked or not found[ranked[0]].is_enough:
        return None
    best = found[ranked[0]]
    for rival in _rivals(old_id, ranked[0], weights):
        if best.total < rival.total + MARGIN or rival.refutes(best, same_id=ranked[0] == old_id):
            return None
    return ranked[0]


def _pair_untouched(pairing: Pairing) -> bool:
    """Pair the nodes of which both graphs say just the same, if nothing else is the likelier one."""
    weights = _weigh_open(pairing)
    same = [
        each
        for each, found in weights.items()
        if each in found
        and found[each].is_enough
        and pairing.is_untouched(each)
        and all(found[each].total > rival.total for rival in _rivals(each, each, weights))
    ]
    for each in same:
        pairing.pair(each, each)
    return bool(same)


def _rivals(old_id: str, new_id: str, weights: _Weights) -> list[Evidence]:
    """Return what speaks for each other pair that one of these two nodes is in."""
    others = [each for node_id, each in weights[old_id].items() if node_id != new_id]
    return others + [
        found[new_id] for node_id, found in weights.items() if node_id != old_id and new_id in found
    ]


def _weigh_open(pairing: Pairing) -> _Weights:
    """Weigh every open old node against every open new one of its class."""
    by_class: dict[str, list[str]] = {}
    for new_id in pairing.open_now():
        by_class.setdefault(pairing.new[new_id].class_type, []).append(new_id)
    open_before = pairing.open_before()
    crowds = Counter(pairing.old[each].class_type for each in open_before)
    weights: dict[str, dict[str, Evidence]] = {}
    for old_id in open_before:
        class_type = pairing.old[old_id].class_type
        fitting = by_class.get(class_type, [])
        few = max(len(fitting), crowds[class_type]) <= _MOST_OF_A_CLASS
        weights[old_id] = {each: pairing.weigh(old_id, each) for each in fitting} if few else {}
    return weights


def _ranked(found: Mapping[str, Evidence]) -> Sequence[str]:
    return sorted(found, key=lambda each: -found[each].total)
