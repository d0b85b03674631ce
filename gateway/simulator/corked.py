"""A transport that gathers what is written in one turn of the loop and sends it at once.

uvicorn writes the head and the body of an answer, and every WebSocket frame, with a system call
each; gathered, a small run costs the simulator a third less. Knows no HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

__all__ = ["CorkedTransport"]

_MOST_BYTES = 64 * 1024


class CorkedTransport(asyncio.Transport):
    """Hands everything on to the transport inside; only writing waits for the turn's end."""

    def __init__(self, inner: asyncio.Transport) -> None:
        super().__init__()
        self._inner = inner
        self._gathered: list[bytes] = []
        self._size = 0
        self._loop = asyncio.get_running_loop()

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Send with everything else that is written in this turn."""
        if not self._gathered:
            self._loop.call_soon(self._flush)
        self._gathered.append(bytes(data))
        self._size += len(data)
        # A long answer may be written without a pause; flow control needs to see it.
        if self._size > _MOST_BYTES:
            self._flush()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview[Any]]) -> None:
        """Write several pieces."""
        for data in list_of_data:
            self.write(data)

    def _flush(self) -> None:
        gathered, self._gathered, self._size = self._gathered, [], 0
        if gathered:
            self._inner.write(gathered[0] if len(gathered) == 1 else b"".join(gathered))

    def close(self) -> None:
        """Send what is gathered, then close."""
        self._flush()
        self._inner.close()

    def abort(self) -> None:
        """Cut; what is gathered is lost."""
        self._gathered, self._size = [], 0
        self._inner.abort()

    def is_closing(self) -> bool:
        """Tell whether the transport inside is closing."""
        return self._inner.is_closing()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """Return what the transport inside knows."""
        return self._inner.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Change who is told of data; an upgrade to WebSocket does."""
        self._inner.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who is told of data."""
        return self._inner.get_protocol()

    def is_reading(self) -> bool:
        """Tell whether data is read."""
        return self._inner.is_reading()

    def pause_reading(self) -> None:
        """Stop reading."""
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._inner.resume_reading()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes wait to be sent."""
        return self._inner.get_write_buffer_size() + self._size
