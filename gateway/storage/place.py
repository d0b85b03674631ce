"""One obstore `ObjectStore`, a local folder or a bucket by the same code, with errors for people.

Measured for a 64 px PNG into a folder of its own, on the event loop: obstore's `put_async` 0.20 ms,
its writer 0.28 ms, its `put_async` from an async iterator 0.33 ms, its `put` 0.10 ms, all of them
through threads, which costs up to a millisecond more on a busy machine; a file written on the loop
0.05 ms. So files up to 64 KiB are written to a local folder by `tiny`; the rest goes through
`put_async`, which also speaks to buckets.
Larger files are pushed into a writer rather than pulled by obstore, because it pulls each chunk in
a task of its own, in which the time limits of the source would not hold.
Knows no jobs; a file appears under its name only when all of it is there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError

from gateway.errors import GatewayError
from gateway.jobs.files import Opened
from gateway.jobs.mime import UNKNOWN, is_shown, mime_of_name
from gateway.jobs.names import safe_key
from gateway.storage.failure import bucket_failed, storage_failed
from gateway.storage.streams import nothing
from gateway.storage.tiny import write_tiny

if TYPE_CHECKING:
    from obstore import AsyncWritableFile, Attributes
    from obstore.store import ObjectStore

__all__ = ["STORE_FAULTS", "Place"]

_READ = 256 * 1024
_TINY = 64 * 1024

STORE_FAULTS = (BaseError, OSError, ValueError)
"""What obstore raises; the source's own errors are never caught with these."""


@dataclass(frozen=True, slots=True)
class Place:
    """A store, and what it is called to people.

    Attributes:
        folder: The resolved folder it keeps things in, when it is on this machine.
        part_size: Bytes per part of a larger file; buckets take no parts under 5 MiB.
        parts_at_a_time: With `part_size`, how much of a file is in memory.
    """

    store: ObjectStore
    name: str
    folder: Path | None = None
    part_size: int = 1024 * 1024
    parts_at_a_time: int = 4

    async def put(self, key: str, data: bytes, mode: Literal["overwrite", "create"]) -> None:
        """Write a small file; `create` leaves one that has this key already as it is.

        Raises:
            GatewayError: The store cannot take it.
        """
        try:
            if self.folder is not None and len(data) <= _TINY:
                if safe_key(key) != key:
                    raise ValueError(f"{key!r} is no key")  # as obstore would say
                path = self.folder / key
                if mode == "overwrite" or not path.exists():
                    write_tiny(path, data)
            else:
                await obstore.put_async(
                    self.store,
                    key,
                    data,
                    attributes=self._attributes(key),
                    use_multipart=False,
                    mode=mode,
                )
        except AlreadyExistsError:
            return
        except STORE_FAULTS as error:
            raise self._failed(error) from error

    async def stream(self, key: str, first: bytes, rest: AsyncIterator[bytes]) -> int:
        """Write a larger file and return its size; nothing is left when the source fails.

        Raises:
            GatewayError: The store cannot take it.
        """
        size = len(first)
        writer = self._writer(key)
        try:
            await self._write(writer, first)
            async for chunk in rest:
                size += len(chunk)
                await self._write(writer, chunk)
        except BaseException:
            await _abandon(writer)
            raise
        await self._finish(writer)
        return size

    def _writer(self, key: str) -> AsyncWritableFile:
        try:
            return obstore.open_writer_async(
                self.store,
                key,
                attributes=self._attributes(key),
                buffer_size=self.part_size,
                max_concurrency=self.parts_at_a_time,
            )
        except STORE_FAULTS as error:
            raise self._failed(error) from error

    async def _write(self, writer: AsyncWritableFile, chunk: bytes) -> None:
        try:
            await writer.write(chunk)
        except STORE_FAULTS as error:
            raise self._failed(error) from error

    async def _finish(self, writer: AsyncWritableFile) -> None:
        try:
            await writer.close()
        except STORE_FAULTS as error:
            raise self._failed(error) from error

    async def open(self, key: str, start: int, end: int | None) -> Opened:
        """Open a file's bytes from `start` up to, not including, `end`.

        Raises:
            KeyError: There is none.
            GatewayError: It cannot be read.
        """
        try:
            if start <= 0 and end is None:
                whole = await obstore.get_async(self.store, key)
                return Opened(whole.meta["size"], self._told(whole.stream(min_chunk_size=_READ)))
            size = (await obstore.head_async(self.store, key))["size"]
            first, last = max(start, 0), size if end is None else min(end, size)
            if first >= last:
                return Opened(size, nothing())
            part = await obstore.get_async(self.store, key, options={"range": (first, last)})
            return Opened(size, self._told(part.stream(min_chunk_size=_READ)))
        except FileNotFoundError:
            raise KeyError(key) from None
        except STORE_FAULTS as error:
            raise self._failed(error) from error

    async def remove(self, key: str) -> None:
        """Remove a file; none there is no fault.

        Raises:
            GatewayError: It cannot be removed.
        """
        try:
            await obstore.delete_async(self.store, key)
        except FileNotFoundError:
            return
        except STORE_FAULTS as error:
            raise self._failed(error) from error

    def _told(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Return the chunks of a file; a line to a bucket may break while they come."""
        return chunks if self.folder is not None else self._guarded(chunks)

    async def _guarded(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        try:
            async for chunk in chunks:
                yield bytes(chunk)
        except STORE_FAULTS as error:
            raise self._failed(error) from error

    def _attributes(self, key: str) -> Attributes | None:
        """Return what a bucket tells those who follow a link: the type, and that it is no page."""
        if self.folder is not None:
            return None
        mime = mime_of_name(key) or UNKNOWN
        return {
            "Content-Type": mime,
            "Content-Disposition": "inline" if is_shown(mime) else "attachment",
        }

    def _failed(self, error: Exception) -> GatewayError:
        failed = bucket_failed if self.folder is None else storage_failed
        return failed(error, self.name)

    async def keys(self, prefix: str) -> list[str]:
        """Return the keys of all files under `<prefix>/`.

        Raises:
            GatewayError: The store cannot tell.
        """
        try:
            # The stubs also tell of an Arrow form whose library is not here.
            found = await obstore.list(self.store, prefix).collect_async()  # pyright: ignore[reportUnknownMemberType]
        except STORE_FAULTS as error:
            raise self._failed(error) from error
        return [entry["path"] for entry in found]

    async def rename(self, key: str, new_key: str) -> None:
        """Give a file another key, in the place of one that has it.

        Raises:
            GatewayError: The store cannot do it.
        """
        try:
            await obstore.rename_async(self.store, key, new_key)
        except STORE_FAULTS as error:
            raise self._failed(error) from error

    async def holds(self, key: str) -> bool:
        """Tell whether there is such a file.

        Raises:
            GatewayError: The store cannot tell.
        """
        try:
            await obstore.head_async(self.store, key)
        except FileNotFoundError:
            return False
        except STORE_FAULTS as error:
            raise self._failed(error) from error
        return True


class _Abandoned(Exception):
    """The source of a file broke off."""


async def _abandon(writer: AsyncWritableFile) -> None:
    """Have what was written so far thrown away: leaving a writer with an error does that."""
    with suppress(_Abandoned, *STORE_FAULTS):  # what broke it is told; this could only repeat it
        async with writer:
            raise _Abandoned
