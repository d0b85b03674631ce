"""One HTTP request and its answer, as the routes see them. Knows no route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl

from starlette.types import Message, Receive, Scope

from gateway.graph.json_value import Json
from gateway.simulator.machine import Machine
from gateway.simulator.wire_json import decode, encode

__all__ = [
    "Asked",
    "FilePart",
    "Reply",
    "Route",
    "Routes",
    "TooLarge",
    "empty",
    "json_reply",
    "text_reply",
]

_JSON = "application/json; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"


class TooLarge(Exception):
    """The body is over the limit; it was read to its end and dropped."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """Bytes of a file, from `start`, `length` of them."""

    path: Path
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered; a content type of None sends none.

    Attributes:
        file: Sent instead of `body`.
        drip: Piece size in bytes and pause before each in seconds, for answers that come slowly.
    """

    status: int = 200
    body: bytes = b""
    content_type: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    file: FilePart | None = None
    drip: tuple[int, float] | None = None


def json_reply(value: Json, status: int = 200) -> Reply:
    """Answer JSON."""
    return Reply(status, encode(value), _JSON)


def text_reply(text: str, status: int = 200) -> Reply:
    """Answer plain text."""
    return Reply(status, text.encode(), _TEXT)


def empty(status: int = 200) -> Reply:
    """Answer nothing but a status."""
    return Reply(status)


@dataclass(slots=True)
class Asked:
    """One request.

    Attributes:
        path: Without base path and without `/api` where that is the same route.
        captured: What stood in the `{}` places of the route.
        limit: Largest body in bytes.
    """

    method: str
    path: str
    scope: Scope
    receive: Receive
    limit: float
    captured: tuple[str, ...] = ()
    received: int = field(default=0)

    def header(self, name: str) -> str | None:
        """Return a header's value."""
        wanted = name.encode()
        for key, value in self.scope["headers"]:
            if key == wanted:
                return value.decode("latin-1")
        return None

    @property
    def query(self) -> Mapping[str, str]:
        """The query's parameters, the last of each name."""
        return dict(parse_qsl(self.scope["query_string"].decode(), keep_blank_values=True))

    async def limited(self) -> Message:
        """Return the next piece of the body, or raise TooLarge at its end when it is too long."""
        message = await self.receive()
        self.received += len(message.get("body", b""))
        if self.received > self.limit:
            while message.get("more_body"):
                message = await self.receive()
            raise TooLarge
        return message

    async def body(self) -> bytes:
        """Return the whole body."""
        pieces: list[bytes] = []
        while True:
            message = await self.limited()
            pieces.append(message.get("body", b""))
            if not message.get("more_body"):
                return b"".join(pieces)

    async def discard(self) -> None:
        """Read the body to its end and drop it, so that the client hears the answer."""
        while (await self.receive()).get("more_body"):
            pass

    async def json(self) -> Json:
        """Return the body as JSON, whatever its content type says."""
        return decode(await self.body())


Route: TypeAlias = Callable[[Asked, Machine], Awaitable[Reply]]
Routes: TypeAlias = Mapping[str, Route]
"""`METHOD /path/with/{}` → what answers it."""
