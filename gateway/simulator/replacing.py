"""Classes that ComfyUI runs under another name: announced by a route, swapped before validation.

Source: the recorded answer of `/node_replacements` (0.33). A class that is there is never swapped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gateway.graph.json_value import Json, as_object
from gateway.simulator.queue import Graph

__all__ = ["replaced", "replacement_list"]


@dataclass(frozen=True, slots=True)
class _Replacement:
    new: str
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])


_REPLACEMENTS: Mapping[str, _Replacement] = {
    "T2IAdapterLoader": _Replacement("ControlNetLoader", {"t2i_adapter_name": "control_net_name"}),
    "SDV_img2vid_Conditioning": _Replacement("SVD_img2vid_Conditioning"),
    "ConditioningAverage ": _Replacement("ConditioningAverage"),
}


def replacement_list() -> dict[str, Json]:
    """Return the answer of `GET /node_replacements`."""
    return {old: [_announced(old, each)] for old, each in _REPLACEMENTS.items()}


def replaced(graph: Graph, there: Collection[str]) -> Graph:
    """Return a graph as it is validated and run.

    Args:
        graph: As posted.
        there: The classes that this ComfyUI has.
    """
    return {node_id: _replaced(node, there) for node_id, node in graph.items()}


def _replaced(node: dict[str, Json], there: Collection[str]) -> dict[str, Json]:
    fields = as_object(node) or {}
    class_type, inputs = fields.get("class_type"), as_object(fields.get("inputs"))
    swap = _REPLACEMENTS.get(class_type) if isinstance(class_type, str) else None
    if swap is None or class_type in there or inputs is None:
        return node
    renamed: dict[str, Json] = {swap.renamed.get(name, name): each for name, each in inputs.items()}
    return {**node, "class_type": swap.new, "inputs": renamed}


def _announced(old: str, replacement: _Replacement) -> Json:
    mapping: list[Json] = [
        {"new_id": new, "old_id": before} for before, new in replacement.renamed.items()
    ]
    return {
        "new_node_id": replacement.new,
        "old_node_id": old,
        "old_widget_ids": None,
        "input_mapping": mapping or None,
        "output_mapping": None,
    }
