"""Putting a node's expansion into the graph under ids of its own. Knows no running."""

from __future__ import annotations

from gateway.graph.json_value import Json, as_object
from gateway.graph.prompt import link_of
from gateway.simulator.node import Expansion
from gateway.simulator.queue import Graph

__all__ = ["graft"]


def graft(expansion: Expansion, node_id: str) -> tuple[Graph, tuple[tuple[str, int], ...]]:
    """Return the expansion's nodes under ids such as `1.0.0.2`, and where its slots come from."""
    prefix = f"{node_id}.0.0."
    nodes: Graph = {
        prefix + bare: _renamed(dict(node), prefix) for bare, node in expansion.nodes.items()
    }
    return nodes, tuple((prefix + bare, slot) for bare, slot in expansion.values)


def _renamed(node: dict[str, Json], prefix: str) -> dict[str, Json]:
    inputs = as_object(node.get("inputs")) or {}
    moved: dict[str, Json] = {}
    for name, value in inputs.items():
        link = link_of(value)
        moved[name] = value if link is None else [prefix + link.node_id, link.slot]
    return {**node, "inputs": moved}
