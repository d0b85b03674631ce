"""Which classes an editor workflow names, wherever in it."""

from __future__ import annotations

from gateway.editor.class_types import class_types_in
from gateway.graph.json_value import Json


def test_classes_are_found_at_the_root_in_subgraphs_and_in_group_nodes() -> None:
    workflow = {
        "nodes": [
            {"id": 1, "type": "KSampler", "mode": 4},
            {"id": 2, "type": "outer"},
            {"id": 3, "type": "workflow>pair"},
            {"id": 4, "type": "workflow/pair"},
            {"id": 5, "type": "Note"},
        ],
        "definitions": {
            "subgraphs": [
                {"id": "outer", "nodes": [{"type": "inner"}, {"type": "VAEDecode"}]},
                {"id": "inner", "nodes": [{"type": "SaveImage"}, {"type": "Reroute"}]},
            ]
        },
        "extra": {"groupNodes": {"pair": {"nodes": [{"type": "CLIPTextEncode"}]}}},
    }
    assert class_types_in(workflow) == {"KSampler", "VAEDecode", "SaveImage", "CLIPTextEncode"}


def test_what_has_an_unknown_shape_names_no_class() -> None:
    assert class_types_in([]) == frozenset()
    odd: dict[str, Json] = {
        "nodes": [1, {"type": 2}, {"id": []}],
        "definitions": {"subgraphs": [[], {"id": [], "nodes": 1}]},
        "extra": {"groupNodes": {"a": 1, "b": {"nodes": {}}}},
    }
    assert class_types_in(odd) == frozenset()
    assert class_types_in({**odd, "definitions": {"subgraphs": [1]}}) == frozenset()
    assert class_types_in({**odd, "definitions": [], "extra": 1}) == frozenset()
