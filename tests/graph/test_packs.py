"""Which node pack brings a class."""

from __future__ import annotations

import pytest

from gateway.graph.json_value import Json
from gateway.graph.packs import CORE, pack_of, packs_in_editor_workflow, packs_in_mappings


@pytest.mark.parametrize(
    ("module", "pack"),
    [
        ("custom_nodes.ComfyUI-Impact-Pack", "ComfyUI-Impact-Pack"),
        ("custom_nodes.rgthree-comfy", "rgthree-comfy"),
        ("nodes", CORE),
        ("comfy_extras.nodes_audio", CORE),
        ("comfy_api_nodes.nodes_x", CORE),
        ("somewhere.else", ""),
        ("", ""),
        ("custom_nodes.\x1b[31mred", ""),
    ],
)
def test_a_module_names_its_pack(module: str, pack: str) -> None:
    assert pack_of(module) == pack


def test_an_editor_workflow_tells_the_packs_of_its_nodes() -> None:
    raw: Json = {
        "nodes": [
            {"type": "Detail", "properties": {"cnr_id": "impact-pack", "ver": "8.1.0"}},
            {"type": "Detail", "properties": {"cnr_id": "another"}},
            {"type": "Seed", "properties": {"aux_id": "rgthree/rgthree-comfy"}},
            {"type": "Hashed", "properties": {"cnr_id": "p", "ver": "0123456789abcdef"}},
            {"type": "KSampler", "properties": {"cnr_id": "comfy-core"}},
            {"type": "None of these", "properties": {}},
            {"type": "Odd", "properties": {"cnr_id": 3}},
            {"type": 5, "properties": {"cnr_id": "x"}},
            "no node",
        ],
        "definitions": {
            "subgraphs": [{"nodes": [{"type": "Inner", "properties": {"cnr_id": "inner-pack"}}]}]
        },
    }
    assert packs_in_editor_workflow(raw) == {
        "Detail": "impact-pack 8.1.0",
        "Seed": "rgthree/rgthree-comfy",
        "Hashed": "p 0123456789ab",
        "KSampler": "comfy-core",
        "Inner": "inner-pack",
    }


def test_subgraphs_without_end_are_followed_for_a_while() -> None:
    raw: dict[str, Json] = {"nodes": []}
    for depth in range(20):
        node: Json = {"type": f"At{depth}", "properties": {"cnr_id": "p"}}
        raw = {"nodes": [node], "definitions": {"subgraphs": [raw]}}
    assert len(packs_in_editor_workflow(raw)) == 9


@pytest.mark.parametrize("raw", [None, 3, [], {"nodes": {}}, {"nodes": [{"type": "A"}]}])
def test_what_is_no_editor_workflow_tells_nothing(raw: Json) -> None:
    assert packs_in_editor_workflow(raw) == {}


def test_the_managers_mappings_are_read_for_the_classes_in_question() -> None:
    raw: Json = {
        "https://github.com/one/pack": [["A", "B"], {"title_aux": "One Pack"}],
        "two-pack": [["B", "C"], {"title_aux": "two-pack"}],
        "three": [["D"]],
        "\x07": [["E"], {"title_aux": "Titled"}],
        "\x08": [["F"], {}],
        "odd": [],
        "odder": "x",
        "oddest": [None, None],
    }
    assert packs_in_mappings(raw, {"A", "B", "C", "D", "E", "F"}) == {
        "A": "One Pack (https://github.com/one/pack)",
        "B": "One Pack (https://github.com/one/pack)",
        "C": "two-pack",
        "D": "three",
        "E": "Titled",
    }
    assert packs_in_mappings(raw, {"Z"}) == {}
    assert packs_in_mappings(None, {"A"}) == {}
