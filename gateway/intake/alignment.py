"""Which node of an edited graph is which node of the graph before: surely so, or not at all.

In this order, each step among the nodes that the ones before left open:

1. Ids: what kept its id and its neighbours by theirs has stayed what it was, unless its surroundings
   or its content are another one's. What cannot be for that is ruled out, link by link.
2. Colours: where one node of the old graph and one of the new have the same surroundings and
   content, from the widest surroundings down to the nearest neighbours, they are the same.
3. Evidence: a pair of one class is taken when enough speaks for it and each is by a clear margin
   the best for the other. Every pair taken tells more of its neighbours, so this goes round.
4. Exchanged neighbours: a node that kept its id is the one it was, too, if its neighbours of another
   class are what its neighbours have become; then step 3 again.
5. Lost neighbours: a node that kept its id and content is the one it was, too, if it only lost
   neighbours and no other one took its place; then step 3 again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.intake.colours import Colours, colours_of
from gateway.intake.evidence import MARGIN, MOST_OF_A_CLASS, Evidence, Pairing
from gateway.intake.kept import kept_ids
from gateway.intake.skeleton import NodeRecord, Skeleton

__all__ = ["Alignment", "align"]

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
    surroundings = colours_of(old), colours_of(new)
    rounds = _told(*surroundings)
    told = _widest(rounds, _told(colours_of(_bare(old)), colours_of(_bare(new))))
    for each in kept_ids(old, new, told):
        pairing.pair(each, each)
    pairing.refute()
    copied = _copied(surroundings[0][0], surroundings[1][0])
    for found in rounds:
        sure = {
            was: now
            for was, now in found.items()
            if told[now] == was and (was == now or was not in copied)
        }
        _pair_by_colour(pairing, sure)
    while _pair_by_evidence(pairing) or _pair_leniently(pairing) or _pair_bereft(pairing):
        pass
    weights = _weigh_open(pairing)
    return Alignment(pairing.pairs, {each: _ranked(found) for each, found in weights.items()})


def _told(before: Sequence[Colours], now: Sequence[Colours]) -> list[Mapping[str, str]]:
    """Return old id → new id of what each round of colours tells, the widest first."""
    # The first colours are content alone, without any neighbour: too little to be sure.
    return [_only_ones(was, are) for was, are in zip(before[:0:-1], now[:0:-1], strict=True)]


def _widest(*told: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """Return new id → old id as the widest surroundings tell, by the first of those that tell it."""
    found: dict[str, str] = {}
    for rounds in zip(*told, strict=True):
        for pairs in rounds:
            for old_id, new_id in pairs.items():
                found.setdefault(new_id, old_id)
    return found


def _bare(skeleton: Skeleton) -> Skeleton:
    """Return a graph without what people write into it: only its classes and links."""
    return {each: NodeRecord(node.class_type, "", node.links) for each, node in skeleton.items()}


def _copied(before: Colours, now: Colours) -> frozenset[str]:
    """Return the old nodes whose content more nodes have now: which is the original, ids must tell."""
    were, are = Counter(before.values()), Counter(now.values())
    return frozenset(each for each, colour in before.items() if are[colour] > were[colour])


def _pair_by_colour(pairing: Pairing, found: Mapping[str, str]) -> None:
    unknown_before = set(pairing.open_before()) - found.keys()
    unknown_now = set(pairing.open_now()) - set(found.values())
    for old_id, new_id in found.items():
        class_type = pairing.old[old_id].class_type
        # Another node that has its id, or whose id it has, and is not told by its colour: then
        # a copy may stand in its place, and the evidence of both is to be weighed.
        doubts = [pairing.new[each].class_type for each in unknown_now & {old_id}]
        doubts += [pairing.old[each].class_type for each in unknown_before & {new_id}]
        if pairing.is_possible(old_id, new_id) and class_type not in doubts:
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
    clear = {
        old_id: new_id
        for old_id, found in weights.items()
        if (new_id := _clear_best(old_id, found, weights)) is not None
        and (old_id == new_id or not same_id)
    }
    found = _explained(clear, pairing)
    for old_id, new_id in found.items():
        pairing.pair(old_id, new_id)
    return bool(found)


def _explained(clear: Mapping[str, str], pairing: Pairing) -> Mapping[str, str]:
    """Leave out what would have moved from an id that a like node has now, which is nobody else."""
    found = dict(clear)
    while doubtful := {
        old_id
        for old_id, new_id in found.items()
        if old_id != new_id
        and pairing.is_open(old_id, old_id)
        and old_id not in found.values()
        and old_id in pairing.new
        and pairing.new[old_id].class_type == pairing.old[old_id].class_type
    }:
        found = {old_id: new_id for old_id, new_id in found.items() if old_id not in doubtful}
    return found


def _clear_best(old_id: str, found: Mapping[str, Evidence], weights: _Weights) -> str | None:
    ranked = _ranked(found)
    if not ranked or not found[ranked[0]].is_enough:
        return None
    best = found[ranked[0]]
    for rival in _rivals(old_id, ranked[0], weights):
        if best.total < rival.total + MARGIN or rival.refutes(best, same_id=ranked[0] == old_id):
            return None
    return ranked[0]


def _pair_bereft(pairing: Pairing) -> bool:
    """Pair what kept its id and content and only lost neighbours, if nothing else took its place."""
    weights = _weigh_open(pairing)
    bereft = [
        each
        for each, found in weights.items()
        if each in found
        and pairing.is_bereft(each)
        and not any(rival.is_enough for rival in _rivals(each, each, weights))
    ]
    for each in bereft:
        pairing.pair(each, each)
    return bool(bereft)


def _rivals(old_id: str, new_id: str, weights: _Weights) -> list[Evidence]:
    """Return what speaks for each other pair that one of these two nodes is in."""
    others = [each for node_id, each in weights[old_id].items() if node_id != new_id]
    return others + [
        found[new_id] for node_id, found in weights.items() if node_id != old_id and new_id in found
    ]


def _weigh_open(pairing: Pairing) -> _Weights:
    """Weigh every open old node against every open new one of its class."""
    pairing.refute()
    weights: dict[str, dict[str, Evidence]] = {}
    for before, now in pairing.open_by_class().values():
        few = max(len(before), len(now)) <= MOST_OF_A_CLASS
        for old_id in before:
            weights[old_id] = {each: pairing.weigh(old_id, each) for each in now} if few else {}
    return weights


def _ranked(found: Mapping[str, Evidence]) -> Sequence[str]:
    return sorted(found, key=lambda each: -found[each].total)
