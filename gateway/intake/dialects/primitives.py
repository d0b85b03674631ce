"""Nodes that hold one value and whose titles are the parameters: Primitive nodes and their like.

A node whose class begins with `Primitive` gives its `value`; `LoadImageOutput` an image; the input
nodes of comfy-pack (`CPackInput…`) their first widget, an integer's within its `min` and `max`. What
comes into an output node of comfy-pack (`CPackOutput…`) is named by its title.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.graph.json_value import Json, as_array, as_object
from gateway.graph.prompt import Node, Prompt
from gateway.intake.dialects.drafts import (
    Drafts,
    OutputDraft,
    ParameterDraft,
    ServiceDraft,
    Source,
)
from gateway.intake.dialects.graphs import literals_of, prompt_of, titles_of
from gateway.intake.dialects.notes import Spot
from gateway.services.model import Limits, ParameterType

__all__ = ["read", "recognises"]

_PRIMITIVE, _INPUT, _OUTPUT = "Primitive", "CPackInput", "CPackOutput"
_IMAGE = "LoadImageOutput"
_FRONTEND_ONLY = "PrimitiveNode"
_FILES: dict[str, ParameterType] = {"CPackInputImage": "image", "CPackInputFile": "file"}


def recognises(source: Source) -> bool:
    """Tell whether a file is of this dialect."""
    return any(
        _holds_value(str(node.get("class_type", node.get("type", ""))))
        for _, _, node in titles_of(source.raw)
    )


def read(source: Source) -> Drafts:
    """Read the file.

    Raises:
        Unmigratable: It holds no graph.
    """
    spot = Spot(source.file).of(source.stem)
    prompt = prompt_of(source.raw, source.definitions, spot)
    parameters: dict[str, ParameterDraft] = {}
    for node_id, node in prompt.items():
        for draft in _parameter(node_id, node, spot.at(node_id)):
            earlier = parameters.get(draft.name)
            parameters[draft.name] = (
                replace(earlier, targets=(*earlier.targets, *draft.targets)) if earlier else draft
            )
    _tell_folded(source.raw, spot)
    service = ServiceDraft(
        source.stem,
        source.file,
        prompt,
        spot,
        parameters=tuple(parameters.values()),
        outputs=tuple(_outputs(prompt, spot)),
    )
    return Drafts((service,), spot)


def _holds_value(class_type: str) -> bool:
    return class_type.startswith((_PRIMITIVE, _INPUT)) or class_type == _IMAGE


def _parameter(node_id: str, node: Node, spot: Spot) -> Iterator[ParameterDraft]:
    if not _holds_value(node.class_type):
        return
    widget = _widget(node)
    name = node.title.strip() or node.class_type
    spot = spot.of(spot.service or "", name)
    if widget is None:
        spot.tell(
            f"node {node_id} ({node.class_type}) holds no value that could be set",
            found=name,
            code="migrate-not-carried",
            mend="Give it a value, or name the widget in services.yaml.",
        )
        return
    kind = _FILES.get(node.class_type)
    yield ParameterDraft(
        name,
        ((node_id, widget),),
        spot,
        type=kind,
        required=node.class_type == _IMAGE or kind is not None,
        limits=Limits(minimum=_bound(node, "min"), maximum=_bound(node, "max")),
    )


def _widget(node: Node) -> str | None:
    held = literals_of(node)
    if node.class_type.startswith(_INPUT):
        return next(iter(held), None)
    name = "image" if node.class_type == _IMAGE else "value"
    return name if held.get(name) is not None else None


def _bound(node: Node, name: str) -> int | None:
    value = node.inputs.get(name)
    if isinstance(value, bool) or not node.class_type.startswith(_INPUT):
        return None
    return value if isinstance(value, int) else None


def _outputs(prompt: Prompt, spot: Spot) -> Iterator[OutputDraft]:
    for node_id, node in prompt.items():
        if node.class_type.startswith(_OUTPUT) and node.title.strip():
            yield OutputDraft(node.title.strip(), node_id, spot.at(node_id))


def _tell_folded(raw: Json, spot: Spot) -> None:
    """Say which nodes only the editor has: what they hold is in the widgets that they feed."""
    nodes = as_array((as_object(raw) or {}).get("nodes")) or ()
    for index, each in enumerate(nodes):
        node = as_object(each) or {}
        if node.get("type") == _FRONTEND_ONLY:
            spot.at("nodes", index).tell(
                "a primitive of the editor is no node of the graph, so its title names nothing",
                found=str(node.get("title", _FRONTEND_ONLY)),
                code="migrate-not-carried",
                mend="Name the widget that it feeds in services.yaml.",
            )
