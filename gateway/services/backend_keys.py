"""The keys of a backend."""

from __future__ import annotations

from gateway.services.fields import NOTHING, Fields, Group, Key
from gateway.services.scalar_shapes import Boolean, Duration, Form, HeaderValue, Integer, Text
from gateway.services.shape import ListOf, MapOf, record

__all__ = [
    "BACKEND",
    "HEADERS",
    "LABELS",
    "SLOTS",
    "TIMEOUT",
    "TLS",
    "TLS_CA",
    "TLS_VERIFY",
    "URL",
]

_URL = Form(
    r"https?://[^\s/?#]+[^\s?#]*",
    "an http:// or https:// URL",
    code="url-invalid",
    mend="Write it like http://127.0.0.1:8188 or https://host/comfy.",
)
# RFC 9110 §5.1: a field name is a token.
_HEADER_NAME = Form(
    r"[!#$%&'*+.^_`|~0-9A-Za-z-]+",
    "the name of an HTTP header",
    code="header-invalid",
    mend="Write it like Authorization or X-API-Key.",
)

URL: Key[str] = Key(
    "url",
    Text(_URL),
    "Where this ComfyUI is; a base path is fine.",
    "",
    sample="http://127.0.0.1:8188",
)
SLOTS: Key[int] = Key("slots", Integer(1, 64), "How many of our runs it gets at a time.", 2)
LABELS: Key[tuple[str, ...]] = Key(
    "labels", ListOf(Text()), "What services may ask for, such as a model family.", ()
)
HEADERS: Key[Group[str | None]] = Key(
    "headers",
    MapOf(HeaderValue(), names=_HEADER_NAME),
    "Sent with every request; one whose variables are all empty is not sent.",
    Group(),
)
TLS_VERIFY: Key[bool] = Key("verify", Boolean(), "Whether the certificate is checked.", True)
TLS_CA: Key[str | None] = Key("ca", Text(), "The file of a certificate authority.", None)
TLS: Key[Fields] = Key("tls", record("tls", (TLS_VERIFY, TLS_CA)), "How https is checked.", NOTHING)
TIMEOUT: Key[float] = Key(
    "timeout", Duration(positive=True), "How long one HTTP answer may take.", 30.0
)

BACKEND = record("a backend", (URL, SLOTS, LABELS, HEADERS, TLS, TIMEOUT))
