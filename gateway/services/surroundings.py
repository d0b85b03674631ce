"""What a binding is looked up in, and how nodes are named to people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.graph.definitions import Autogrow, Definitions, Socket
from gateway.graph.naming import node_named
from gateway.graph.prompt import Prompt, link_of
from gateway.services.model import Parameter

__all__ = ["Surroundings", "nodes_named", "ticked", "widgets_of"]

_LISTED = 12


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a binding is looked up in: a graph, the node definitions known, the service's parameters."""

    prompt: Prompt
    definitions: Definitions
    parameters: tuple[Parameter, ...] = ()


def nodes_named(ids: Iterable[str], prompt: Prompt) -> str:
    """Return some nodes' names for people, the first dozen of many."""
    named = [node_named(each, prompt[each]) for each in ids]
    rest = len(named) - _LISTED
    return ", ".join(named[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")


def ticked(names: Sequence[str]) -> str:
    """Return names for people: `` `a`, `b` ``."""
    return ", ".join(f"`{each}`" for each in names)


def widgets_of(node_id: str, around: Surroundings) -> list[str]:
    """Return the names of a node's widgets: those in the graph, then those only its definition has."""
    node = around.prompt[node_id]
    names = [name for name, value in node.inputs.items() if link_of(value) is None]
    definition = around.definitions.get(node.class_type)
    known = definition.inputs.items() if definition else ()
    names.extend(
        name
        for name, each in known
        if name not in node.inputs and not isinstance(each.kind, Socket | Autogrow)
    )
    return names
