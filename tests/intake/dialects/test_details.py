"""What single dialects do that the files beside do not show."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from gateway.graph.json_value import Json
from gateway.intake.dialects import arrow_titles, dollar_titles, placeholders, services_config
from gateway.intake.dialects.drafts import Source, Unreadable
from gateway.intake.dialects.notes import Unmigratable
from gateway.services.model import ById, LeftOut
from tests.intake.dialects.reading import codes, migrated, text_of

DEFINITIONS: dict[str, Json] = {
    "PrimitiveInt": {
        "input": {"required": {"value": ["INT", {"default": 3, "min": 0, "max": 9}]}},
        "output": ["INT"],
        "output_name": ["INT"],
    },
    "Show": {
        "input": {
            "required": {
                "number": ["INT", {"default": 7}],
                "mode": [["slow", "fast"], {}],
                "style": ["COMBO", {"options": ["plain", "rich"]}],
            }
        },
        "output": [],
        "output_node": True,
    },
}


def editor(*nodes: Mapping[str, Json]) -> Json:
    every: Json = [{"inputs": [], "outputs": [], "mode": 0, "order": 0, **each} for each in nodes]
    return {"nodes": every, "links": [], "version": 0.4, "last_node_id": 9, "last_link_id": 9}


def show(number: int, title: str, **keys: Json) -> dict[str, Json]:
    return {
        "id": number,
        "type": "Show",
        "title": title,
        "widgets_values": [4, "slow", "plain"],
        **keys,
    }


def test_an_editor_s_file_is_converted_where_definitions_are_given() -> None:
    raw = editor(show(1, "$count.number!:How many"), show(2, "$gone.number", mode=2))
    migration = migrated(raw, definitions=DEFINITIONS, file="show.json")
    (entry,) = migration.entries
    (parameter,) = entry.parameters
    assert parameter.targets[0].node == ById("1")
    assert migration.workflows["show.json"]["1"].title == "count"
    assert codes(migration) == ["migrate-not-carried"]
    assert "takes no part" in migration.told[0].message


def test_an_editor_s_node_may_name_the_service_though_it_is_in_no_graph() -> None:
    name: Json = {
        "id": 3,
        "type": "PrimitiveNode",
        "title": "==Show it==",
        "widgets_values": ["Shows a number."],
        "outputs": [{"name": "", "type": "STRING", "links": []}],
    }
    assert isinstance(name, dict)
    migration = migrated(editor(show(1, "=>Shown"), name), definitions=DEFINITIONS)
    (entry,) = migration.entries
    assert (entry.name, entry.description) == ("show_it", "Shows a number.")
    assert [each.name for each in entry.parameters] == ["shown_number", "shown_mode", "shown_style"]


def test_an_editor_s_primitive_is_told_by_its_title() -> None:
    fed: Json = {
        "id": 3,
        "type": "PrimitiveNode",
        "title": "Number",
        "widgets_values": [4, "fixed"],
    }
    assert isinstance(fed, dict)
    kept: Json = {"id": 4, "type": "PrimitiveInt", "title": "Kept", "widgets_values": [4, "fixed"]}
    assert isinstance(kept, dict)
    migration = migrated(editor(show(1, "Show"), fed, kept), definitions=DEFINITIONS)
    assert [each.name for each in migration.entries[0].parameters] == ["kept"]
    assert [each.found for each in migration.told if each.code == "migrate-not-carried"] == [
        "Number"
    ]


def test_an_editor_s_file_that_cannot_be_converted_is_told() -> None:
    unknown: Json = {"id": 1, "type": "Mine", "title": "$x.y"}
    assert isinstance(unknown, dict)
    migration = migrated(editor(unknown), definitions=DEFINITIONS)
    assert not migration.is_whole
    assert migration.entries == ()


def test_a_broken_editor_s_file_is_not_read_at_all() -> None:
    raw: Json = {"nodes": [5, {"id": 1, "title": 7}]}
    assert not dollar_titles.recognises(Source("x.json", raw))
    assert not arrow_titles.recognises(Source("x.json", raw))
    assert not placeholders.recognises(Source("x.json", raw))


def test_an_editor_s_placeholders_are_found_in_its_widgets() -> None:
    held: Json = {"id": 1, "type": "Show", "widgets_values": ["PARAM_INT_COUNT", "slow", "plain"]}
    assert isinstance(held, dict)
    migration = migrated(editor(held), definitions=DEFINITIONS, file="s.json")
    (parameter,) = migration.entries[0].parameters
    assert parameter.name == "count"
    # The definition's own default takes the placeholder's place.
    assert migration.workflows["s.json"]["1"].inputs["number"] == 7


def test_a_placeholder_takes_the_first_option_of_its_definition() -> None:
    inputs: Json = {"number": 4, "mode": "PARAM_MODE", "style": "PARAM_STYLE"}
    raw: Json = {"1": {"class_type": "Show", "inputs": inputs}}
    migration = migrated(raw, definitions=DEFINITIONS)
    assert migration.workflows["file.json"]["1"].inputs == {
        "number": 4,
        "mode": "slow",
        "style": "plain",
    }


def test_a_workflow_s_meta_file_that_cannot_be_read_stops_it() -> None:
    unreadable = Unreadable("workflow-outside", "it is outside", "Put it inside.")
    source = Source(
        "x.json", {"1": {"class_type": "A", "inputs": {}}}, beside={"x.meta.json": unreadable}
    )
    with pytest.raises(Unmigratable, match="it is outside"):
        placeholders.read(source)


def test_a_named_workflow_stands_in_for_one_that_is_not_beside() -> None:
    raw: Json = {"services": [{"name": "a", "comfyui_workflow_api": "/app/a.json"}]}
    outside = Unreadable("workflow-outside", "it is outside", "Put it inside.")
    graph: Json = {"1": {"class_type": "A", "inputs": {}}}
    refused = Source("c.json", raw, beside={"/app/a.json": outside})
    with pytest.raises(Unmigratable, match="it is outside"):
        services_config.read(refused)
    assert migrated(raw, workflow=graph).entries[0].workflow == "named.json"


def test_a_node_that_names_a_service_stays_when_something_comes_from_it() -> None:
    raw: Json = {
        "1": {
            "class_type": "PrimitiveString",
            "inputs": {"text": "Says."},
            "_meta": {"title": "==Say=="},
        },
        "2": {"class_type": "Show", "inputs": {"text": ["1", 0]}, "_meta": {"title": ""}},
    }
    migration = migrated(raw)
    assert [*migration.workflows["file.json"]] == ["1", "2"]
    assert migration.entries[0].description == "Says."


@pytest.mark.parametrize(
    ("age", "kept"),
    [(86_400_000, "24h"), (90_000, "90s"), (60_000, "1m"), (1500, "1500ms"), (0.5, "1ms")],
)
def test_an_age_in_milliseconds_is_a_duration(age: float, kept: str) -> None:
    graph: Json = {"1": {"class_type": "A", "inputs": {}}}
    services: Json = [{"name": "a", "comfyui_workflow_api": "a.json"}]
    raw: Json = {"services": services, "jobs": {"max_job_age": age}}
    assert f'age: "{kept}"' in text_of(migrated(raw, beside={"a.json": graph}))


def test_the_example_s_bucket_is_nobody_s() -> None:
    graph: Json = {"1": {"class_type": "A", "inputs": {}}}
    services: Json = [{"name": "a", "comfyui_workflow_api": "a.json"}]
    raw: Json = {
        "services": services,
        "s3": {"bucket": "your-s3-bucket-name"},
        "comfyui": {"address": ""},
    }
    text = text_of(migrated(raw, beside={"a.json": graph}))
    assert "outputs" not in text
    assert "backends" not in text


def test_a_bucket_needs_no_more_than_its_name() -> None:
    graph: Json = {"1": {"class_type": "A", "inputs": {}}}
    services: Json = [{"name": "a", "comfyui_workflow_api": "a.json"}]
    raw: Json = {"services": services, "s3": {"bucket": "boats", "endpoint": ""}}
    text = text_of(migrated(raw, beside={"a.json": graph}))
    assert 'outputs:\n  url: "s3://boats/comfyui-output"\n  path_style: false\n' in text


def test_what_may_be_a_secret_is_not_shown() -> None:
    graph: Json = {"1": {"class_type": "A", "inputs": {}}}
    services: Json = [{"name": "a", "comfyui_workflow_api": "a.json"}]
    more: Json = {"api_key": "hunter2", "deep": {"x": "hunter2"}, "url": "http://a:hunter2@b"}
    assert isinstance(more, dict)
    migration = migrated({"services": services, **more}, beside={"a.json": graph})
    assert "hunter2" not in str(migration.told)
    assert migration.entries[0].parameters == ()


def test_a_text_whose_graph_holds_it_need_not_be_given() -> None:
    raw: Json = {
        "1": {"class_type": "PrimitiveInt", "inputs": {"value": 4}, "_meta": {"title": "n"}}
    }
    (entry,) = migrated(raw).entries
    assert entry.parameters[0].supply == LeftOut()
