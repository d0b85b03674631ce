"""What odd HTTP answers mean, in sentences for whoever runs ComfyUI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.comfy.answers import Answer, is_html, is_unrouted, json_of, odd, unwanted
from gateway.errors import BackendAnsweredOddly
from gateway.services.model import BackendDeclaration

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

STUDIO = BackendDeclaration("studio", "https://gpu.example/comfy")
LOGIN = b"""<!DOCTYPE html><html><head><title> Sign in \xe2\x80\xa2 Example </title>
<style>body { color: red }</style></head><body><p>Please sign in</p></body></html>"""


def given(status: int, body: bytes = b"", content_type: str = "", location: str = "") -> Answer:
    return Answer("GET /queue", status, content_type, body, location)


ANSWERS = {
    "redirect": given(302, location="https://login.example/x?token=secret"),
    "redirect on the same host": given(308, location="/comfy/"),
    "credentials": given(401, b"who?", "text/plain"),
    "forbidden": given(403),
    "proxy credentials": given(407),
    "too large": given(413, b"Maximum request body size 104857600 exceeded.", "text/plain"),
    "too many": given(429, b"slow down", "text/plain"),
    "proxy alone": given(502, LOGIN.replace(b"Sign in", b"502 Bad Gateway"), "text/html"),
    "gateway timeout": given(504),
    "failed inside": given(
        500, b"500 Internal Server Error\n\nServer got itself in trouble", "text/plain"
    ),
    "no such route": given(404, b"", "application/octet-stream"),
    "wrong method": given(405, b"405: Method Not Allowed", "text/plain"),
    "login page": given(200, LOGIN, "text/html; charset=utf-8"),
    "page without title": given(
        404, b"<html><script>x()</script><h1>It works!</h1>", "application/octet-stream"
    ),
    "another program": given(200, b"pong", "text/plain"),
    "teapot": given(418, b"\x00\x1b\xff/srv/www/site/x.py\xe2\x80\xae", "application/json"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_odd_answer_says_what_it_is_and_what_to_do(
    name: str, snapshot: SnapshotAssertion
) -> None:
    error = unwanted(STUDIO, ANSWERS[name])
    assert error.where == "studio"
    assert [
        type(error).__name__,
        error.code,
        error.message,
        f"found: {error.found}",
        f"mend: {error.mend}",
    ] == snapshot


def test_a_backend_with_headers_is_told_that_they_were_sent() -> None:
    secret = BackendDeclaration("s", "http://x", headers={"Authorization": "Bearer hush"})
    error = unwanted(secret, given(401))
    assert "401 to the backend's headers" in error.message
    assert "hush" not in f"{error.message}{error.mend}{error.found}"


def test_where_a_redirect_leads_is_told_without_its_path() -> None:
    error = odd(STUDIO, ANSWERS["redirect"])
    assert "https://login.example" in error.message
    assert "secret" not in f"{error.message}{error.mend}{error.found}"


def test_an_excerpt_is_short() -> None:
    assert len(odd(STUDIO, given(500, b"x" * 100_000)).found) == 120


def test_json_is_read_with_bare_nan() -> None:
    value = json_of(STUDIO, given(200, b'{"a": NaN, "b": -Infinity}', "text/plain"))
    assert repr(value) == "{'a': nan, 'b': -inf}"


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"[" * 100_000, b'"\xff"'], ids=range(5))
def test_what_is_no_json_is_odd(body: bytes) -> None:
    with pytest.raises(BackendAnsweredOddly):
        json_of(STUDIO, given(200, body, "application/json"))


def test_html_is_known_by_its_type_or_its_beginning() -> None:
    assert is_html(given(200, b"", "text/html; charset=utf-8"))
    assert is_html(given(200, b" \n<!DOCTYPE HTML>"))
    assert not is_html(given(200, b'{"html": 1}', "application/json"))


def test_a_route_that_is_not_there_is_told_from_a_thing_that_is_not_there() -> None:
    assert is_unrouted(given(404, b"", "application/octet-stream"))
    assert is_unrouted(given(405, b"405: Method Not Allowed", "text/plain"))
    assert is_unrouted(given(405, b'{"error": "Method not allowed"}', "application/json"))
    assert is_unrouted(given(404, b'{"detail": "Not Found"}', "application/json"))
    assert is_unrouted(given(404, b"[]", "application/json"))
    assert not is_unrouted(given(404, b'{"error": "Job not found"}', "application/json"))
    assert not is_unrouted(given(404, LOGIN, "text/html"))
    assert not is_unrouted(given(200, b"{}", "application/json"))
