"""Broken files of every dialect, with what is said of each: wording is reviewed like code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from gateway.graph.json_value import Json
from gateway.intake.dialects.detect import choose
from gateway.intake.dialects.migrate import migrate
from gateway.intake.dialects.notes import Unmigratable
from tests.intake.dialects.reading import migrated, rendered, source
from tests.services.text_snapshot import TextSnapshot

SAVE: dict[str, Json] = {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}
LOAD: dict[str, Json] = {"class_type": "LoadImage", "inputs": {"image": "a.png"}}
GRAPH: dict[str, Json] = {"1": LOAD, "2": SAVE}
EDITOR: dict[str, Json] = {"nodes": [{"id": 1, "type": "LoadImage", "title": "$image.image"}]}


def titled(title: str, class_type: str = "KSampler", **inputs: Json) -> dict[str, Json]:
    return {"class_type": class_type, "inputs": inputs, "_meta": {"title": title}}


def service(**keys: Json) -> dict[str, Json]:
    return {"name": "draw", "comfyui_workflow_api": "draw.json", "parameters": [], **keys}


def config(*services: Json, **keys: Json) -> dict[str, Json]:
    return {"comfyui": {}, "services": services and list(services), **keys}


def page(*fields: Json, **keys: Json) -> dict[str, Json]:
    inputs: Json = [{"title": "Group", "inputs": list(fields)}]
    said: Json = {"title": "Page", "inputs": inputs, **keys}
    return {"workflows": [{"viewComfyJSON": said, "workflowApiJSON": GRAPH}]}


DRAW = {"draw.json": GRAPH}

CASES: Mapping[str, tuple[str | None, Json, Mapping[str, Any]]] = {
    # --- config.json ---
    "config-no-object": ("services-config", ["services"], {}),
    "config-services-no-list": ("services-config", {"services": {"draw": {}}}, {}),
    "config-service-no-object": (None, config("draw"), {}),
    "config-service-empty": (None, config({}), {}),
    "config-no-services": ("services-config", {"services": []}, {}),
    "config-workflow-missing": (None, config(service(), service(name="again")), {}),
    "config-workflow-editor-format": (None, config(service()), {"beside": {"draw.json": EDITOR}}),
    "config-workflow-no-graph": (None, config(service()), {"beside": {"draw.json": [1]}}),
    "config-parameters-wrong": (
        None,
        config(
            service(
                description=5,
                parameters=[
                    "seed",
                    {"name": "", "comfyui_node_id": True, "comfyui_widget_name": None},
                    {
                        "name": "x",
                        "type": "colour",
                        "required": "yes",
                        "comfyui_node_id": 1,
                        "comfyui_widget_name": "image",
                    },
                ],
                outputs=[{"name": "y", "source": []}, {"name": "z", "source": {"index": "one"}}],
            )
        ),
        {"beside": DRAW},
    ),
    "config-settings-wrong": (
        None,
        config(
            service(outputs=[{"name": "y", "source": {"node_id": "2", "index": -1}}]),
            comfyui={"address": "http://ada:secret@host:8188"},
            s3={"bucket": "boats", "endpoint": "ftp://x", "public_domain": "https://a:b@c/"},
            jobs={"max_job_age": "long", "max_jobs": 0},
            more=1,
        ),
        {"beside": DRAW},
    ),
    "config-settings-beyond-measure": (
        None,
        config(
            service(), s3={"bucket": "my bucket"}, jobs={"max_job_age": 1e300, "max_jobs": 10**30}
        ),
        {"beside": DRAW},
    ),
    "config-s3-no-object": (None, config(service(), s3="bucket"), {"beside": DRAW}),
    # --- titles ---
    "dollar-editor-format-without-definitions": (None, EDITOR, {}),
    "dollar-no-graph": ("dollar-titles", {"a": 1}, {}),
    "dollar-link": (None, {"1": LOAD, "2": titled("$p.images", "SaveImage", images=["1", 0])}, {}),
    "arrow-two-names": (None, {"1": titled("==one=="), "2": titled("==two==")}, {}),
    "arrow-no-name": (None, {"1": titled("=>Steps", steps=4)}, {}),
    # --- placeholders ---
    "placeholders-meta-alone": (None, {"name": "x"}, {"file": "x.meta.json"}),
    "placeholders-meta-no-object": (
        None,
        {"1": titled("", text="PARAM_TEXT_PROMPT")},
        {"file": "x.json", "beside": {"x.meta.json": [1]}},
    ),
    "placeholders-meta-wrong": (
        None,
        {"1": titled("", text="PARAM_TEXT_PROMPT", seed="PARAM_INT_SEED", flag="PARAM_BOOL_ON")},
        {
            "file": "x.json",
            "beside": {
                "x.meta.json": {
                    "name": 7,
                    "defaults": [],
                    "constraints": {"seed": 5, "prompt": {"min": "low"}},
                    "override_mappings": {"prompt": "6.text", "other": [["1"], ["1", "text"]]},
                }
            },
        },
    ),
    # --- tables and pages ---
    "table-without-workflow": (None, [{"type": "prompt", "key": "text", "node_ids": ["6"]}], {}),
    "table-workflow-no-json": (
        None,
        {"COMFYUI_WORKFLOW": "{", "COMFYUI_WORKFLOW_NODES": []},
        {},
    ),
    "table-rows-wrong": (
        None,
        {
            "COMFYUI_WORKFLOW": GRAPH,
            "COMFYUI_WORKFLOW_NODES": [
                5,
                {"type": "colour", "node_ids": ["1"]},
                {"type": "image", "node_ids": {"1": True}},
                {"type": "", "key": "", "node_ids": None},
            ],
        },
        {},
    ),
    "table-no-list": (None, {"COMFYUI_WORKFLOW": GRAPH, "COMFYUI_WORKFLOW_NODES": {}}, {}),
    "view-no-object": ("view-comfy", 5, {}),
    "view-field-without-widget": (
        None,
        page({"title": "x"}, {"title": "y", "workflowPath": ["1"]}, {"title": "z", "key": "1"}),
        {},
    ),
    "view-field-wrong": (
        None,
        page(
            {
                "key": "1-inputs-image",
                "valueType": "image",
                "value": "b.png",
                "validations": {"required": False, "pattern": "x"},
                "options": 5,
                "min": "low",
            },
            {"title": 5, "key": "2-inputs-size", "validations": 1},
        ),
        {},
    ),
    # --- schema.json ---
    "skill-without-workflow": (None, {"parameters": {"x": {"node_id": 1, "field": "image"}}}, {}),
    "skill-parameters-wrong": (
        "skill-schema",
        {"parameters": {"x": 1, "y": {"node_id": "1"}}, "ui_parameters": [1], "enabled": "no"},
        {"beside": {"workflow.json": GRAPH}},
    ),
    # --- primitives ---
    "primitives-editor-only": (
        "primitives",
        {"nodes": [{"id": 1, "type": "PrimitiveNode", "title": "Steps"}]},
        {},
    ),
    "name-taken": (None, {"1": titled("==draw=="), "2": LOAD}, {"taken": ("draw",)}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_said_with_its_place_and_what_to_do(
    case: str, snapshot: SnapshotAssertion
) -> None:
    dialect, raw, keys = CASES[case]
    assert rendered(migrated(raw, dialect, **keys)) == snapshot.use_extension(TextSnapshot)


@pytest.mark.parametrize("case", CASES)
def test_everything_said_has_a_file_and_a_mend(case: str) -> None:
    dialect, raw, keys = CASES[case]
    migration = migrated(raw, dialect, **keys)
    assert migration.told
    for note in migration.told:
        assert note.file
        assert note.mend
        assert "secret" not in note.message + (note.found or "")


@pytest.mark.parametrize("raw", [None, 5, "text", [], {}, {"1": {"class_type": "A", "inputs": {}}}])
def test_a_file_of_no_dialect_is_told_which_there_are(raw: Json) -> None:
    with pytest.raises(Unmigratable) as caught:
        choose(source(raw))
    (note,) = caught.value.notes
    assert note.code == "migrate-dialect-unknown"
    assert "services-config" in (note.mend or "")


def test_a_file_of_two_dialects_asks_which_is_meant() -> None:
    both = source({"1": titled("$steps.steps", steps=4), "2": titled("==x==")})
    with pytest.raises(Unmigratable, match="several dialects: dollar-titles, arrow-titles"):
        choose(both)
    assert migrate([(both, choose(both, "dollar-titles"))]).is_whole


def test_primitive_nodes_count_where_nothing_else_is_marked() -> None:
    primitive = titled("steps", "PrimitiveInt", value=4)
    assert choose(source({"1": primitive})).name == "primitives"
    assert choose(source({"1": primitive, "2": titled("$x.y", y=1)})).name == "dollar-titles"
