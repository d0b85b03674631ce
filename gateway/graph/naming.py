"""How a node is called when people are told of it."""

from __future__ import annotations

from gateway.graph.prompt import Node

__all__ = ["node_named"]


def node_named(node_id: str, node: Node) -> str:
    """Return a node's name for people: `6 (CLIPTextEncode "Positive")`."""
    title = f' "{node.title}"' if node.title and node.title != node.class_type else ""
    return f"{node_id} ({node.class_type}{title})"
