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
