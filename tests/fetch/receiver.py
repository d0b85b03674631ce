"""A receiver of webhooks on a real socket: what it got, and what it answers next."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.graph.json_value import JsonObject, as_object

__all__ = [
    "HANG",
    "SECRET",
    "Connected",
    "Message",
    "Receiver",
    "independent_signature",
    "listening",
    "receiving",
]

Connected: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
HANG = "hang"
"""In place of an answer: say nothing until the line is closed."""


@dataclass(frozen=True)
class Message:
    """A request as it arrived; header names in lower case."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def record(self) -> JsonObject:
        """The body as JSON."""
        told = as_object(json.loads(self.body))
        assert told is not None
        return told


@dataclass
class Receiver:
    """Takes webhooks.

    Attributes:
        answers: What is answered to each in turn, `204 No Content` when there is no more: a status
            line, header lines after it, or HANG.
    """

    port: int = 0
    answers: list[str] = field(default_factory=list[str])
    got: list[Message] = field(default_factory=list[Message])
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Return where it takes them."""
        return f"{scheme}://{host}:{self.port}/jobs?key=of-the-receiver"

    async def until(self, holds: Callable[[list[Message]], bool]) -> list[Message]:
        """Wait until something holds of what it got."""
        async with self.changed:
            await self.changed.wait_for(lambda: holds(self.got))
        return self.got

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one and answer."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        answer = self.answers.pop(0) if self.answers else "204 No Content"
        async with self.changed:
            self.got.append(Message(first.split()[1], headers, body))
            self.changed.notify_all()
        if answer == HANG:
            await reader.read()
        else:
            writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())


@asynccontextmanager
async def listening(
    connected: Connected, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncGenerator[int]:
    """Listen on 127.0.0.1; every line is closed at the end."""
    lines: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        lines.add(task)
        try:
            await connected(reader, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # whoever came went away, as some tests want
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in lines:
            task.cancel()
        await asyncio.gather(*lines, return_exceptions=True)


@asynccontextmanager
async def receiving(*answers: str, tls: ssl.SSLContext | None = None) -> AsyncGenerator[Receiver]:
    """Take webhooks on 127.0.0.1."""
    receiver = Receiver(answers=list(answers))
    async with listening(receiver.connected, tls=tls) as receiver.port:
        yield receiver


def independent_signature(message: Message, secret: str = SECRET) -> str:
    """Return what the signature of a message must be, worked out without the gateway's own code."""
    key = base64.b64decode(secret.split("_", 1)[1])
    content = b".".join(
        (
            message.headers["webhook-id"].encode(),
            message.headers["webhook-timestamp"].encode(),
            message.body,
        )
    )
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
