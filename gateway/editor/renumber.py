"""Node ids that several graphs of one workflow share: those inside subgraphs are given new ones.

The root keeps its ids; a subgraph keeps those that nothing before it has. A new id is the next free one above
the last that the file says the root ever gave, and above all that subgraphs kept so far.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count

from gateway.editor.document import EditorGraph, EditorLink, EditorNode
from gateway.graph.json_value import Json, as_array

__all__ = ["with_unique_ids"]


def with_unique_ids(
    root: EditorGraph, subgraphs: Mapping[str, EditorGraph]
) -> tuple[EditorGraph, dict[str, EditorGraph]]:
    """Return the graphs with each node id in one of them only."""
    used = {node.id for node in root.nodes}
    counter = root.highest
    moved: dict[str, dict[str, str]] = {}
    for key, graph in subgraphs.items():
        new: dict[str, str] = {}
        for node in graph.nodes:
            if node.id in used:
                counter = next(at for at in count(counter + 1) if str(at) not in used)
                new[node.id] = str(counter)
            elif node.id.isdecimal():
                counter = max(counter, int(node.id))
            used.add(new.get(node.id, node.id))
        moved[key] = new
    if not any(moved.values()):
        return root, dict(subgraphs)
    return _with_ids(root, {}, moved), {
        key: _with_ids(graph, moved[key], moved) for key, graph in subgraphs.items()
    }


def _with_ids(
    graph: EditorGraph, own: Mapping[str, str], moved: Mapping[str, Mapping[str, str]]
) -> EditorGraph:
    """Return a graph with its own nodes' new ids, and with what its hosts say of the nodes inside."""
    return replace(
        graph,
        nodes=tuple(_node(node, own, moved.get(node.type, {})) for node in graph.nodes),
        links={key: _link(link, own) for key, link in graph.links.items()},
    )


def _node(node: EditorNode, own: Mapping[str, str], inside: Mapping[str, str]) -> EditorNode:
    properties = dict(node.properties)
    proxies = as_array(properties.get("proxyWidgets"))
    if inside and proxies is not None:
        properties["proxyWidgets"] = [_proxy(each, inside) for each in proxies]
    return replace(node, id=own.get(node.id, node.id), properties=properties)


def _proxy(entry: Json, inside: Mapping[str, str]) -> Json:
    parts = as_array(entry)
    return [inside.get(str(parts[0]), parts[0]), *parts[1:]] if parts else entry


def _link(link: EditorLink, own: Mapping[str, str]) -> EditorLink:
    return replace(
        link, origin=own.get(link.origin, link.origin), target=own.get(link.target, link.target)
    )
