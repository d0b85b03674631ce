"""Taking a stream of bytes apart: its beginning, and whether that was all. Knows no stores."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

__all__ = ["Beginning", "closing", "nothing", "take_beginning"]


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first bytes of a stream; `whole` when no more follow."""

    data: bytes
    whole: bool


async def take_beginning(chunks: AsyncIterator[bytes], enough: int) -> Beginning:
    """Read until the stream ends or more than `enough` bytes have come."""
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        parts.append(bytes(chunk))
        size += len(chunk)
        if size > enough:
            return Beginning(b"".join(parts), whole=False)
    return Beginning(parts[0] if len(parts) == 1 else b"".join(parts), whole=True)


@asynccontextmanager
async def closing(chunks: AsyncIterator[bytes]) -> AsyncGenerator[AsyncIterator[bytes]]:
    """Let go of the stream's source at the end, also when it was not read to its end."""
    try:
        yield chunks
    finally:
        if isinstance(chunks, AsyncGenerator):
            await chunks.aclose()


async def nothing() -> AsyncIterator[bytes]:
    """Yield no bytes."""
    parts: tuple[bytes, ...] = ()
    for part in parts:
        yield part
