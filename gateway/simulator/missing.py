"""Refusals of a whole prompt: the `error` object, and a class that is not installed."""

from __future__ import annotations

from gateway.graph.json_value import JsonObject, as_object
from gateway.simulator.machine import Machine

__all__ = ["failure", "missing_node"]


def failure(
    kind: str, message: str, details: str = "", extra: JsonObject | None = None
) -> JsonObject:
    """Return the `error` object of an answer."""
    return {"type": kind, "message": message, "details": details, "extra_info": extra or {}}


def missing_node(node_id: str, node: JsonObject, machine: Machine) -> JsonObject | None:
    """Return the error of a node whose class is not there, or None; only the first is told."""
    class_type = node.get("class_type")
    if isinstance(class_type, str) and class_type in machine.nodes:
        return None
    details = f"Node ID '#{node_id}'"
    if not machine.settings.modern:
        said = (
            f"Cannot execute because node {class_type} does not exist."
            if "class_type" in node
            else "Cannot execute because a node is missing the class_type property."
        )
        return failure("invalid_prompt", said, details)
    title = (as_object(node.get("_meta")) or {}).get("title", class_type)
    message = (
        f"Node '{title}' has no class_type. The workflow may be corrupted or a custom node is missing."
        if class_type is None
        else f"Node '{title}' not found. The custom node may not be installed."
    )
    extra: JsonObject = {"node_id": node_id, "class_type": class_type, "node_title": title}
    return failure("missing_node_type", message, details, extra)
