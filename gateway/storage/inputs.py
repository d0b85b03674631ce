"""Callers' files by the hash of their bytes: the same file is kept once. Knows no jobs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import uuid4

from gateway.errors import ArgumentFault, InputRefused
from gateway.jobs.files import KeptFile, Opened
from gateway.storage.leftovers import discard, freshen, older_than
from gateway.storage.place import Place
from gateway.storage.streams import closing, take_beginning

__all__ = ["ObjectInputStore", "too_large"]

_AT_ONCE = 1024 * 1024
"""Files up to so many bytes are hashed, looked for, and written in one go."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ObjectInputStore:
    """An `InputStore` in a place; files stand in folders named by the digest's first two digits."""

    place: Place

    async def keep(self, chunks: AsyncIterator[bytes], max_size: int) -> KeptFile:
        """Take a file in, never holding it whole in memory.

        Raises:
            InputRefused: It is larger than `max_size` bytes.
            GatewayError: The store cannot take it.
        """
        async with closing(chunks):
            limited = _limited(chunks, max_size)
            beginning = await take_beginning(limited, _AT_ONCE)
            if beginning.whole:
                return await self._keep_small(beginning.data)
            return await self._keep_large(beginning.data, limited)

    async def _keep_small(self, data: bytes) -> KeptFile:
        digest = sha256(data).hexdigest()
        await self.place.put(_key(digest), data, "create")
        freshen(self.place, _key(digest))
        return KeptFile(digest, len(data))

    async def _keep_large(self, first: bytes, rest: AsyncIterator[bytes]) -> KeptFile:
        """Write it under a key of its own until its hash is known."""
        key = f"incoming/{uuid4().hex}"
        hashed = sha256(first)

        async def hashing() -> AsyncIterator[bytes]:
            async for chunk in rest:
                hashed.update(chunk)
                yield chunk

        size = await self.place.stream(key, first, hashing())
        digest = hashed.hexdigest()
        if await self.place.holds(_key(digest)):
            await self.place.remove(key)
            freshen(self.place, _key(digest))
        else:
            await self.place.rename(key, _key(digest))
        return KeptFile(digest, size)

    async def open(self, digest: str) -> Opened:
        """Open a kept file.

        Raises:
            KeyError: There is none.
            GatewayError: It cannot be read.
        """
        if not _DIGEST.fullmatch(digest):
            raise KeyError(digest)
        return await self.place.open(_key(digest), 0, None)

    async def remove(self, digest: str) -> None:
        """Let a file go; none there is no fault.

        Raises:
            GatewayError: It cannot be removed.
        """
        if _DIGEST.fullmatch(digest):
            await self.place.remove(_key(digest))

    async def older_than(self, seconds: float) -> Sequence[str]:
        """Return the digests of files that were last taken in longer ago than that.

        What is as old and only half written is removed.
        """
        return await asyncio.to_thread(self._look_for_older, seconds)

    def _look_for_older(self, seconds: float) -> list[str]:
        digests: list[str] = []
        for key in older_than(self.place, seconds):
            digest = key.rpartition("/")[2]
            if _DIGEST.fullmatch(digest) and key == _key(digest):
                digests.append(digest)
            else:
                discard(self.place, key)
        return digests


def too_large(max_size: int) -> InputRefused:
    """Return what to tell a caller whose file is larger than `max_size` bytes."""
    return InputRefused(
        [ArgumentFault("", f"the file is larger than {max_size:,} bytes, the limit here")],
        code="input-too-large",
        mend="Give a smaller file, or raise `gateway.input_urls.max_size` in services.yaml.",
    )


async def _limited(chunks: AsyncIterator[bytes], max_size: int) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > max_size:
            raise too_large(max_size)
        yield bytes(chunk)


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest}"
