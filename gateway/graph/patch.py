"""Set widgets in a copy of a prompt; a link is never overwritten, the prompt never changed.

ComfyUI reads any list as a link (execution.py); a literal list is sent as `{"__value__": [...]}`.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.graph.json_value import Json, as_array, as_object
from gateway.graph.prompt import Node, Prompt, link_of

__all__ = ["patch", "unwrapped", "wrapped"]

_WRAP = "__value__"


def patch(prompt: Prompt, changes: Mapping[tuple[str, str], Json]) -> Prompt:
    """Return the prompt with widgets set.

    Args:
        prompt: The graph; it stays as it is.
        changes: (node id, widget) → value; literal lists as they are, they are wrapped here.

    Returns:
        A new prompt in the same order, which shares the nodes that nothing was set in.

    Raises:
        ValueError: A change names a node that is not there, or an input that is a link.
    """
    changed: dict[str, dict[str, Json]] = {}
    for (node_id, widget), value in changes.items():
        node = prompt.get(node_id)
        if node is None:
            raise ValueError(f"node {node_id} is not in the graph")
        link = link_of(node.inputs.get(widget))
        if link is not None:
            raise ValueError(
                f"input `{widget}` of node {node_id} is a link to node {link.node_id}, "
                f"output {link.slot}; a link is never overwritten"
            )
        changed.setdefault(node_id, dict(node.inputs))[widget] = wrapped(value)
    return {
        node_id: Node(node.class_type, changed[node_id], node.title) if node_id in changed else node
        for node_id, node in prompt.items()
    }


def wrapped(value: Json) -> Json:
    """Return a literal as a graph holds it.

    An object that has a `__value__` key of its own is wrapped too, or ComfyUI would unwrap it.
    """
    if as_array(value) is not None or isinstance(value, tuple):
        return {_WRAP: value}
    fields = as_object(value)
    return {_WRAP: value} if fields is not None and _WRAP in fields else value


def unwrapped(value: Json) -> Json:
    """Return the literal that a graph's input holds."""
    fields = as_object(value)
    return fields[_WRAP] if fields is not None and _WRAP in fields else value
