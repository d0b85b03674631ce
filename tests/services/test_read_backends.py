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
