"""Runs' files by keys such as `<job id>/<name>`: nothing is kept or read outside the store. Knows no jobs."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import GatewayError
from gateway.jobs.files import Opened, StoredFile
from gateway.jobs.names import safe_key
from gateway.storage.failure import storage_failed
from gateway.storage.place import Place
from gateway.storage.streams import closing, take_beginning

__all__ = ["ObjectOutputStore"]

_AT_ONCE = 1024 * 1024
"""Files up to so many bytes are written in one go."""


@dataclass(frozen=True, slots=True)
class ObjectOutputStore:
    """An `OutputStore` in a place. Every key is made safe first, so any text is a key.

    The `StoredFile` of `write` says which key the file has; `open`, `path` and `remove` take that
    one and the one that was asked for alike.
    """

    place: Place

    def home(self, job_id: str, created_at: float) -> str:  # noqa: ARG002 (the shape of a store)
        """Return what the keys of a job's files begin with."""
        return job_id

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> StoredFile:
        """Take a file in, never holding it whole in memory; half a file is never left.

        Raises:
            GatewayError: The store cannot take it, or a link leads out of its folder.
        """
        safe = safe_key(key)
        if not safe or self._leads_out(safe):
            raise _outside(key, self.place.name)
        async with closing(chunks):
            beginning = await take_beginning(chunks, _AT_ONCE)
            if beginning.whole:
                await self.place.put(safe, beginning.data, "overwrite")
                size = len(beginning.data)
            else:
                size = await self.place.stream(safe, beginning.data, chunks)
        return StoredFile(safe, size, self._path(safe))

    async def publish(self, key: str) -> str:  # noqa: ARG002 (the shape of a store)
        """Do nothing: a file is where it belongs as soon as it is written."""
        return ""

    async def catch_up(self) -> None:
        """Do nothing: no file is behind."""

    async def link(self, key: str, *, doubtful: bool = False) -> str | None:  # noqa: ARG002
        """Return None: a folder has no links of its own."""
        return None

    @asynccontextmanager
    async def lend(self, key: str) -> AsyncGenerator[str | None]:
        """Have a file's path for a while."""
        yield self.path(key)

    async def open(self, key: str, start: int = 0, end: int | None = None) -> Opened:
        """Open a file from byte `start` up to, not including, `end`.

        Raises:
            KeyError: There is none.
            GatewayError: It cannot be read.
        """
        safe = safe_key(key)
        if not safe or self._leads_out(safe):
            raise KeyError(key)
        return await self.place.open(safe, start, end)

    def path(self, key: str) -> str | None:
        """Return the absolute path on this machine, or None when it is kept elsewhere."""
        safe = safe_key(key)
        if not safe or self._leads_out(safe):
            return None
        return self._path(safe)

    def _path(self, safe: str) -> str | None:
        folder = self.place.folder
        # Joined as text: pathlib takes ten times as long, and every answer asks for every output.
        return None if folder is None else os.path.join(folder, *safe.split("/"))  # noqa: PTH118

    async def remove(self, prefix: str) -> None:
        """Remove every file under `<prefix>/`.

        Raises:
            GatewayError: A link leads out of the folder, or a file cannot be removed.
        """
        safe = safe_key(prefix)
        if not safe or self._leads_out(safe):
            raise _outside(prefix, self.place.name)
        if self.place.folder is None:
            for key in await self.place.keys(safe):
                await self.place.remove(key)
        else:
            await asyncio.to_thread(self._remove_folder, self.place.folder / safe)

    def _remove_folder(self, folder: Path) -> None:
        """Remove a folder with all in it, also what a killed process left half written."""
        try:
            shutil.rmtree(folder)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise storage_failed(error, self.place.name) from error

    def _leads_out(self, safe: str) -> bool:
        """Whether a symbolic link stands on the way; a safe key has no other way out."""
        if self.place.folder is None:
            return False
        way = os.fspath(self.place.folder)
        for part in safe.split("/"):
            way = f"{way}{os.sep}{part}"
            if os.path.islink(way):  # noqa: PTH114  # a tenth of what pathlib takes, at every call
                return True
        return False


def _outside(key: str, place: str) -> GatewayError:
    return GatewayError(
        f"{key!r} is no place for a file in {place}.",
        code="storage-outside",
        where=place,
        found=key,
        mend="Remove the symbolic link that stands there; files are kept in plain folders only.",
    )
