"""Backends as services.yaml declares them."""

from __future__ import annotations

import pytest

from gateway.services.parse import parse_services


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("http://127.0.0.1:8188/", "http://127.0.0.1:8188"),
        ("https://studio.example/X//", "https://studio.example/X"),
    ],
)
def test_slashes_at_the_end_of_a_url_are_left_out(written: str, url: str) -> None:
    text = (
        f"version: 1\nbackends:\n  studio: {{url: '{written}'}}\n"
        "services:\n  draw: {workflow: draw.json}\n"
    )
    parsed = parse_services(text, "services.yaml", {})
    assert parsed.declaration is not None, parsed.findings
    assert [each.url for each in parsed.declaration.backends] == [url]


NONE = "version: 1\nservices:\n  draw: {workflow: draw.json}\n"


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "http://127.0.0.1:8188"),
        ({"COMFYUI_URL": ""}, "http://127.0.0.1:8188"),
        ({"COMFYUI_URL": "https://studio.example/comfy/"}, "https://studio.example/comfy"),
    ],
)
@pytest.mark.parametrize("text", [NONE, f"{NONE}backends: {{}}\n"])
def test_without_backends_there_is_one_where_the_environment_says(
    text: str, environment: dict[str, str], url: str
) -> None:
    parsed = parse_services(text, "services.yaml", environment)
    assert parsed.declaration is not None, parsed.findings
    assert [(each.name, each.url) for each in parsed.declaration.backends] == [("local", url)]


@pytest.mark.parametrize(
    ("value", "code"),
    [("localhost:8188", "variable-value"), ("http://ada:secret@host", "url-credentials")],
)
def test_a_variable_that_is_no_url_is_told_without_its_value(value: str, code: str) -> None:
    parsed = parse_services(NONE, "services.yaml", {"COMFYUI_URL": value})
    assert parsed.declaration is None
    (finding,) = parsed.findings
    assert finding.code == code
    assert "COMFYUI_URL" in finding.message
    assert finding.place is not None
    assert (finding.place.file, finding.place.line) == ("services.yaml", 1)
    assert value not in repr(finding)


@pytest.mark.parametrize(("timeout", "codes"), [("87600h", []), ("87601h", ["value-range"])])
def test_ten_years_are_the_longest_duration(timeout: str, codes: list[str]) -> None:
    text = (
        f"version: 1\nbackends:\n  studio: {{url: 'http://127.0.0.1:8188', timeout: {timeout}}}\n"
        "services:\n  draw: {workflow: draw.json}\n"
    )
    found = parse_services(text, "services.yaml", {}).findings
    assert [each.code for each in found] == codes


def test_a_variable_that_holds_too_much_is_to_be_set_anew() -> None:
    text = (
        "version: 1\nbackends:\n  studio: {url: 'http://127.0.0.1:8188', timeout: '${T}'}\n"
        "services:\n  draw: {workflow: draw.json}\n"
    )
    (finding,) = parse_services(text, "services.yaml", {"T": "87601h"}).findings
    assert finding.code == "value-range"
    assert finding.mend is not None
    assert finding.mend.startswith("Set the variable in it to ")
