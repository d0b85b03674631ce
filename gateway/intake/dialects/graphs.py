"""The graph that a dialect speaks of: read as it is, or converted from what the editor saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from gateway.editor.convert import Unconvertible, convert, is_editor_workflow
from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.graph.prompt import Node, Prompt, PromptFault, link_of, parse_prompt
from gateway.intake.dialects.drafts import Companion, Source
from gateway.intake.dialects.notes import Spot, Unmigratable

__all__ = [
    "literals_of",
    "prompt_of",
    "retitled",
    "tell_gone",
    "titles_of",
    "without",
    "workflow_beside",
]


def prompt_of(raw: Json, definitions: JsonObject, spot: Spot) -> Prompt:
    """Return a graph in API format.

    Args:
        raw: What the file holds: API format, or the editor's own.
        definitions: `/object_info` entries by class type; {} when none were given.
        spot: Where it stands.

    Raises:
        Unmigratable: It is neither, or cannot be converted.
    """
    faults: tuple[PromptFault, ...] = ()
    try:
        if not is_editor_workflow(raw):
            return parse_prompt(raw)
        if definitions:
            return convert(raw, definitions).prompt
    except PromptFault as fault:
        faults = (fault,)
    except Unconvertible as fault:
        faults = fault.faults
    for each in faults:
        spot.fault(each.message, code=each.code, mend=each.mend)
    if not faults:
        spot.fault(
            "this workflow is in the editor's own save format, and no node definitions were given",
            code="workflow-editor-format",
            mend="Give them with --definitions FILE.json, or export the workflow with "
            '"Export (API)".',
        )
    raise Unmigratable(spot.notes)


def workflow_beside(source: Source, name: str, spot: Spot) -> Companion:
    """Return the workflow that a file speaks of: the one beside it, else the one named for it.

    Raises:
        Unmigratable: There is neither.
    """
    found = source.beside.get(name)
    if isinstance(found, Companion):
        return found
    if source.workflow is not None:
        return source.workflow
    if found is not None:
        raise spot.refusal(found.message, found=name, code=found.code, mend=found.mend)
    raise spot.refusal(
        f"{source.file} speaks of the workflow {name}, which is not beside it",
        found=name,
        code="workflow-missing",
        mend="Put it there, or name it with --workflow FILE.",
    )


def titles_of(raw: Json) -> Iterator[tuple[str, str, JsonObject]]:
    """Yield (node id, title, node) of every node of a graph in either format."""
    fields = as_object(raw) or {}
    nodes = as_array(fields.get("nodes"))
    if nodes is not None:
        for each in nodes:
            node = as_object(each) or {}
            if isinstance(title := node.get("title"), str):
                yield str(node.get("id")), title, node
        return
    for node_id, each in (as_object(fields.get("prompt")) or fields).items():
        node = as_object(each) or {}
        title = (as_object(node.get("_meta")) or {}).get("title")
        if "class_type" in node and isinstance(title, str):
            yield node_id, title, node


def literals_of(node: Node) -> Mapping[str, Json]:
    """Return a node's widgets: its inputs that are no links."""
    return {name: value for name, value in node.inputs.items() if link_of(value) is None}


def retitled(prompt: Prompt, titles: Mapping[str, str]) -> Prompt:
    """Return a graph in which some nodes have other titles."""
    return {
        node_id: replace(node, title=titles[node_id]) if node_id in titles else node
        for node_id, node in prompt.items()
    }


def without(prompt: Prompt, node_id: str) -> Prompt:
    """Return a graph without a node that nothing comes from; with it when something does."""
    fed = (link_of(value) for node in prompt.values() for value in node.inputs.values())
    if any(link is not None and link.node_id == node_id for link in fed):
        return prompt
    return {each: node for each, node in prompt.items() if each != node_id}


def tell_gone(raw: Json, prompt: Prompt, is_marked: Callable[[str], bool], spot: Spot) -> None:
    """Say which marked nodes of an editor's file take no part: muted, bypassed, or the editor's own."""
    for node_id, title, _ in titles_of(raw):
        if node_id not in prompt and is_marked(title.strip()):
            spot.tell(
                f"node {node_id} takes no part in the workflow, so its mark means nothing",
                found=title,
                code="migrate-not-carried",
                mend="Enable the node in ComfyUI, save the workflow and migrate again.",
            )
