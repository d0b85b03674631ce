"""Why ComfyUI's validation refused a prompt, in sentences that say what to do.

Source: ComfyUI execution.py `validate_prompt` and `validate_inputs`, server.py `post_prompt`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from gateway.errors import NodeFault, NodeFaults, PromptRejected
from gateway.graph.json_value import Json, JsonObject, as_array
from gateway.wire.clean import clean_line
from gateway.wire.fault_text import explain
from gateway.wire.narrow import object_of, objects_of, text_of

__all__ = ["is_rejection", "node_faults_of", "parse_rejection"]

_MISSING_CLASS = re.compile(r"because node (?P<class_type>.+) does not exist")
_NODE_ID = re.compile(r"Node ID '#(?P<node_id>[^']+)'")
_LISTED = 5


def is_rejection(body: Json) -> bool:
    """Tell whether a 400 answer is ComfyUI's word on the prompt, not something a proxy made up."""
    return "error" in object_of(body)


def node_faults_of(body: Json) -> dict[str, NodeFaults]:
    """Return node id → its faults, from the `node_errors` of any answer of `POST /prompt`."""
    return {
        node_id: NodeFaults(
            clean_line(text_of(raw.get("class_type"))),
            tuple(_fault(object_of(each)) for each in as_array(raw.get("errors")) or ()),
        )
        for node_id, raw in objects_of(object_of(body).get("node_errors")).items()
    }


def parse_rejection(status: int, body: Json) -> PromptRejected:
    """Return the error that a refused prompt is.

    Args:
        status: 400, or 200 when ComfyUI took a part of the graph and the rest is wanted too.
        body: Its JSON: `{error, node_errors}`.

    Returns:
        An error whose message names every node at fault, up to five faults in full.
    """
    faults = node_faults_of(body)
    if any(each.faults for each in faults.values()):
        return _of_nodes(status, faults)
    error = object_of(body).get("error")
    return _of_graph(object_of(error) or {"message": error}, faults)


def _of_nodes(status: int, faults: Mapping[str, NodeFaults]) -> PromptRejected:
    explained = [
        (f"node {node_id} ({each.class_type})", explain(fault))
        for node_id, each in faults.items()
        for fault in each.faults
    ]
    sentences = list(
        dict.fromkeys(
            said.sentence if said.of_graph else f"{where}: {said.sentence}"
            for where, said in explained
        )
    )
    more = len(sentences) - _LISTED
    told = "; ".join(sentences[:_LISTED]) + (f"; and {more} more" if more > 0 else "")
    begun = "ComfyUI refused the graph" if status != 200 else "ComfyUI refused a part of the graph"
    return PromptRejected(
        f"{begun}: {told}.",
        node_errors=faults,
        where=", ".join(dict.fromkeys(where for where, _ in explained)),
        found=explained[0][1].found,
        mend=" ".join(dict.fromkeys(said.mend for _, said in explained[:_LISTED])),
    )


def _of_graph(error: JsonObject, faults: Mapping[str, NodeFaults]) -> PromptRejected:
    kind = text_of(error.get("type"))
    message = clean_line(text_of(error.get("message")))
    details = clean_line(text_of(error.get("details")))
    if kind == "prompt_no_outputs":
        return PromptRejected(
            "ComfyUI refused the graph: it has no node that gives something out.",
            code="graph-without-output",
            node_errors=faults,
            mend="Add a node that saves or previews, such as SaveImage, to the workflow.",
        )
    missing = _missing_class(kind, message, details, object_of(error.get("extra_info")))
    if missing is not None:
        return missing
    parts = dict.fromkeys(each for each in (message, details) if each)
    said = ". ".join(parts) + ("." if parts else "")
    return PromptRejected(
        f"ComfyUI refused the graph: {said or 'it does not say why.'}",
        node_errors=faults,
        found=kind,
        mend="Open the workflow in ComfyUI and queue it there: it marks the nodes at fault. "
        "Nodes linked in a circle are refused in this way by older versions.",
    )


def _missing_class(
    kind: str, message: str, details: str, extra: JsonObject
) -> PromptRejected | None:
    known = _MISSING_CLASS.search(message)
    class_type = clean_line(text_of(extra.get("class_type"))) or (
        known["class_type"] if known else ""
    )
    if kind != "missing_node_type" and not (kind == "invalid_prompt" and "node" in message):
        return None
    at = _NODE_ID.search(details)
    node_id = clean_line(text_of(extra.get("node_id"))) or (at["node_id"] if at else "?")
    if not class_type:
        return PromptRejected(
            f"ComfyUI refused the graph: node {node_id} has no class_type.",
            node_errors={},
            where=f"node {node_id}",
            mend='Export the workflow again with "Export (API)".',
        )
    return PromptRejected(
        f"ComfyUI refused the graph: it has no node class {class_type} (node {node_id}).",
        code="node-class-missing",
        node_errors={},
        where=f"node {node_id} ({class_type})",
        found=class_type,
        mend=f"Install the custom node pack that brings {class_type} on that ComfyUI and restart "
        "it, or give the service a backend that has it (labels).",
    )


def _fault(raw: JsonObject) -> NodeFault:
    extra = object_of(raw.get("extra_info"))
    return NodeFault(
        type=clean_line(text_of(raw.get("type"))),
        message=clean_line(text_of(raw.get("message"))),
        details=clean_line(_details(raw, extra), longest=1000),
        input_name=clean_line(text_of(extra.get("input_name"))),
    )


def _details(raw: JsonObject, extra: JsonObject) -> str:
    details = text_of(raw.get("details"))
    # A bare KeyError text such as `'99'` says nothing; what kind of error it was helps a little.
    exception = text_of(extra.get("exception_type"))
    return f"{exception}: {details}" if exception else details
