"""A prompt: ComfyUI's word for a graph in API format, `{node id: {class_type, inputs, _meta}}`.

A prompt is never mutated. An input is either a link `[node id, output slot]` or a widget's value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gateway.graph.json_value import Json, as_array, as_object

__all__ = [
    "Link",
    "Node",
    "Prompt",
    "PromptFault",
    "find_cycle",
    "link_of",
    "parse_prompt",
    "to_json",
]


@dataclass(frozen=True, slots=True)
class Link:
    """Where an input comes from: a node id and an output slot, slots counting from 0."""

    node_id: str
    slot: int


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a prompt.

    Attributes:
        class_type: The node's class name.
        inputs: Input name → a link or a widget's value, as JSON.
        title: The name people gave it in the editor (`_meta.title`), or empty.
    """

    class_type: str
    inputs: Mapping[str, Json]
    title: str = ""


Prompt: TypeAlias = Mapping[str, Node]
"""Node id → node, in the file's order."""


class PromptFault(ValueError):
    """A JSON value is no prompt; `code` names the kind of fault and `mend` what to do."""

    def __init__(self, code: str, message: str, mend: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.mend = mend


def link_of(value: Json) -> Link | None:
    """Return the link that an input's value is, or None for a widget's value.

    ComfyUI takes any list as a link (execution.py); one of another shape than
    `[node id, slot]` is refused by it, and is no link here.
    """
    if not isinstance(value, list) or len(value) != 2:
        return None
    node_id, slot = value
    if isinstance(node_id, str) and isinstance(slot, int) and not isinstance(slot, bool):
        return Link(node_id, slot)
    return None


def parse_prompt(raw: Json) -> Prompt:
    """Read a prompt from JSON.

    Keys that start with `_` and entries that are no nodes at the top level (`version`,
    `extra_data`, as some exporters add them) are left out, as long as nodes remain.

    Args:
        raw: What a workflow file holds.

    Returns:
        Its nodes, in the order of the file.

    Raises:
        PromptFault: `workflow-editor-format`, `workflow-not-api-format`, `workflow-empty`,
            `workflow-node-invalid`, `workflow-link-broken` or `workflow-cyclic`.
    """
    entries = as_object(raw)
    if entries is None:
        raise PromptFault(
            "workflow-not-api-format",
            f"the workflow is {_kind(raw)}, not an object of nodes",
            'Export it from ComfyUI with "Export (API)".',
        )
    if as_array(entries.get("nodes")) is not None:
        raise PromptFault(
            "workflow-editor-format",
            "this is the editor's own save format (it has a `nodes` list)",
            "Convert it first: gateway convert FILE.",
        )
    inner = as_object(entries.get("prompt"))
    if inner is not None and "class_type" not in inner:
        entries = inner
    prompt = {
        key: _parse_node(key, entry) for key, entry in entries.items() if _is_node(key, entry)
    }
    if not prompt:
        raise PromptFault(
            "workflow-empty",
            "the workflow has no node with a class_type",
            'Export it from ComfyUI with "Export (API)".',
        )
    _refuse_broken_links(prompt)
    if cycle := find_cycle(prompt):
        raise PromptFault(
            "workflow-cyclic",
            f"the nodes {' → '.join(cycle)} feed each other in a circle",
            "Open the workflow in ComfyUI and break the circle.",
        )
    return prompt


def to_json(prompt: Prompt) -> dict[str, Json]:
    """Return the form that `POST /prompt` takes."""
    return {
        node_id: {
            "class_type": node.class_type,
            "inputs": dict(node.inputs),
            **({"_meta": {"title": node.title}} if node.title else {}),
        }
        for node_id, node in prompt.items()
    }


def find_cycle(prompt: Prompt) -> tuple[str, ...]:
    """Return the ids of nodes that feed each other in a circle, first one repeated, or ()."""
    sources = {node_id: _sources(node) for node_id, node in prompt.items()}
    # A node that nothing comes into cannot be on a circle: most graphs end here.
    finished = {node_id for node_id, its in sources.items() if not its}
    for start in prompt:
        if start in finished:
            continue
        path: list[str] = []
        on_path: set[str] = set()
        stack = [(start, False)]
        while stack:
            node_id, leaving = stack.pop()
            if leaving:
                path.pop()
                on_path.discard(node_id)
                finished.add(node_id)
            elif node_id in on_path:
                return (*path[path.index(node_id) :], node_id)
            elif node_id not in finished:
                path.append(node_id)
                on_path.add(node_id)
                stack.append((node_id, True))
                stack.extend((source, False) for source in sources[node_id])
    return ()


def _sources(node: Node) -> list[str]:
    return [link.node_id for _, link in _links(node)]


def _links(node: Node) -> list[tuple[str, Link]]:
    # Most inputs are no lists, and a project can have a hundred thousand of them.
    lists = [item for item in node.inputs.items() if isinstance(item[1], list)]
    return [(name, link) for name, value in lists if (link := link_of(value)) is not None]


def _is_node(key: str, entry: Json) -> bool:
    fields = as_object(entry)
    return not key.startswith("_") and fields is not None and "class_type" in fields


def _parse_node(node_id: str, entry: Json) -> Node:
    fields = as_object(entry) or {}
    class_type = fields["class_type"]
    inputs = as_object(fields.get("inputs", {}))
    if not isinstance(class_type, str) or inputs is None:
        raise PromptFault(
            "workflow-node-invalid",
            f"node {node_id} needs a text `class_type` and an object `inputs`",
            'Export the workflow again with "Export (API)".',
        )
    meta = as_object(fields.get("_meta")) or {}
    title = meta.get("title")
    return Node(class_type, inputs, title if isinstance(title, str) else "")


def _refuse_broken_links(prompt: Prompt) -> None:
    for node_id, node in prompt.items():
        for name, link in _links(node):
            if link.node_id not in prompt:
                raise PromptFault(
                    "workflow-link-broken",
                    f"input `{name}` of node {node_id} ({node.class_type}) comes from node "
                    f"{link.node_id}, which is not in the file",
                    'Export the workflow again with "Export (API)".',
                )


def _kind(raw: Json) -> str:
    match raw:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case _:
            return "a list"
