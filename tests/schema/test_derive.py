"""Input schemas of two dozen services, over two versions of ComfyUI and over none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from gateway.graph.definitions import Definitions
from gateway.graph.json_value import Json, as_array, as_object
from gateway.graph.prompt import parse_prompt
from gateway.schema.derive import input_schema
from gateway.services.bound import BoundService
from gateway.services.model import Service
from gateway.services.parse import parse_services
from gateway.services.resolve import resolve_service
from tests.definitions.recorded import DEFINITIONS, OLD_DEFINITIONS

HERE = Path(__file__).parent
WORKFLOWS = HERE.parent / "services" / "workflows"
VERSIONS: dict[str, Definitions] = {"0.33": DEFINITIONS, "0.3.64": OLD_DEFINITIONS, "none": {}}


def declared() -> tuple[Service, ...]:
    parsed = parse_services((HERE / "services.yaml").read_text("utf-8"), "services.yaml", {})
    assert parsed.declaration is not None, parsed.findings
    return parsed.declaration.services


SERVICES = declared()
CASES = [(service, version) for service in SERVICES for version in VERSIONS]
IDS = [f"{service.name}-{version}" for service, version in CASES]


def resolved(service: Service, version: str) -> BoundService | list[str]:
    raw = json.loads((WORKFLOWS / service.workflow).read_text("utf-8"))
    found = resolve_service(service, parse_prompt(raw), VERSIONS[version])
    return found.bound or [each.message for each in found.findings]


def schemas() -> dict[str, dict[str, Json]]:
    found = {name: resolved(*case) for name, case in zip(IDS, CASES, strict=True)}
    return {
        name: input_schema(bound)
        for name, bound in found.items()
        if isinstance(bound, BoundService)
    }


SCHEMAS = schemas()


@pytest.mark.parametrize(("service", "version"), CASES, ids=IDS)
def test_a_service_has_its_schema(
    service: Service, version: str, snapshot: SnapshotAssertion
) -> None:
    bound = resolved(service, version)
    shown = input_schema(bound) if isinstance(bound, BoundService) else {"refused": bound}
    assert shown == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])  # type: ignore[arg-type]


def keys_of(value: Json) -> set[str]:
    fields, items = as_object(value), as_array(value)
    if fields is not None:
        return set(fields).union(*(keys_of(each) for each in fields.values()))
    return set[str]().union(*(keys_of(each) for each in items or ()))


def plain(fragment: Json) -> dict[str, Json]:
    """Return a fragment; of a batch's, whose only combinator is a value or a list of it, the value's."""
    fields = dict(as_object(fragment) or {})
    either = as_array(fields.pop("anyOf", None))
    if either is None:
        return fields
    value, several = either
    lists = as_object(several) or {}
    assert {**lists, "items": 0} == {"type": "array", "items": 0, "minItems": 1, "maxItems": 6}
    assert lists["items"] == value
    return {**fields, **(as_object(value) or {})}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_has_nothing_that_clients_stumble_over(name: str) -> None:
    schema = SCHEMAS[name]
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    properties = as_object(schema["properties"])
    assert properties is not None
    values = {each: plain(fragment) for each, fragment in properties.items()}
    assert not {"anyOf", "oneOf", "allOf", "not", "$ref", "x-mcp-header"} & keys_of(
        {**schema, "properties": values}
    )
    for fields in values.values():
        assert isinstance(fields.get("type", "string"), str)
        for limit in ("minimum", "maximum"):
            number = fields.get(limit, 0)
            assert isinstance(number, int | float)
            assert abs(number) <= 2**53 - 1


def test_properties_stand_in_the_order_of_the_yaml() -> None:
    properties = as_object(SCHEMAS["text_to_image-0.33"]["properties"])
    assert list(properties or {}) == ["prompt", "style", "negative", "seed", "steps", "size"]


def test_a_definitions_default_is_never_used() -> None:
    assert "default" not in keys_of(SCHEMAS["short_forms-0.33"])


def test_a_usual_schema_is_small() -> None:
    written = json.dumps(SCHEMAS["text_to_image-0.33"], separators=(",", ":"))
    assert len(written) <= 700


def test_no_schema_names_a_file_of_one_machine() -> None:
    shown = json.dumps(SCHEMAS["model_files-0.33"])
    assert "tiny" not in shown
    assert "A file that ComfyUI has." in shown
