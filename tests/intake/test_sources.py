"""The workflow in what people hold."""

from __future__ import annotations

import json

import pytest

from gateway.errors import GatewayError
from gateway.graph.json_value import Json
from gateway.graph.prompt import to_json
from gateway.intake.sources import (
    Source,
    classes_in,
    material_of,
    source_in_json,
    source_in_texts,
)
from tests.intake.graphs import RAW, node

API: Json = to_json({"1": node("Tuner", "Soft", amount=1.0)})
EDITOR: Json = {
    "version": 0.4,
    "last_node_id": 1,
    "last_link_id": 0,
    "nodes": [
        {
            "id": 1,
            "type": "Tuner",
            "title": "Film look",
            "mode": 0,
            "inputs": [],
            "outputs": [],
            "widgets_values": [0.5, "soft", "one", {}],
        }
    ],
    "links": [],
}


@pytest.mark.parametrize(
    ("held", "source"),
    [
        (API, Source(API)),
        (EDITOR, Source(editor=EDITOR)),
        ({"prompt": API}, Source(API)),
        ({"prompt": EDITOR}, Source(editor=EDITOR)),
        ({"prompt": json.dumps(API), "workflow": json.dumps(EDITOR)}, Source(API, EDITOR)),
        ({"prompt": "words", "workflow": EDITOR}, Source(None, EDITOR)),
        ({"prompt": {"class_type": "A", "inputs": {}}}, None),
    ],
)
def test_json_holds_either_format_or_both(held: Json, source: Source | None) -> None:
    assert source_in_json(json.dumps(held)) == (source or Source(held))


def test_what_no_json_can_say_again_is_null() -> None:
    held = source_in_json('{"prompt": {"1": [NaN, -Infinity, 1e999, 1.5]}}')
    assert held == Source({"1": [None, None, None, 1.5]})


@pytest.mark.parametrize("text", ["{", "[" * 200_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(GatewayError) as refused:
        source_in_json(text)
    assert refused.value.code == "workflow-json-invalid"


def test_a_picture_s_texts_hold_both_and_nan_is_no_hindrance() -> None:
    texts = {
        "prompt": json.dumps(API)[:-1] + ', "9": {"is_changed": [NaN]}}',
        "workflow": json.dumps(EDITOR),
        "parameters": "steps: 20",
    }
    source = source_in_texts("PNG", texts)
    assert source.editor == EDITOR
    assert classes_in(source) == {"Tuner"}


def test_a_comment_may_hold_both_as_some_node_packs_write_them() -> None:
    comment = json.dumps({"prompt": json.dumps(API), "workflow": EDITOR})
    assert source_in_texts("MP4", {"comment": comment}) == Source(API, EDITOR)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({}, "no workflow is embedded in this PNG file"),
        ({"comment": "made by me"}, "no workflow is embedded in this PNG file"),
        ({"comment": "[1]"}, "no workflow is embedded in this PNG file"),
        ({"prompt": "{"}, "its `prompt` is no JSON"),
    ],
)
def test_a_picture_without_one_is_told_as_such(texts: dict[str, str], said: str) -> None:
    with pytest.raises(GatewayError) as refused:
        source_in_texts("PNG", texts)
    assert refused.value.code == "workflow-not-embedded"
    assert said in refused.value.message


def test_the_classes_of_subgraphs_and_groups_count() -> None:
    editor: Json = {
        "nodes": [{"type": "A"}, {"type": 5}, None],
        "definitions": {"subgraphs": [{"nodes": [{"type": "B"}]}, 7]},
        "extra": {"groupNodes": {"g": {"nodes": [{"type": "C"}]}}},
    }
    api: Json = {"prompt": {"1": {"class_type": "D"}, "2": {"class_type": 5}}, "x": 1}
    assert classes_in(Source(api, editor)) == {"A", "B", "C", "D"}
    assert classes_in(Source()) == frozenset()


def test_what_ran_is_used_and_the_save_file_gives_its_titles() -> None:
    untitled: Json = {"1": {"class_type": "Tuner", "inputs": {"amount": 1.5}}}
    material = material_of(Source(untitled, EDITOR), RAW)
    assert material.prompt["1"].inputs == {"amount": 1.5}
    assert material.prompt["1"].title == "Film look"
    assert set(material.definitions) == set(RAW)


def test_a_save_file_is_converted_by_its_nodes_definitions() -> None:
    material = material_of(Source(editor=EDITOR), RAW)
    assert material.prompt["1"].inputs["amount"] == 0.5
    # What should be a graph and is none is passed over where there is a save file.
    assert material_of(Source("words", EDITOR), RAW).prompt == material.prompt


@pytest.mark.parametrize(
    ("source", "raw", "code"),
    [
        (Source(editor=EDITOR), {}, "definitions-needed"),
        (Source("words"), RAW, "workflow-not-api-format"),
        (Source(), RAW, "workflow-not-editor-format"),
        (Source(editor={"version": 0.4, "nodes": [], "links": []}), RAW, "workflow-empty"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_mend(
    source: Source, raw: dict[str, Json], code: str
) -> None:
    with pytest.raises(GatewayError) as refused:
        material_of(source, raw)
    assert refused.value.code == code
    assert refused.value.mend
