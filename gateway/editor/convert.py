"""The editor's save format → a prompt, exactly as the official frontend makes it.

Text that the frontend resolves only when it sends (`{a|b}`, `%date:…%`, `%Node.widget%`) stays as it is in
the prompt; `Conversion.texts` tells where it is, and `resolve_texts` does it for one call.

Source: graphToPrompt of the official frontend, as seen from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.editor.definition import read_layout
from gateway.editor.document import read_graph
from gateway.editor.groups import with_groups_opened
from gateway.editor.hosts import give_hosts_their_values, value_of
from gateway.editor.instances import Instance, Opened, open_workflow
from gateway.editor.layout import Layout
from gateway.editor.primitives import apply_primitives
from gateway.editor.renumber import with_unique_ids
from gateway.editor.sources import Promoted, Sources
from gateway.editor.texts import Texts, find_texts
from gateway.editor.values import sendable
from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.graph.prompt import Link, Node, Prompt, PromptFault

__all__ = ["Conversion", "Unconvertible", "convert", "is_editor_workflow"]


class Unconvertible(ValueError):
    """A workflow cannot be converted faithfully; `faults` holds every reason."""

    def __init__(self, faults: tuple[PromptFault, ...]) -> None:
        super().__init__("; ".join(each.message for each in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a workflow came to.

    Attributes:
        prompt: The graph in API format, texts unresolved; empty when no node takes part.
        texts: Where the editor resolves text just before it sends.
        dropped: Id of a node that is in the file and not in the prompt → why.
    """

    prompt: Prompt
    texts: Texts
    dropped: Mapping[str, str]


def is_editor_workflow(raw: Json) -> bool:
    """Tell whether JSON is the editor's own save format: an object with a list of nodes."""
    fields = as_object(raw)
    return fields is not None and as_array(fields.get("nodes")) is not None


def convert(raw: Json, object_info: JsonObject) -> Conversion:
    """Convert a workflow.

    Args:
        raw: What the editor saved.
        object_info: ComfyUI's node definitions, `/object_info` entries by class; those in use are enough.

    Raises:
        Unconvertible: With every reason found: `workflow-not-editor-format`, `workflow-node-unknown`,
            `workflow-link-broken`, `workflow-subgraph-cyclic`, `workflow-too-large`.
    """
    document = as_object(raw)
    if document is None or not is_editor_workflow(raw):
        raise Unconvertible((_not_editor(),))
    try:
        opened = _open(document, object_info)
        _refuse_unknown(opened)
        apply_primitives(opened)
        return _converted(opened)
    except PromptFault as fault:
        raise Unconvertible((fault,)) from fault
    except RecursionError as error:
        raise Unconvertible((_too_deep(),)) from error


def _open(document: JsonObject, object_info: JsonObject) -> Opened:
    definitions = as_object(document.get("definitions")) or {}
    subgraphs = {
        str(each.get("id")): read_graph(each)
        for entry in as_array(definitions.get("subgraphs")) or ()
        if (each := as_object(entry)) is not None
    }
    root, subgraphs = with_unique_ids(read_graph(document), subgraphs)
    extra = as_object(document.get("extra")) or {}
    root, subgraphs = with_groups_opened(root, subgraphs, extra)
    opened = open_workflow(root, subgraphs, _Layouts(object_info).of)
    give_hosts_their_values(opened.root)
    return opened


class _Layouts:
    """Layouts of the classes in use, each read once."""

    def __init__(self, object_info: JsonObject) -> None:
        self._object_info = object_info
        self._read: dict[str, Layout | None] = {}

    def of(self, class_type: str) -> Layout | None:
        """Return the layout of a class, None for one that ComfyUI does not know."""
        if class_type not in self._read:
            entry = as_object(self._object_info.get(class_type))
            self._read[class_type] = None if entry is None else read_layout(class_type, entry)
        return self._read[class_type]


def _converted(opened: Opened) -> Conversion:
    prompt: dict[str, Node] = {}
    dropped: dict[str, str] = {}
    raw: set[tuple[str, str]] = set()
    sources = Sources()
    for instance in opened.all:
        if reason := _why_dropped(instance):
            dropped[instance.id] = reason
        else:
            prompt[instance.id] = _node(instance, sources, raw)
    return Conversion(prompt, find_texts(opened, prompt, raw), dropped)


def _why_dropped(instance: Instance) -> str:
    if instance.node.mode == 2:
        return "muted"
    if instance.node.mode == 4:
        return "bypassed"
    if instance.virtual:
        return "known to the editor only"
    return "a subgraph" if instance.inner is not None else ""


def _node(instance: Instance, sources: Sources, raw: set[tuple[str, str]]) -> Node:
    inputs = {
        name: sendable(value) for name, value in instance.held.items() if name in instance.sent
    }
    raw |= {(instance.id, name) for name in instance.raw}
    for at, slot in enumerate(instance.inputs):
        match sources.of(instance, at):
            case Link(node_id, origin):
                inputs[slot.name] = [node_id, origin]
            case Promoted() as promoted:
                inputs[slot.name] = sendable(value_of(promoted))
                raw.add((instance.id, slot.name))
            case _:
                pass
    layout = instance.layout
    title = instance.node.title or (layout.display_name if layout else "")
    return Node(instance.node.type, inputs, title or instance.node.type)


def _refuse_unknown(opened: Opened) -> None:
    unknown = [
        PromptFault(
            "workflow-node-unknown",
            f"node {each.id}: the node definitions know no class {each.node.type}",
            "Install the custom node that has it, or take it out of the workflow; then pull the "
            "definitions again.",
        )
        for each in opened.all
        if not _why_dropped(each) and each.layout is None
    ]
    if unknown:
        raise Unconvertible(tuple(unknown))


def _too_deep() -> PromptFault:
    return PromptFault(
        "workflow-too-large",
        "a value in the workflow is nested too deeply",
        "Save the workflow again; no widget holds such a value.",
    )


def _not_editor() -> PromptFault:
    return PromptFault(
        "workflow-not-editor-format",
        "this is not the editor's save format: it has no `nodes` list",
        "Save the workflow in ComfyUI, or use the file as it is when it was exported for the API.",
    )
