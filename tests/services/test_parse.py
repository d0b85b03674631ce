"""services.yaml → its declaration, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Finding, Place
from gateway.services.model import (
    AnyBackend,
    BackendDeclaration,
    ByClassType,
    ById,
    ByTitle,
    Choice,
    Declaration,
    Defaulted,
    Example,
    LabelledBackend,
    LeftOut,
    NamedBackend,
    OutputRule,
    Parameter,
    Required,
    Service,
    ShortTarget,
    WidgetTarget,
)
from gateway.services.names import BUILT_IN_TOOLS
from gateway.services.parse import parse_services

SERVICE = "version: 1\nservices:\n  draw:\n    workflow: draw.json\n"


def declared(text: str, environment: Mapping[str, str] | None = None) -> Declaration:
    parsed = parse_services(text, "services.yaml", environment or {})
    assert parsed.findings == ()
    assert parsed.declaration is not None
    return parsed.declaration


def codes(text: str, environment: Mapping[str, str] | None = None) -> list[str]:
    return [each.code for each in parse_services(text, "f", environment or {}).findings]


def at(line: int, column: int) -> Place:
    return Place("services.yaml", line, column)


def test_a_service_is_read_with_the_place_of_everything() -> None:
    text = (
        "version: 1\n"
        "services:\n"
        "  draw_it:\n"
        "    workflow: draw.json\n"
        "    parameters:\n"
        "      steps: 3.steps\n"
        "      text: {node: {title: Positive}, widget: text, required: true}\n"
        "      size: {choices: {big: {5.width: 9}}}\n"
        "    outputs: {image: {node: {class_type: SaveImage}}}\n"
        "    examples: [{text: a}]\n"
        "    backend: {labels: [sdxl, fast]}\n"
    )
    (service,) = declared(text).services
    assert service == Service(
        name="draw_it",
        place=at(3, 3),
        workflow="draw.json",
        title="Draw it",
        description="Draw it.",
        parameters=(
            Parameter(
                "steps",
                at(6, 7),
                targets=(ShortTarget("3.steps", at(6, 14)),),
                places={"": at(6, 7)},
            ),
            Parameter(
                "text",
                at(7, 7),
                supply=Required(),
                targets=(WidgetTarget(ByTitle("Positive"), "text", at(7, 14)),),
                places={
                    "": at(7, 7),
                    "node": at(7, 14),
                    "widget": at(7, 39),
                    "required": at(7, 53),
                },
            ),
            Parameter(
                "size",
                at(8, 7),
                choice_map=(Choice("big", ((ShortTarget("5.width", at(8, 30)), 9),), at(8, 24)),),
                places={"": at(8, 7), "choices": at(8, 14)},
            ),
        ),
        outputs=(OutputRule("image", ByClassType("SaveImage"), at(9, 15)),),
        examples=(Example({"text": "a"}, at(10, 16)),),
        backend=LabelledBackend(frozenset({"sdxl", "fast"}), at(11, 5)),
        places={
            "": at(3, 3),
            "workflow": at(4, 5),
            "parameters": at(5, 5),
            "outputs": at(9, 5),
            "examples": at(10, 5),
            "backend": at(11, 5),
        },
    )


def test_without_backends_there_is_one_on_this_machine() -> None:
    local = BackendDeclaration("local", "http://127.0.0.1:8188")
    assert declared(SERVICE).backends == (local,)
    assert declared(SERVICE + "backends: {}\n").backends == (local,)


@pytest.mark.parametrize(
    ("gateway", "service", "wait"),
    [
        ("", "", 45.0),
        ("gateway: {call_wait: 5s}\n", "", 5.0),
        ("gateway: {call_wait: none}\n", "", None),
        ("gateway: {call_wait: 5s}\n", "    wait: 0s\n", 0.0),
        ("gateway: {call_wait: 5s}\n", "    wait: none\n", None),
    ],
)
def test_a_service_that_says_nothing_of_wait_has_the_gateways(
    gateway: str, service: str, wait: float | None
) -> None:
    assert declared(SERVICE + service + gateway).services[0].wait == wait


@pytest.mark.parametrize(
    ("node", "reference"),
    [
        ("3", ById("3")),
        ('"9:8"', ById("9:8")),
        ("9:8", ById("9:8")),
        ("010", ById("010")),
        ("{title: A title}", ByTitle("A title")),
        ("{class_type: KSampler}", ByClassType("KSampler")),
    ],
)
def test_a_node_is_named_by_id_title_or_class(node: str, reference: object) -> None:
    text = SERVICE + f"    parameters: {{a: {{node: {node}, widget: b}}}}\n"
    (parameter,) = declared(text).services[0].parameters
    (target,) = parameter.targets
    assert isinstance(target, WidgetTarget)
    assert target.node == reference


@pytest.mark.parametrize(
    ("backend", "choice"),
    [("", AnyBackend()), ("    backend: studio\n", NamedBackend("studio", at(5, 5)))],
)
def test_a_service_runs_on_any_backend_or_the_one_it_names(backend: str, choice: object) -> None:
    assert declared(SERVICE + backend).services[0].backend == choice


@pytest.mark.parametrize("name", BUILT_IN_TOOLS)
def test_no_service_takes_the_name_of_a_built_in_tool(name: str) -> None:
    assert codes(f"version: 1\nservices: {{{name}: {{workflow: a.json}}}}\n") == ["name-reserved"]


@pytest.mark.parametrize(
    "workflow",
    [
        "a.json",
        "a/b.json",
        "a b.json",
        "ä.json",
        "..a.json",
        "a../b.json",
        "a..json",
        ".json/a.json",
    ],
)
def test_a_workflow_may_be_any_file_under_its_folder(workflow: str) -> None:
    text = f"version: 1\nservices: {{a: {{workflow: '{workflow}'}}}}\n"
    assert declared(text).services[0].workflow == workflow


@pytest.mark.parametrize(
    "workflow",
    [
        *(
            "../a.json",
            "a/../b.json",
            "a/..",
            "..",
            "./a.json",
            "a/./b.json",
            "/a.json",
            "//a.json",
        ),
        *(
            "a//b.json",
            "a\\b.json",
            "..\\a.json",
            "C:a.json",
            "C:/a.json",
            "a.png",
            "a.JSON.exe",
            "a.json/",
        ),
        *("~/../a.json", "file:///a.json", "a.json/../../b.json"),
    ],
)
def test_a_workflow_is_never_outside_of_its_folder(workflow: str) -> None:
    text = f"version: 1\nservices: {{a: {{workflow: '{workflow}'}}}}\n"
    assert codes(text) == ["workflow-outside"]


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("http://127.0.0.1:8188", "http://127.0.0.1:8188"),
        ("https://host/comfy/", "https://host/comfy"),
        ("http://[::1]:8188//", "http://[::1]:8188"),
    ],
)
def test_a_url_is_kept_without_its_last_slash(url: str, kept: str) -> None:
    text = f"{SERVICE}backends: {{a: {{url: '{url}'}}}}\n"
    assert declared(text).backends[0].url == kept


def test_a_header_whose_variables_are_all_empty_is_not_sent() -> None:
    text = SERVICE + (
        "backends:\n  a:\n    url: http://a\n    headers:\n"
        "      Authorization: Bearer ${TOKEN:-}\n      X-User: ${USER}${TOKEN:-}\n      X-Team: a\n"
    )
    (backend,) = declared(text, {"USER": "me"}).backends
    assert backend.headers == {"X-User": "me", "X-Team": "a"}


def test_the_values_of_variables_are_in_no_finding() -> None:
    value = "s3cr3t-Value"
    names = ("url", "slots", "labels", "headers", "tls", "timeout", "nonsense")
    backend = "".join(f"    {name}: ${{SECRET}}\n" for name in names)
    keys = ("workflow", "title", "parameters", "timeout", "wait", "priority", "backend", "prefix")
    service = "".join(f"    {name}: ${{SECRET}}\n" for name in keys)
    text = (
        f"version: ${{SECRET}}\nbackends:\n  a:\n{backend}services:\n  b:\n{service}"
        "  c:\n    workflow: c.json\n    parameters:\n      d: ${SECRET}\n"
        "      e: {node: '${SECRET}', type: '${SECRET}', default: '${SECRET}'}\n"
        "outputs: s3://${SECRET}\njobs: {store: 'mysql://${SECRET}', attempts: '${SECRET}'}\n"
    )
    parsed = parse_services(text, "services.yaml", {"SECRET": value})
    assert len(parsed.findings) >= 15
    assert value not in "".join(str(each.as_json()) for each in parsed.findings)


def test_faults_of_every_part_are_told_at_once() -> None:
    text = (
        "version: 1\na: ${A}\na: 1\nbackends: {b: {url: ftp://b}}\n"
        "services: {c: {workflow: c.json, parameters: {d: {node: '3', widget: e, type: string, "
        "default: 5}}}}\noutputs: gs://f\n"
    )
    assert codes(text) == [
        "key-unknown",
        "variable-missing",
        "yaml-duplicate-key",
        "url-invalid",
        "value-refused",
        "url-invalid",
    ]


def test_no_service_at_all_is_odd_but_no_error() -> None:
    parsed = parse_services("version: 1\n", "services.yaml", {})
    assert parsed.declaration is not None
    assert parsed.declaration.services == ()
    assert parsed.findings == (
        Finding(
            "services-none",
            "no service is declared, so nothing is published",
            at(1, 1),
            severity="warning",
            mend="Add one under `services:`; its workflow is all it needs.",
        ),
    )


@pytest.mark.parametrize(("count", "told"), [(15, True), (16, False)])
def test_a_batch_that_is_more_than_is_kept_is_told(count: int, told: bool) -> None:
    text = f"{SERVICE}    parameters: {{style: {{batch: values}}}}\njobs: {{keep: {{count: {count}}}}}\n"
    parsed = parse_services(text, "services.yaml", {})
    assert parsed.declaration is not None
    assert [each.code for each in parsed.findings] == ["batch-beyond-keep"] * told
    assert all(each.severity == "warning" and each.place for each in parsed.findings)
    alone = parse_services(text.replace("batch: values", ""), "services.yaml", {})
    assert alone.findings == ()


def test_a_parameter_without_keys_feeds_templates_only() -> None:
    (parameter,) = declared(SERVICE + "    parameters: {style: {}}\n").services[0].parameters
    assert parameter == Parameter("style", at(5, 18), LeftOut(), places={"": at(5, 18)})


def test_a_thousand_services_are_a_thousand_services() -> None:
    services = {f"s{n}": {"workflow": f"{n}.json", "parameters": {"a": "3.a"}} for n in range(1000)}
    declaration = declared(yaml.safe_dump({"version": 1, "services": services}))
    assert len(declaration.services) == 1000
    assert all(service.parameters[0].supply == LeftOut() for service in declaration.services)


# --- whatever the text ----------------------------------------------------------------------------

EVERY_KEY = (Path(__file__).parent / "valid" / "every-key.yaml").read_text("utf-8")
LINES = EVERY_KEY.splitlines(keepends=True)


def holds(text: str) -> None:
    parsed = parse_services(text, "f", {"A": "1"})
    errors = [each for each in parsed.findings if each.severity == "error"]
    assert (parsed.declaration is None) == bool(errors)
    assert all(each.place and each.mend for each in parsed.findings)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80))
def test_any_text_is_a_declaration_or_has_findings(text: str) -> None:
    holds(text)
    holds("version: 1\nservices:\n  a:\n    workflow: a.json\n    title: " + text)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_any_damage_to_a_file_leaves_a_declaration_or_has_findings(data: Any) -> None:
    start = data.draw(st.integers(0, len(EVERY_KEY)))
    length = data.draw(st.integers(0, 12))
    inserted = data.draw(st.text("{}[]:,\"'#&*!|>%@`$ \n\tab1-~.", max_size=6))
    holds(EVERY_KEY[:start] + inserted + EVERY_KEY[start + length :])


def test_defaults_with_random_and_graph_are_text_where_text_is_meant() -> None:
    text = SERVICE + "    parameters: {a: {choices: [random, b], default: random}}\n"
    (parameter,) = declared(text).services[0].parameters
    assert parameter.supply == Defaulted("random")
