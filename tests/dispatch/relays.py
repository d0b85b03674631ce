"""A relay before PostgreSQL, as a pooler in transaction mode is: notifications do not come through.

Its connections can be cut, too. Speaks no more of the protocol than the frame of a message: a byte of
kind and four of length (https://www.postgresql.org/docs/current/protocol-overview.html).
"""

from __future__ import annotations

import asyncio
import struct
from contextlib import suppress
from pathlib import Path
from typing import Self

__all__ = ["Relay"]

_NOTIFICATION = b"A"


class Relay:
    """Listens on the loopback and talks to a server's socket file.

    Args:
        server: Path of the server's socket.
        deaf: Whether notifications are kept back.
    """

    def __init__(self, server: Path, *, deaf: bool) -> None:
        self._server = server
        self._deaf = deaf
        self._listener: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.kept_back = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._listener is not None
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._listener is not None
        self._listener.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> int:
        """Cut every connection; return how many there were."""
        cut = len(self._writers) // 2
        for writer in self._writers:
            writer.transport.abort()
        return cut

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_server = await asyncio.open_unix_connection(str(self._server))
        self._writers |= {writer, to_server}
        ways = (
            asyncio.create_task(_pump(reader, to_server)),
            asyncio.create_task(self._back(there, writer)),
        )
        self._tasks |= set(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for each in (writer, to_server):
            each.transport.abort()
        self._writers -= {writer, to_server}

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readexactly(5)
                body = await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)
                if self._deaf and head[:1] == _NOTIFICATION:
                    self.kept_back += 1
                    continue
                writer.write(head + body)
                await writer.drain()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
