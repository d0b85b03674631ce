"""Which node classes an editor workflow names, so that their definitions can be fetched first."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = ["class_types_in"]

_EDITOR_ONLY = frozenset({"Note", "MarkdownNote", "PrimitiveNode", "Reroute"})
_GROUP_MARKS = ("workflow>", "workflow/")


def class_types_in(raw: Json) -> frozenset[str]:
    """Return the classes of all nodes: at the root, within subgraphs and within group nodes.

    Muted and bypassed ones count, because they can be switched on; what only the editor knows
    (notes, reroutes, subgraphs themselves) does not.

    Args:
        raw: What the file holds; whatever has an unknown shape names no class.
    """
    workflow = as_object(raw) or {}
    subgraphs = _subgraphs(workflow)
    graphs = [workflow, *subgraphs, *_group_nodes(workflow)]
    own = {found for each in subgraphs if isinstance(found := each.get("id"), str)}
    types = {kind for graph in graphs for kind in _types(graph)}
    return frozenset(
        kind
        for kind in types
        if kind not in _EDITOR_ONLY and kind not in own and not kind.startswith(_GROUP_MARKS)
    )


def _subgraphs(workflow: JsonObject) -> list[JsonObject]:
    definitions = as_object(workflow.get("definitions")) or {}
    entries = as_array(definitions.get("subgraphs")) or ()
    return [each for entry in entries if (each := as_object(entry)) is not None]


def _group_nodes(workflow: JsonObject) -> list[JsonObject]:
    extra = as_object(workflow.get("extra")) or {}
    entries = (as_object(extra.get("groupNodes")) or {}).values()
    return [each for entry in entries if (each := as_object(entry)) is not None]


def _types(graph: JsonObject) -> Iterator[str]:
    for entry in as_array(graph.get("nodes")) or ():
        kind = (as_object(entry) or {}).get("type")
        if isinstance(kind, str):
            yield kind
