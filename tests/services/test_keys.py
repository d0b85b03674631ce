"""The parser and the editors' schema come from one model: they refuse the same faults of shape."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.errors import Finding
from gateway.graph.json_value import Json
from gateway.services.document import read_document
from gateway.services.file_keys import FILE
from gateway.services.findings import Findings
from gateway.services.keys import services_schema
from gateway.services.model import (
    BackendDeclaration,
    Declaration,
    Limits,
    OutputRule,
    Parameter,
    Service,
)
from gateway.services.parse import parse_services
from gateway.services.reading import read_record
from gateway.services.settings import (
    GatewaySettings,
    HttpSettings,
    InputUrls,
    JobSettings,
    KeepPolicy,
    PreviewSettings,
)
from gateway.services.tree import to_json
from gateway.services.webhook import Webhook, WebhookSettings

VALIDATOR: Any = Draft202012Validator(services_schema())
FOLDER = Path(__file__).parent

OF_YAML = {
    "file-empty",
    "variable-in-key",
    "variable-malformed",
    "variable-missing",
    "variable-unquoted",
    "yaml-alias-cycle",
    "yaml-alias-flood",
    "yaml-alias-unknown",
    "yaml-character",
    "yaml-duplicate-key",
    "yaml-key-not-text",
    "yaml-merge-key",
    "yaml-several-documents",
    "yaml-syntax",
    "yaml-tab",
    "yaml-tag",
    "yaml-too-deep",
}
"""Faults of the YAML itself: the values that a schema sees no longer have them."""

OF_SHAPE = {
    "header-invalid",
    "key-alone",
    "key-missing",
    "key-unknown",
    "keys-clash",
    "name-invalid",
    "name-reserved",
    "path-invalid",
    "secret-in-file",
    "target-invalid",
    "url-invalid",
    "value-empty",
    "value-not-json",
    "value-range",
    "value-type",
    "variable-value",
    "workflow-outside",
}
"""Faults that parser and schema both refuse, but for those that `is_beyond_a_schema` tells."""

OF_MEANING = {
    "batch-count-random",
    "bucket-key-unfit",
    "choice-twice",
    "choices-empty",
    "choices-uneven",
    "item-random",
    "limits-contradict",
    "links-too-long",
    "pattern-invalid",
    "random-not-integer",
    "services-none",
    "store-unknown",
    "target-twice",
    "url-credentials",
    "value-refused",
    "webhook-host-forbidden",
    "webhook-unsigned",
}
"""Faults between values, and of what this version cannot do: no schema could tell."""


def is_beyond_a_schema(finding: Finding) -> bool:
    """Tell whether only the parser can refuse it.

    JSON Schema knows no NaN, no infinity and no characters that text may not hold, cannot reckon that
    99999999h are more than ten years. It takes 0.0 for an integer, so for a node's id, and nothing else.
    """
    whole = re.fullmatch(r"-?\d+\.0", finding.found or "") is not None
    is_id = whole and finding.message == "`node` must be an id"
    return finding.code == "value-not-json" or "ten years" in finding.message or is_id


def verdicts(text: str) -> tuple[bool, tuple[Finding, ...]] | None:
    """Return whether the schema takes a file, and the parser's faults of shape."""
    document = Findings("services.yaml")
    root = read_document(text, document, {})
    if root is None or document.has_errors():
        return None
    shape = Findings("services.yaml")
    read_record(FILE, root, shape)
    return VALIDATOR.is_valid(to_json(root)), shape.in_order()


def agree(text: str) -> None:
    both = verdicts(text)
    if both is not None:
        accepted, findings = both
        told = [finding for finding in findings if not is_beyond_a_schema(finding)]
        assert accepted == (told == []) or (not accepted and findings), (text, findings)


def test_a_whole_number_with_a_fraction_is_an_id_to_the_schema_alone() -> None:
    text = (
        "version: 1\nservices: {a: {workflow: a.json, parameters: {b: {node: 0.0, widget: c}}}}\n"
    )
    both = verdicts(text)
    assert both is not None
    accepted, (finding,) = both
    assert accepted
    assert (finding.code, finding.found) == ("value-type", "0.0")
    agree(text)


