"""Colours of a graph's nodes: alike wherever two nodes stand alike, whatever their ids are.

Colour refinement, after Weisfeiler and Leman: a node's first colour tells what it is and holds, and
each further round adds its neighbours' colours by input and output slot. So the colour after three
rounds tells everything within three links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TypeAlias

from gateway.intake.skeleton import NodeRecord, Skeleton, consumers_of

__all__ = ["Colours", "colours_of", "graph_hash"]

Colours: TypeAlias = Mapping[str, str]
"""Node id → colour."""

_MOST_ROUNDS = 12


def colours_of(skeleton: Skeleton, rounds: int = _MOST_ROUNDS) -> Sequence[Colours]:
    """Return the colours at first and after each round."""
    consumers = consumers_of(skeleton)
    found: list[Colours] = [{node_id: _own(node) for node_id, node in skeleton.items()}]
    for _ in range(rounds):
        now = found[-1]
        found.append(
            {
                node_id: _hashed(
                    now[node_id],
                    sorted(
                        (name, link.slot, now[link.node_id]) for name, link in node.links.items()
                    ),
                    sorted(
                        (each.input, each.slot, now[each.node_id]) for each in consumers[node_id]
                    ),
                )
                for node_id, node in skeleton.items()
            }
        )
    return found


def graph_hash(skeleton: Skeleton) -> str:
    """Return a hash of a graph that neither ids nor order change."""
    return _hashed(sorted(colours_of(skeleton)[-1].values()))


def _own(node: NodeRecord) -> str:
    return _hashed(node.class_type, node.title, sorted(node.links), sorted(node.values.items()))


def _hashed(*parts: object) -> str:
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
