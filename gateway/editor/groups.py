"""Group nodes, which subgraphs replaced: each becomes a subgraph of its own, as the editor makes it on load.

A group's definition is in `extra.groupNodes`, its nodes known by index. The nodes inside get new ids, the
host one more; widgets' values go to the nodes inside in order. A group that is muted or bypassed runs, as
it does in the editor: the mode is lost on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gateway.editor.document import (
    INPUT_PANEL,
    OUTPUT_PANEL,
    EditorGraph,
    EditorLink,
    EditorNode,
    InputSlot,
    LinkId,
    PanelSlot,
    read_node,
)
from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = ["with_groups_opened"]

_PREFIXES = ("workflow>", "workflow/")


@dataclass(frozen=True, slots=True)
class _Group:
    """A group's definition: nodes by index, links between them, outputs that are shown all the same."""

    nodes: tuple[EditorNode, ...]
    links: tuple[tuple[int, int, int, int], ...]
    external: frozenset[tuple[int, int]]


def with_groups_opened(
    root: EditorGraph, subgraphs: Mapping[str, EditorGraph], extra: JsonObject
) -> tuple[EditorGraph, dict[str, EditorGraph]]:
    """Return the workflow with every group node of the root made a subgraph."""
    groups = as_object(extra.get("groupNodes")) or {}
    found = dict(subgraphs)
    nodes: list[EditorNode] = []
    renamed: dict[str, str] = {}
    counter = max([root.highest, *(int(each.id) for each in root.nodes if each.id.isdecimal())])
    for node in root.nodes:
        group = _group_of(node, groups)
        if group is None:
            nodes.append(node)
            continue
        inner = {at: str(counter + at + 1) for at in range(len(group.nodes))}
        counter += len(group.nodes) + 1
        key = f"group {node.id}"
        found[key] = _subgraph(group, node, inner)
        renamed[node.id] = str(counter)
        nodes.append(replace(node, id=str(counter), type=key, mode=0, values=None))
    if not renamed:
        return root, found
    links = {key: _relinked(link, renamed) for key, link in root.links.items()}
    return replace(root, nodes=tuple(nodes), links=links), found


def _group_of(node: EditorNode, groups: JsonObject) -> _Group | None:
    prefix = next((each for each in _PREFIXES if node.type.startswith(each)), None)
    raw = as_object(groups.get(node.type.removeprefix(prefix))) if prefix else None
    return None if raw is None else _read_group(raw)


def _read_group(raw: JsonObject) -> _Group:
    nodes = (as_object(each) or {} for each in as_array(raw.get("nodes")) or ())
    read = [read_node({**each, "id": at}) for at, each in enumerate(nodes)]
    return _Group(
        nodes=tuple(node or EditorNode(str(at), "") for at, node in enumerate(read)),
        links=tuple(
            (ends[0], ends[1], ends[2], ends[3])
            for each in as_array(raw.get("links")) or ()
            if len(ends := _numbers(each)) >= 4
        ),
        external=frozenset(
            (ends[0], ends[1])
            for each in as_array(raw.get("external")) or ()
            if len(ends := _numbers(each)) >= 2
        ),
    )


def _numbers(raw: Json) -> list[int]:
    found: list[int] = []
    for each in as_array(raw) or ():
        if not isinstance(each, int) or isinstance(each, bool):
            break
        found.append(each)
    return found


def _subgraph(group: _Group, host: EditorNode, inner: Mapping[int, str]) -> EditorGraph:
    links: dict[LinkId, EditorLink] = {}
    fed: dict[tuple[int, int], LinkId] = {}
    for origin, origin_slot, target, target_slot in group.links:
        if origin in inner and target in inner:
            key = len(links) + 1
            links[key] = EditorLink(key, inner[origin], origin_slot, inner[target], target_slot)
            fed[target, target_slot] = key
    inputs: list[PanelSlot] = []
    for name, at, slot in _shown_inputs(group, fed):
        key = len(links) + 1
        links[key] = EditorLink(key, INPUT_PANEL, len(inputs), inner[at], slot)
        fed[at, slot] = key
        inputs.append(PanelSlot(name, group.nodes[at].inputs[slot].type, (key,)))
    outputs: list[PanelSlot] = []
    for at, slot in _shown_outputs(group):
        key = len(links) + 1
        links[key] = EditorLink(key, inner[at], slot, OUTPUT_PANEL, len(outputs))
        made = group.nodes[at].outputs[slot]
        outputs.append(PanelSlot(made.name, made.type, (key,)))
    nodes = tuple(_inner_node(group, at, inner[at], fed) for at in range(len(group.nodes)))
    return EditorGraph(
        nodes=tuple(_with_values(nodes, host)),
        links=links,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        name=host.type,
    )


def _shown_inputs(
    group: _Group, fed: Mapping[tuple[int, int], LinkId]
) -> list[tuple[str, int, int]]:
    """Return (name on the group, node index, slot) of every input that nothing inside feeds."""
    names: set[str] = set()
    shown: list[tuple[str, int, int]] = []
    for at, node in enumerate(group.nodes):
        for slot, each in enumerate(node.inputs):
            if (at, slot) in fed:
                continue
            name = each.name
            if name in names:
                name = f"{node.title or node.type} {name}"
            names.add(name)
            shown.append((name, at, slot))
    return shown


def _shown_outputs(group: _Group) -> list[tuple[int, int]]:
    used = {(origin, slot) for origin, slot, _, _ in group.links}
    return [
        (at, slot)
        for at, node in enumerate(group.nodes)
        for slot in range(len(node.outputs))
        if (at, slot) not in used or (at, slot) in group.external
    ]


def _inner_node(
    group: _Group, at: int, node_id: str, fed: Mapping[tuple[int, int], LinkId]
) -> EditorNode:
    node = group.nodes[at]
    slots = tuple(
        InputSlot(each.name, each.type, fed.get((at, slot)), each.widget)
        for slot, each in enumerate(node.inputs)
    )
    return replace(node, id=node_id, inputs=slots)


def _with_values(nodes: tuple[EditorNode, ...], host: EditorNode) -> Iterator[EditorNode]:
    """Hand the group's values to its nodes in order, each as many as it was saved with."""
    values = iter(as_array(host.values) or ())
    for node in nodes:
        own = as_array(node.values) or ()
        given = [next(values, each) for each in own]
        yield replace(node, values=given) if own else node


def _relinked(link: EditorLink, renamed: Mapping[str, str]) -> EditorLink:
    return replace(
        link,
        origin=renamed.get(link.origin, link.origin),
        target=renamed.get(link.target, link.target),
    )
