"""A server that answers with bytes it was given, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from gateway.services.model import BackendDeclaration

__all__ = ["Canned", "answer", "canned"]


@dataclass
class Canned:
    """A canned server's port, and the heads of the requests it got."""

    port: int = 0
    heads: list[str] = field(default_factory=list[str])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def declared(self, timeout: float = 5.0, **headers: str) -> BackendDeclaration:
        """Return it as a backend."""
        return BackendDeclaration("studio", self.url, headers=headers, timeout=timeout)


def answer(
    status: str, body: bytes = b"", content_type: str = "text/plain", /, **more: str
) -> bytes:
    """Return the bytes of an HTTP answer."""
    headers = {"content-type": content_type, "content-length": str(len(body)), **more}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def canned(data: bytes | Callable[[str], bytes] | None) -> AsyncGenerator[Canned]:
    """Serve.

    Args:
        data: The same for every request, or by its first line; None: never answer.

    Yields:
        The server.
    """
    server = Canned()
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            server.heads.append(head)
            if data is None:
                await ended.wait()
            else:
                writer.write(data if isinstance(data, bytes) else data(head.partition("\r\n")[0]))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # it was only connected to
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    serving: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.create_task(serve(reader, writer)))

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        ended.set()
        listening.close()
        await listening.wait_closed()
        if serving:
            await asyncio.wait(serving, timeout=5)
