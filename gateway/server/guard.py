"""Stands before every HTTP route: Host, Origin, API key and the size of bodies.

Knows nothing of MCP, except that a refusal is shaped as a JSON-RPC error, which MCP clients show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.server.admission import HostRule, key_name
from gateway.server.peers import Peers

__all__ = ["Door", "Guard", "refusal"]

Refusal: TypeAlias = Response

OPEN = ("/healthz",)
"""Answered to anyone, under any name: they tell nothing."""

SIGNED = "/files/"
"""Links there carry their own signature instead of a key."""


@dataclass(frozen=True, slots=True)
class Door:
    """What the guard goes by; `max_body` in bytes, `path` is MCP's."""

    hosts: HostRule
    keys: Mapping[str, str]
    max_body: int
    path: str
    peers: Peers


def refusal(status: int, message: str, mend: str, *, code: str) -> Refusal:
    """Return an HTTP error whose body MCP clients and people can read."""
    error = {"code": -32600, "message": f"{message} {mend}", "data": {"code": code, "mend": mend}}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, status_code=status)


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a request, or pass it on with its caller's name."""
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refused = _refused_place(self._door, headers) or self._refused_key(scope, headers)
        if refused is None:
            refused = _refused_size(self._door, headers)
        if refused is not None:
            await refused(scope, receive, send)
            return
        await self._pass(scope, receive, send)

    def _refused_key(self, scope: Scope, headers: Headers) -> Refusal | None:
        if not self._door.keys or scope["path"].startswith(SIGNED):
            return None
        presented = _presented(headers)
        name = key_name(self._door.keys, presented) if presented else None
        if name is None:
            return _unauthorized(presented)
        # The SDK binds a session to this user: another key gets 404 for it.
        scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=name, scopes=[]))
        return None

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = _Body(receive, self._door.max_body)
        session = Headers(scope=scope).get("mcp-session-id", "")
        answer = _Answer(send)
        try:
            if session and scope["path"] == self._door.path:
                with self._door.peers.visit(session):
                    await self._app(scope, body.receive, answer.send)
                    if scope["method"] == "DELETE" and answer.status == 200:
                        self._door.peers.end(session)
            else:
                await self._app(scope, body.receive, answer.send)
        except _TooLarge:
            if not answer.status:
                await _too_large(self._door.max_body)(scope, receive, send)


class _TooLarge(Exception):
    """A body went on beyond the limit."""


class _Body:
    """Counts a request's body as it comes, whatever its Content-Length said."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    async def receive(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise _TooLarge
        return message


class _Answer:
    """Remembers the status of the response, 0 before there is one."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])
        await self._send(message)


def _refused_place(door: Door, headers: Headers) -> Refusal | None:
    host, origin = headers.get("host", ""), headers.get("origin", "")
    if not door.hosts.allows_host(host):
        message = f"This server does not answer to the name {host[:200]!r}."
        mend = "Use its own address, or add the name to gateway.http.allowed_hosts."
        return refusal(421, message, mend, code="host-not-allowed")
    if not door.hosts.allows_origin(origin, host):
        message = f"Pages of {origin[:200]!r} may not use this server."
        mend = "If they should, add their host to gateway.http.allowed_hosts."
        return refusal(403, message, mend, code="origin-not-allowed")
    return None


def _refused_size(door: Door, headers: Headers) -> Refusal | None:
    length = headers.get("content-length", "")
    too_large = length.isascii() and length.isdigit() and int(length) > door.max_body
    return _too_large(door.max_body) if too_large else None


def _too_large(limit: int) -> Refusal:
    message = f"The request is larger than {limit:,} bytes."
    mend = (
        "Give files by URL or comfyui://jobs/<id>/outputs/<n> instead of inside the request, or "
        "raise gateway.http.max_body."
    )
    return refusal(413, message, mend, code="body-too-large")


def _presented(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return headers.get("x-api-key", "").strip()


def _unauthorized(presented: str) -> Refusal:
    message = "This API key is not known here." if presented else "An API key is needed."
    mend = "Send one of GATEWAY_API_KEYS as `Authorization: Bearer <key>` or `X-API-Key: <key>`."
    refused = refusal(401, message, mend, code="api-key-needed")
    # No resource_metadata: clients would start an OAuth login that is not there.
    error = ', error="invalid_token"' if presented else ""
    refused.headers["www-authenticate"] = f'Bearer realm="comfyui-gateway"{error}'
    return refused
