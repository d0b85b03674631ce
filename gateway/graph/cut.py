"""Nodes taken out of a prompt: bypassed ones pass links on as in the editor, muted ones break them.

Which input a bypassed node passes on (the official frontend's rule): the input in the same slot as
the output when its type fits; else the first of exactly the type that is wanted; else the first that
fits. The wanted type is that of the input at the end, through any chain of bypassed nodes. The chosen
input has to be linked: no second one is tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.graph.definitions import Definitions
from gateway.graph.json_value import Json
from gateway.graph.prompt import Link, Node, Prompt, link_of
from gateway.graph.slots import (
    ANY,
    definition_of,
    fits,
    input_slots,
    is_required,
    output_type,
    type_of_input,
)

__all__ = ["Cut", "Lost", "cut", "lost_inputs", "source_of"]


@dataclass(frozen=True, slots=True)
class Cut:
    """What is taken out; a node that is in both is muted.

    Attributes:
        carried: Bypassed node → output slot → the input that it passes on, where that is told.
    """

    bypassed: frozenset[str] = frozenset()
    muted: frozenset[str] = frozenset()
    carried: Mapping[str, Mapping[int, str]] = field(default_factory=dict[str, "Mapping[int, str]"])

    @property
    def nodes(self) -> frozenset[str]:
        """Every node that is taken out."""
        return self.bypassed | self.muted


@dataclass(frozen=True, slots=True)
class Lost:
    """A required input that has no source any more."""

    node_id: str
    input_name: str


def cut(prompt: Prompt, out: Cut, definitions: Definitions) -> Prompt:
    """Return the prompt without some nodes.

    Args:
        prompt: The graph, without circles; it stays as it is.
        out: What is taken out; ids that are not in the graph are passed over.
        definitions: Of the bypassed classes and of those that their links go to.

    Returns:
        A new prompt in the same order, which shares the nodes that nothing changed in. An input
        without a source is not in it any more.

    Raises:
        DefinitionNeeded: A class that is needed is not known.
    """
    gone = out.nodes
    return {
        node_id: _relinked(node, prompt, out, definitions) if _feeds(gone, node) else node
        for node_id, node in prompt.items()
        if node_id not in gone
    }


def source_of(
    link: Link, wanted: str, prompt: Prompt, out: Cut, definitions: Definitions
) -> Link | None:
    """Return where an input of the wanted type gets its value once nodes are out; None: nowhere.

    Raises:
        DefinitionNeeded: A bypassed node's class is not known.
    """
    source: Link | None = link
    gone = out.nodes
    while source is not None and source.node_id in gone:
        if source.node_id in out.muted:
            return None
        node = prompt[source.node_id]
        told = out.carried.get(source.node_id, {})
        name = told.get(source.slot) or _passed_on(node, source.slot, wanted, definitions)
        source = link_of(node.inputs.get(name)) if name else None
    return source


def lost_inputs(before: Prompt, after: Prompt, definitions: Definitions) -> tuple[Lost, ...]:
    """Return the required inputs that nodes had before an edit and lack after it.

    Raises:
        DefinitionNeeded: The class of a node that lost an input is not known.
    """
    return tuple(
        Lost(node_id, name)
        for node_id, node in after.items()
        if node_id in before and node is not before[node_id]
        for name in before[node_id].inputs
        if name not in node.inputs
        and is_required(definition_of(node, definitions), name, before[node_id].inputs)
    )


def _feeds(gone: frozenset[str], node: Node) -> bool:
    """Tell whether some of these nodes feed a node."""
    links = (link_of(value) for value in node.inputs.values())
    return any(link is not None and link.node_id in gone for link in links)


def _relinked(node: Node, prompt: Prompt, out: Cut, definitions: Definitions) -> Node:
    gone = out.nodes
    broken = {
        name: link
        for name, value in node.inputs.items()
        if (link := link_of(value)) is not None and link.node_id in gone
    }
    inputs: dict[str, Json] = {}
    for name, value in node.inputs.items():
        if name not in broken:
            inputs[name] = value
            continue
        link = broken[name]
        # What is muted breaks the link whatever its type.
        wanted = ANY
        if link.node_id not in out.muted:
            wanted = type_of_input(definition_of(node, definitions), name, node.inputs)
        source = source_of(link, wanted, prompt, out, definitions)
        if source is not None:
            inputs[name] = [source.node_id, source.slot]
    return Node(node.class_type, inputs, node.title)


def _passed_on(node: Node, slot: int, wanted: str, definitions: Definitions) -> str | None:
    """Return the input that a bypassed node's output slot passes on."""
    definition = definition_of(node, definitions)
    slots = input_slots(definition, node.inputs)
    same = slots[slot] if 0 <= slot < len(slots) else None
    if wanted == ANY:
        first = same or (slots[0] if slots else None)
        return first[0] if first else None
    given = output_type(definition, slot)
    if same is not None and fits(same[1], given) and fits(same[1], wanted):
        return same[0]
    exact = (name for name, kind in slots if kind == wanted)
    fitting = (name for name, kind in slots if fits(kind, given) and fits(kind, wanted))
    return next(exact, None) or next(fitting, None)
