"""Which nodes of a prompt ComfyUI runs: its output nodes, and whatever they need."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.graph.definitions import Definitions
from gateway.graph.prompt import Prompt, link_of

__all__ = ["running_nodes", "upstream_of"]


def running_nodes(prompt: Prompt, definitions: Definitions) -> frozenset[str]:
    """Return the ids of the nodes that may run; one of a class nothing is known of may be an output node."""
    return upstream_of(
        prompt,
        (
            node_id
            for node_id, node in prompt.items()
            if (known := definitions.get(node.class_type)) is None or known.output_node
        ),
    )


def upstream_of(prompt: Prompt, node_ids: Iterable[str]) -> frozenset[str]:
    """Return these nodes and all that they need, directly or through others."""
    found: set[str] = set()
    waiting = [each for each in node_ids if each in prompt]
    while waiting:
        node_id = waiting.pop()
        if node_id in found:
            continue
        found.add(node_id)
        links = (link_of(value) for value in prompt[node_id].inputs.values())
        waiting.extend(
            each.node_id for each in links if each is not None and each.node_id in prompt
        )
    return frozenset(found)
