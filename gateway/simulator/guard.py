"""Who may ask: ComfyUI's origin check, and credentials a proxy in front of it would want.

Source: ComfyUI server.py, the origin-only middleware.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.types import Scope

from gateway.simulator.exchange import Reply, empty, text_reply

__all__ = ["refusal"]

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def refusal(scope: Scope, required: Mapping[str, str]) -> Reply | None:
    """Return the answer to a request that may not be asked, or None."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    for name, value in required.items():
        if headers.get(name.lower().encode(), b"").decode("latin-1") != value:
            return text_reply("401: Unauthorized", 401)
    if headers.get(b"sec-fetch-site") == b"cross-site":
        return empty(403)
    if b"origin" in headers and _is_foreign(headers[b"origin"], headers.get(b"host", b"")):
        return empty(403)
    return None


def _is_foreign(origin: bytes, host: bytes) -> bool:
    """Compare origin and host, which ComfyUI does for loopback hosts only."""
    own, other = urlsplit("//" + host.decode("latin-1")), urlsplit(origin.decode("latin-1"))
    if own.hostname not in _LOOPBACK or not other.netloc:
        return False
    return other.netloc.lower() != own.netloc.lower()
