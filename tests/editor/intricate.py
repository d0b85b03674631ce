"""An editor workflow made by hand that has a little of everything, for tests that change it at random."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.graph.json_value import Json
from tests.editor.portrait import OBJECT_INFO, node

__all__ = ["INTRICATE", "INTRICATE_INFO"]


def _slot(name: str, kind: str, link: int | None = None, widget: str = "") -> Json:
    more: Mapping[str, Json] = {"widget": {"name": widget}} if widget else {}
    return {"name": name, "type": kind, "link": link, **more}


def _output(kind: str) -> Json:
    return {"name": kind, "type": kind}


_INNER: Json = {
    "id": "inner",
    "name": "Inner",
    "state": {"lastNodeId": 9},
    "nodes": [
        node(
            *(1, "CLIPTextEncode", ["inner text"]),
            inputs=[_slot("text", "STRING", 1, "text"), _slot("clip", "CLIP", 2)],
            outputs=[_output("CONDITIONING")],
        ),
        {**node(2, "Reroute", []), "inputs": [_slot("", "*", 3)], "outputs": [_output("*")]},
    ],
    "links": [
        {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 1, "target_slot": 0},
        {"id": 2, "origin_id": -10, "origin_slot": 1, "target_id": 1, "target_slot": 1},
        {"id": 3, "origin_id": 1, "origin_slot": 0, "target_id": 2, "target_slot": 0},
        {"id": 4, "origin_id": 2, "origin_slot": 0, "target_id": -20, "target_slot": 0},
    ],
    "inputs": [
        {"name": "text", "type": "STRING", "linkIds": [1]},
        {"name": "clip", "type": "CLIP", "linkIds": [2]},
    ],
    "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING", "linkIds": [4]}],
}

_OUTER: Json = {
    "id": "outer",
    "name": "Outer",
    "nodes": [
        node(
            *(1, "inner", ["outer text"]),
            inputs=[_slot("text", "STRING", 1, "text"), _slot("clip", "CLIP", 2)],
            outputs=[_output("CONDITIONING")],
            properties={"proxyWidgets": [["1", "text"], ["-1", "text"], ["7", "gone"]]},
        )
    ],
    "links": [
        {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 1, "target_slot": 0},
        {"id": 2, "origin_id": -10, "origin_slot": 1, "target_id": 1, "target_slot": 1},
        {"id": 3, "origin_id": 1, "origin_slot": 0, "target_id": -20, "target_slot": 0},
    ],
    "inputs": [
        {"name": "text", "type": "STRING", "linkIds": [1]},
        {"name": "clip", "type": "CLIP", "linkIds": [2]},
    ],
    "outputs": [{"name": "CONDITIONING", "type": "CONDITIONING", "linkIds": [3]}],
}

INTRICATE: Json = {
    "last_node_id": 30,
    "nodes": [
        node(1, "CheckpointLoaderSimple", [None], outputs=[_output(each) for each in ("MODEL", "CLIP", "VAE")]),
        node(
            *(2, "outer", ["host text", None]),
            inputs=[_slot("text", "STRING", 1, "text"), _slot("clip", "CLIP", 2)],
            outputs=[_output("CONDITIONING")],
            properties={"proxyWidgets": [["1", "text"]]},
        ),
        node(3, "PrimitiveNode", ["{a|b}", "randomize"], outputs=[_output("STRING")]),
        node(4, "Reroute", [], inputs=[_slot("", "*", 3)], outputs=[_output("*")]),
        {
            **node(5, "CLIPTextEncode", {"text": "by name"}),
            "mode": 4,
            "inputs": [_slot("clip", "CLIP", 4), _slot("extra", "CONDITIONING", 5)],
            "outputs": [_output("CONDITIONING")],
        },
        node(6, "Grown", ["mp4", "fast", [1, 2]], inputs=[_slot("many.one0", "CONDITIONING", 6)], outputs=[_output("IMAGE")]),
        node(7, "SaveImage", ["%date:yyyy%/%Grown.format%_%Positive.text%"], inputs=[_slot("images", "IMAGE", 7)]),
        node(8, "workflow>pair", ["grouped", 3, "fixed"]),
        {**node(9, "SaveImage", []), "mode": 2, "inputs": [_slot("images", "IMAGE", 8)]},
        node(10, "Note", ["A note."]),
    ],
    "links": [
        [1, 3, 0, 2, 0, "STRING"],
        [2, 1, 1, 2, 1, "CLIP"],
        [3, 2, 0, 4, 0, "CONDITIONING"],
        [4, 1, 1, 5, 0, "CLIP"],
        [5, 4, 0, 5, 1, "CONDITIONING"],
        [6, 5, 0, 6, 0, "CONDITIONING"],
        [7, 6, 0, 7, 0, "IMAGE"],
        [8, 6, 0, 9, 0, "IMAGE"],
    ],
    "definitions": {"subgraphs": [_OUTER, _INNER]},
    "extra": {
        "groupNodes": {
            "pair": {
                "nodes": [
                    {"index": 0, "type": "CLIPTextEncode", "widgets_values": ["x"]},
                    {"index": 1, "type": "EmptyLatentImage", "widgets_values": [1, 2, 3]},
                ],
                "links": [],
                "external": [],
            }
        }
    },
    "version": 0.4,
}  # fmt: skip

INTRICATE_INFO: dict[str, Json] = {
    **OBJECT_INFO,
    "Pass": {
        "input": {"required": {"picture": ["IMAGE"]}},
        "input_order": {"required": ["picture"]},
        "output": ["IMAGE"],
    },
    "Grown": {
        "input": {
            "required": {
                "format": [
                    "COMFY_DYNAMICCOMBO_V3",
                    {
                        "options": [
                            {"key": "mp4", "inputs": {"required": {"preset": [["fast"]]}}},
                            {"key": "gif", "inputs": {"required": {}}},
                        ]
                    },
                ]
            },
            "optional": {
                "marks": ["CURVE", {"socketless": True}],
                "many": [
                    "COMFY_AUTOGROW_V3",
                    {"template": {"input": {"required": {"one": ["CONDITIONING"]}}, "prefix": "one"}},
                ],
            },
        },
        "input_order": {"required": ["format"], "optional": ["marks", "many"]},
        "output": ["IMAGE"],
    },
}  # fmt: skip
