"""What a graph can do without when some of its nodes are left out: they and the branch behind them.

A node that lacks a required input is bypassed where everything that its outputs feed can be fed by
what it passes on; otherwise it goes as well, and so on. An output node that lacks one goes. An
optional input simply loses its link.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from gateway.graph.cut import Cut, source_of
from gateway.graph.definitions import Definitions
from gateway.graph.prompt import Link, Node, Prompt, link_of
from gateway.graph.slots import definition_of, is_required, type_of_input

__all__ = ["Absence", "absence_of", "runs_for"]


@dataclass(frozen=True, slots=True)
class Absence:
    """What goes when nodes are left out.

    Attributes:
        bypassed: Nodes that pass on what they get.
        gone: The nodes that go, sources first → the input that each lacks; "" for those left out.
    """

    bypassed: frozenset[str]
    gone: Mapping[str, str]

    @property
    def cut(self) -> Cut:
        """The same as what is taken out."""
        return Cut(self.bypassed, frozenset(self.gone))


def absence_of(prompt: Prompt, left_out: frozenset[str], definitions: Definitions) -> Absence:
    """Tell what goes when these nodes do.

    Args:
        prompt: The graph, without circles.
        left_out: Ids; those that are not in the graph are passed over.
        definitions: Of the classes of every node behind them.

    Raises:
        DefinitionNeeded: A class that is needed is not known.
    """
    absence = Absence(frozenset(), {each: "" for each in left_out if each in prompt})
    if not absence.gone:
        return absence
    uses, out = _uses(prompt), absence.cut
    for node_id in _sources_first(prompt):
        node = prompt[node_id]
        lacking = next(_lacking(node, prompt, out, definitions), None)
        if node_id in absence.gone or lacking is None:
            continue
        one_more = absence.bypassed | {node_id}
        bypass = Cut(one_more, out.muted)
        if not definition_of(node, definitions).output_node and _passes(
            uses.get(node_id, ()), prompt, bypass, definitions
        ):
            absence = Absence(one_more, absence.gone)
        else:
            absence = Absence(absence.bypassed, {**absence.gone, node_id: lacking})
        out = absence.cut
    return absence


def runs_for(prompt: Prompt, definitions: Definitions) -> frozenset[str]:
    """Return the nodes that ComfyUI runs: output nodes, and what they need.

    A node of a class nothing is known of may be an output node, and counts as one.
    """
    waiting = [
        node_id
        for node_id, node in prompt.items()
        if (known := definitions.get(node.class_type)) is None or known.output_node
    ]
    found: set[str] = set()
    while waiting:
        node_id = waiting.pop()
        if node_id not in found:
            found.add(node_id)
            waiting.extend(link.node_id for _, link in _links(prompt[node_id]))
    return frozenset(found)


def _lacking(node: Node, prompt: Prompt, out: Cut, definitions: Definitions) -> Iterator[str]:
    gone = out.nodes
    for name, link in _links(node):
        if link.node_id in gone:
            definition = definition_of(node, definitions)
            wanted = type_of_input(definition, name, node.inputs)
            if source_of(link, wanted, prompt, out, definitions) is None and is_required(
                definition, name, node.inputs
            ):
                yield name


def _passes(
    uses: tuple[tuple[str, str, Link], ...] | list[tuple[str, str, Link]],
    prompt: Prompt,
    out: Cut,
    definitions: Definitions,
) -> bool:
    """Tell whether every use of a node's outputs has a source when it is bypassed; none is no use."""
    sources = [
        source_of(
            link,
            type_of_input(definition_of(prompt[user], definitions), name, prompt[user].inputs),
            prompt,
            out,
            definitions,
        )
        for user, name, link in uses
    ]
    return bool(sources) and None not in sources


def _uses(prompt: Prompt) -> Mapping[str, list[tuple[str, str, Link]]]:
    """Return node id → (user, its input, the link) of every use of its outputs."""
    found: dict[str, list[tuple[str, str, Link]]] = {}
    for node_id, node in prompt.items():
        for name, link in _links(node):
            found.setdefault(link.node_id, []).append((node_id, name, link))
    return found


def _sources_first(prompt: Prompt) -> Iterator[str]:
    sorter = TopologicalSorter(
        {node_id: [link.node_id for _, link in _links(node)] for node_id, node in prompt.items()}
    )
    return iter(tuple(sorter.static_order()))


def _links(node: Node) -> list[tuple[str, Link]]:
    found = ((name, link_of(value)) for name, value in node.inputs.items())
    return [(name, link) for name, link in found if link is not None]
