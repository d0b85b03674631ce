"""Standard input and output as MCP's two streams, read and written by the event loop itself.

The SDK's own transport hands each message to threads and back, five times a call; with many calls in
flight that is a quarter of the gateway's processor time (docs/decisions/003). Knows nothing of what
the messages say. Pipes and sockets only: that is how every client starts a server. For terminals,
files and Windows there is the SDK's transport.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Self

import anyio
from mcp.shared.message import SessionMessage
from mcp.types import jsonrpc_message_adapter
from pydantic import ValidationError

__all__ = ["LONGEST_LINE", "Incoming", "Outgoing", "are_pipes", "open_pipes"]

LONGEST_LINE = 256 * 1024 * 1024
"""Bytes of one message; a longer one is dropped, what follows it is read."""

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class _Stream:
    """What the SDK asks of both streams; the pipes themselves are closed by `open_pipes`."""

    async def aclose(self) -> None:
        """Leave it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object, **__: object) -> None:
        """Leave it."""


class Incoming(_Stream):
    """The client's messages, as the SDK's server reads them; what is no message comes as the fault."""

    def __init__(self, lines: asyncio.StreamReader) -> None:
        self._lines = lines

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message.

        Raises:
            anyio.EndOfStream: The client has closed its end.
        """
        try:
            line = await self._lines.readline()
        except ValueError as too_long:
            return too_long
        except ConnectionError:
            line = b""  # a socket whose other end died: gone is gone
        if not line:
            raise anyio.EndOfStream
        try:
            # As UTF-8 at any price, like the SDK: one bad byte spoils its text, not the message.
            text = line.decode("utf-8", "replace")
            return SessionMessage(jsonrpc_message_adapter.validate_json(text, by_name=False))
        except ValidationError as fault:
            return fault

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None


class Outgoing(_Stream):
    """The server's messages, a line each, on their way to the client."""

    def __init__(self, pipe: asyncio.StreamWriter) -> None:
        self._pipe = pipe

    async def send(self, item: SessionMessage, /) -> None:
        """Send a message; waits while the client reads slowly.

        Raises:
            anyio.ClosedResourceError: The client is gone.
        """
        text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
        if self._pipe.is_closing():
            raise anyio.ClosedResourceError
        self._pipe.write(text.encode("utf-8") + b"\n")
        try:
            await self._pipe.drain()
        except ConnectionError:
            raise anyio.ClosedResourceError from None


def are_pipes() -> bool:
    """Tell whether stdin and stdout can be waited for by the loop, and belong to MCP alone."""
    if sys.platform == "win32":
        return False
    try:
        kinds = [os.fstat(each) for each in (_STDIN, _STDOUT)]
        errors = os.fstat(_STDERR)
    except OSError:
        return False
    # A stderr that is the same pipe would become non-blocking with it and lose what is logged.
    shared = any((each.st_dev, each.st_ino) == (errors.st_dev, errors.st_ino) for each in kinds)
    return not shared and all(
        stat.S_ISFIFO(each.st_mode) or stat.S_ISSOCK(each.st_mode) for each in kinds
    )


@asynccontextmanager
async def open_pipes() -> AsyncGenerator[tuple[Incoming, Outgoing]]:
    """Take stdin and stdout for MCP.

    Meanwhile descriptor 0 is at its end and descriptor 1 is stderr, for this process and what it
    starts, so that a stray print misses the wire. Both are put back at the end.

    Yields:
        What comes in, and what goes out.
    """
    wire_in, wire_out = os.dup(_STDIN), os.dup(_STDOUT)
    _divert()
    try:
        lines = asyncio.StreamReader(limit=LONGEST_LINE)
        loop = asyncio.get_running_loop()
        reading, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), _file(wire_in, "rb")
        )
        # The protocol of the stream classes that also knows when a writer may go on.
        writing, protocol = await loop.connect_write_pipe(
            lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), _file(wire_out, "wb")
        )
        pipe = asyncio.StreamWriter(writing, protocol, None, loop)
        try:
            yield Incoming(lines), Outgoing(pipe)
        finally:
            reading.close()
            await _close(pipe)
    finally:
        for descriptor, wire in ((_STDIN, wire_in), (_STDOUT, wire_out)):
            os.set_blocking(wire, True)
            os.dup2(wire, descriptor)
            os.close(wire)


def _file(descriptor: int, mode: str) -> object:
    """Return a file for a transport, which closes it; the descriptor itself stays ours."""
    return os.fdopen(descriptor, mode, buffering=0, closefd=False)


def _divert() -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _STDIN)
    os.close(nothing)
    os.dup2(_STDERR, _STDOUT)


async def _close(pipe: asyncio.StreamWriter) -> None:
    """Close when everything is written; a client that reads no more has had its time."""
    pipe.close()
    try:
        async with asyncio.timeout(1):
            await pipe.wait_closed()
    except (TimeoutError, ConnectionError):
        pipe.transport.abort()
