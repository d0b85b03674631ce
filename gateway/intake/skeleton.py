"""A graph as the lock remembers it: classes, titles, links, and of each value a digest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple, TypeAlias

from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.graph.prompt import Link, Prompt, link_of

__all__ = ["Edge", "NodeRecord", "Skeleton", "consumers_of", "read_skeleton", "skeleton_of"]


class Edge(NamedTuple):
    """Who consumes an output: the consumer, its input, and the output's slot."""

    node_id: str
    input: str
    slot: int


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """One node: what it is, where its inputs come from, and a digest of each value it holds."""

    class_type: str
    title: str = ""
    links: Mapping[str, Link] = field(default_factory=dict[str, Link])
    values: Mapping[str, str] = field(default_factory=dict[str, str])

    def as_json(self) -> JsonObject:
        """Return the form that the lock holds."""
        links: JsonObject = {name: [link.node_id, link.slot] for name, link in self.links.items()}
        parts: JsonObject = {"title": self.title, "links": links, "values": dict(self.values)}
        return {"class_type": self.class_type, **{key: part for key, part in parts.items() if part}}


Skeleton: TypeAlias = Mapping[str, NodeRecord]
"""Node id → what is remembered of it; the order tells nothing."""


def skeleton_of(prompt: Prompt) -> Skeleton:
    """Return what is to be remembered of a graph."""
    return {
        node_id: NodeRecord(node.class_type, node.title, *_parted(node.inputs))
        for node_id, node in prompt.items()
    }


def read_skeleton(raw: Json) -> Skeleton | None:
    """Read what a lock holds of a graph; None when that is no graph."""
    entries = as_object(raw) or {}
    nodes = {node_id: _read_node(entry) for node_id, entry in entries.items()}
    known = {node_id: node for node_id, node in nodes.items() if node is not None}
    sources = {link.node_id for node in known.values() for link in node.links.values()}
    is_whole = len(known) == len(nodes) and sources <= set(known)
    return known if known and is_whole else None


def consumers_of(skeleton: Skeleton) -> Mapping[str, tuple[Edge, ...]]:
    """Return node id → who consumes its outputs, in an order that has nothing to do with the file's."""
    found: dict[str, list[Edge]] = {node_id: [] for node_id in skeleton}
    for node_id, node in skeleton.items():
        for name, link in node.links.items():
            found[link.node_id].append(Edge(node_id, name, link.slot))
    return {node_id: tuple(sorted(edges)) for node_id, edges in found.items()}


def _parted(inputs: Mapping[str, Json]) -> tuple[dict[str, Link], dict[str, str]]:
    links: dict[str, Link] = {}
    values: dict[str, str] = {}
    for name, value in sorted(inputs.items()):
        link = link_of(value)
        if link is None:
            values[name] = _digest(value)
        else:
            links[name] = link
    return links, values


def _digest(value: Json) -> str:
    """Return a short digest of a value: enough to tell an edit, too little to read a text from."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=4).hexdigest()


def _read_node(raw: Json) -> NodeRecord | None:
    match raw:
        case {"class_type": str(class_type), **parts}:
            title = parts.get("title")
            links = dict(_read_links(as_object(parts.get("links")) or {}))
            values = as_object(parts.get("values")) or {}
            texts = {name: each for name, each in values.items() if isinstance(each, str)}
            return NodeRecord(class_type, title if isinstance(title, str) else "", links, texts)
        case _:
            return None


def _read_links(raw: JsonObject) -> Iterator[tuple[str, Link]]:
    for name, value in raw.items():
        link = link_of(value)
        if link is not None:
            yield name, link