def test_the_schema_is_valid_json_schema() -> None:
    Draft202012Validator.check_schema(cast("Any", services_schema()))
    assert services_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_schema_is_the_one_that_is_shipped() -> None:
    shipped = FOLDER.parents[1] / "schemas" / "services.schema.json"
    assert json.loads(shipped.read_text("utf-8")) == services_schema()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*valid/*.yaml")), ids=lambda path: path.stem)
def test_schema_and_parser_agree_about_every_file(path: Path) -> None:
    agree(path.read_text("utf-8"))


def test_every_kind_of_fault_is_of_the_yaml_the_shape_or_the_meaning() -> None:
    seen: set[str] = set()
    for path in (FOLDER / "invalid").glob("*.yaml"):
        environment = {"SECRET": "hunter2", "NUMBER": "2", "EMPTY": ""}
        parsed = parse_services(path.read_text("utf-8"), "services.yaml", environment)
        seen |= {finding.code for finding in parsed.findings}
    assert seen | {"services-none"} == OF_YAML | OF_SHAPE | OF_MEANING
    assert len(OF_YAML) + len(OF_SHAPE) + len(OF_MEANING) == len(OF_YAML | OF_SHAPE | OF_MEANING)


def test_most_invalid_files_are_refused_by_the_schema_too() -> None:
    """Were the comparison above empty, nobody would notice."""
    both = [
        verdicts(path.read_text("utf-8")) for path in sorted((FOLDER / "invalid").glob("*.yaml"))
    ]
    refused = [each for each in both if each is not None and not each[0]]
    assert len(refused) >= 25


@pytest.mark.parametrize("path", sorted((FOLDER / "valid").glob("*.yaml")), ids=lambda p: p.stem)
def test_every_valid_file_is_valid_to_an_editor_variables_included(path: Path) -> None:
    text = path.read_text("utf-8").replace("${EMPTY", "${NUMBER").replace("a$", "$")
    environment = {name: f"${{{name}}}" for name in ("NUMBER", "SET", "EMPTY", "WEBHOOK_SECRET")}
    root = read_document(text, Findings("services.yaml"), environment)
    assert root is not None
    errors: list[Any] = list(VALIDATOR.iter_errors(to_json(root)))
    assert [error.message for error in errors] == []


# --- mutations ------------------------------------------------------------------------------------

EVERY_KEY = (FOLDER / "valid" / "every-key.yaml").read_text("utf-8")
SUPPLIES = (FOLDER / "valid" / "supplies.yaml").read_text("utf-8")


def paths_in(value: Json, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of everything in a JSON value."""
    yield at
    entries: Any = value.items() if isinstance(value, dict) else ()
    items: Any = enumerate(value) if isinstance(value, list) else ()
    for key, each in (*entries, *items):
        yield from paths_in(each, (*at, key))


def json_of(text: str) -> Json:
    root = read_document(text, Findings("services.yaml"), {})
    assert root is not None
    return to_json(root)


def changed(value: Any, path: tuple[str | int, ...], change: Any) -> Any:
    """Return a copy with `change` applied to what stands at a path."""
    if not path:
        return change(value)
    fresh = copy(value)
    fresh[path[0]] = changed(value[path[0]], path[1:], change)
    return fresh


EDITS = (FOLDER / "valid" / "edits.yaml").read_text("utf-8")
VALID = [json_of(EVERY_KEY), json_of(SUPPLIES), json_of(EDITS)]
SPOTS = [(number, path) for number, value in enumerate(VALID) for path in paths_in(value)]
WORDS = [
    "",
    "none",
    "keep",
    "3.steps",
    "6.5",
    "10m",
    "0s",
    "5GB",
    "a b",
    "Ab",
    "../a.json",
    "x" * 41,
]
KEYS = [
    *("node", "widget", "targets", "choices", "required", "default", "value", "title", "nodes"),
    *("bypass", "mute", "when_absent", "repeat", "items", "max_items", "widgets"),
]
SCALARS: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-200, 10**6),
    st.floats(-10, 1e9, allow_nan=False).map(lambda number: round(number, 3)),
    st.sampled_from(WORDS),
    st.from_regex(r"[a-z0-9_.:/]{0,45}", fullmatch=True),
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*KEYS, "a.b"]), inner, max_size=3),
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=40)
@given(spot=st.sampled_from(SPOTS), value=VALUES)
def test_schema_and_parser_agree_when_anything_is_replaced(
    spot: tuple[int, tuple[str | int, ...]], value: Json
) -> None:
    number, path = spot

    def replace(_: Any) -> Any:
        return value

    agree(yaml.safe_dump(changed(VALID[number], path, replace), allow_unicode=True))


@settings(deadline=None, max_examples=40)
@given(
    spot=st.sampled_from(SPOTS),
    key=st.sampled_from(KEYS) | st.text("abz_", max_size=8),
    value=VALUES,
)
def test_schema_and_parser_agree_when_a_key_is_added(
    spot: tuple[int, tuple[str | int, ...]], key: str, value: Json
) -> None:
    number, path = spot

    def add(mapping: Any) -> Any:
        if not isinstance(mapping, dict):
            return mapping
        return {**cast("dict[str, Any]", mapping), key: value}

    agree(yaml.safe_dump(changed(VALID[number], path, add)))


@settings(deadline=None, max_examples=40)
@given(spot=st.sampled_from([spot for spot in SPOTS if spot[1]]))
def test_schema_and_parser_agree_when_anything_is_left_out(
    spot: tuple[int, tuple[str | int, ...]],
) -> None:
    number, path = spot

    def remove(container: Any) -> Any:
        fresh = copy(container)
        del fresh[path[-1]]
        return fresh

    agree(yaml.safe_dump(changed(VALID[number], path[:-1], remove)))


# --- the model and the values it becomes ----------------------------------------------------------


def properties(*path: str) -> dict[str, Any]:
    schema: Any = services_schema()
    for step in path:
        schema = schema[step]
    return schema["properties"]


def fields_of(kind: Any) -> set[str]:
    return {field.name for field in dataclasses.fields(kind)} - {"name", "place", "places"}


SERVICE = ("properties", "services", "additionalProperties")


@pytest.mark.parametrize(
    ("schema_path", "kinds", "renamed"),
    [
        ((), [Declaration], {"file": "version"}),
        (
            ("properties", "backends", "additionalProperties"),
            [BackendDeclaration],
            {"tls_verify": "tls", "tls_ca": "tls"},
        ),
        (SERVICE, [Service], {}),
        ((*SERVICE, "properties", "outputs", "additionalProperties"), [OutputRule], {}),
        (
            (*SERVICE, "properties", "parameters", "additionalProperties", "anyOf", 1),
            [Parameter, Limits],
            {
                "supply": ["required", "default", "value"],
                "limits": [],
                "choice_map": "choices",
                "targets": ["targets", "node", "widget"],
                "repeat": ["repeat", "items", "max_items"],
            },
        ),
        (("properties", "jobs"), [JobSettings], {}),
        (("properties", "jobs", "properties", "keep"), [KeepPolicy], {}),
        (("properties", "gateway"), [GatewaySettings], {"": "name"}),
        (("properties", "gateway", "properties", "http"), [HttpSettings], {}),
        (("properties", "gateway", "properties", "preview"), [PreviewSettings], {}),
        (("properties", "gateway", "properties", "input_urls"), [InputUrls], {}),
        (("properties", "gateway", "properties", "webhooks"), [WebhookSettings], {}),
        ((*SERVICE, "properties", "webhook", "anyOf", 1), [Webhook], {}),
    ],
)
def test_schema_and_declaration_have_the_same_keys(
    schema_path: Any, kinds: list[Any], renamed: dict[str, Any]
) -> None:
    wanted: set[str] = set()
    for name in {name for kind in kinds for name in fields_of(kind)} | ({""} & set(renamed)):
        new = renamed.get(name, name)
        wanted |= {new} if isinstance(new, str) else set(new)
    assert set(properties(*schema_path)) == wanted


def test_what_is_left_out_has_the_default_that_the_schema_shows() -> None:
    shown = {
        "gateway": {
            name: part["default"]
            for name, part in properties("properties", "gateway").items()
            if "default" in part
        }
    }
    for name in ("http", "preview", "input_urls", "webhooks"):
        parts = properties("properties", "gateway", "properties", name)
        shown["gateway"][name] = {
            key: part["default"] for key, part in parts.items() if "default" in part
        }
    parsed = parse_services(yaml.safe_dump({"version": 1, **shown}), "services.yaml", {})
    assert parsed.declaration is not None
    assert parsed.declaration.gateway == GatewaySettings()


def test_what_is_left_out_everywhere_has_the_default_of_the_declaration() -> None:
    text = "version: 1\nbackends: {a: {url: http://a}}\nservices: {b: {workflow: b.json}}\n"
    declaration = parse_services(text, "services.yaml", {}).declaration
    assert declaration is not None
    (backend,), (service,) = declaration.backends, declaration.services
    assert backend == BackendDeclaration("a", "http://a", place=backend.place)
    assert service == Service("b", service.place, "b.json", "B", "B.", places=service.places)
    assert declaration.gateway == GatewaySettings()
    assert declaration.jobs == JobSettings()
    assert declaration.outputs == Declaration("", (), ()).outputs


def properties_in(schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield every property of a schema, at any depth."""
    if isinstance(schema, dict):
        parts = cast("dict[str, Any]", schema)
        inner: dict[str, Any] = parts.get("properties", {})
        yield from inner.items() if "description" in str(inner) else ()
        for part in parts.values():
            yield from properties_in(part)
    elif isinstance(schema, list):
        for each in cast("list[Any]", schema):
            yield from properties_in(each)


def test_every_key_tells_editors_what_it_is_for() -> None:
    found = list(properties_in(services_schema()))
    assert len(found) > 60
    assert [name for name, part in found if not part["description"].endswith(".")] == []
