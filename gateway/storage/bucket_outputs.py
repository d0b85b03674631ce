"""Runs' files in a bucket. Each is written to a folder here first, so that none is lost when the bucket is away.

In the bucket a file has the key `YYYY/MM/DD/<job id>/<name>`; whoever does not know the job's id
cannot guess it. In the folder it has the same key until it is in the bucket; then it goes from there.
Several gateways may share the folder: a file that two of them bring is the same file twice.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import obstore

from gateway.errors import GatewayError
from gateway.jobs.files import Opened, StoredFile
from gateway.jobs.names import safe_key
from gateway.services.bucket import Bucket
from gateway.storage.buckets import SignedStore, open_bucket
from gateway.storage.local import open_output_store
from gateway.storage.outputs import ObjectOutputStore
from gateway.storage.place import STORE_FAULTS

__all__ = ["BucketOutputStore", "open_bucket_output_store"]

_REST = 15.0
"""Seconds for which a bucket that failed is not tried again by runs that end."""

_SETTLED = 60.0
"""Seconds after which a file still in the folder is one that nobody is about to bring."""

_FAILURES = 3
_LENT = 64 * 1024 * 1024
"""Bytes of the largest file that is brought back for a preview."""

_DATED = "[0-9][0-9][0-9][0-9]/[0-9][0-9]/[0-9][0-9]/*/*"


@dataclass(frozen=True, slots=True)
class _Links:
    """Makes the URLs under which anybody reads a file."""

    store: SignedStore
    public_url: str
    seconds: float

    async def link(self, key: str) -> str | None:
        if self.public_url:
            return f"{self.public_url}/{quote(key)}"
        try:
            return await obstore.sign_async(self.store, "GET", key, timedelta(seconds=self.seconds))
        except STORE_FAULTS:
            return None  # a store that cannot sign: files are had through the gateway


class BucketOutputStore:
    """An `OutputStore` in a bucket, with a folder for what is not there yet."""

    def __init__(self, bucket: ObjectOutputStore, folder: ObjectOutputStore, links: _Links) -> None:
        self._bucket = bucket
        self._folder = folder
        self._links = links
        self._busy: set[str] = set()
        self._resting: tuple[float, str] = (0.0, "")
        self._turn = asyncio.Lock()

    def home(self, job_id: str, created_at: float) -> str:
        """Return what the keys of a job's files begin with."""
        return f"{datetime.fromtimestamp(created_at, UTC):%Y/%m/%d}/{job_id}"

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> StoredFile:
        """Take a file into the folder.

        Raises:
            GatewayError: The folder cannot take it.
        """
        return await self._folder.write(key, chunks)

    async def publish(self, key: str) -> str:
        """Bring a file to the bucket; return why it stays in the folder, or an empty text.

        A bucket that has just failed is not tried, so that many files do not wait for it one by one.
        """
        until, why = self._resting
        if time.monotonic() < until:
            return why
        try:
            await self._bring(safe_key(key))
        except GatewayError as error:
            self._resting = (time.monotonic() + _REST, error.message)
            return error.message
        return ""

    async def catch_up(self, settled: float = _SETTLED) -> None:
        """Bring the files that have been in the folder for so many seconds; what fails stays."""
        failures = 0
        for key in await asyncio.to_thread(self._left, settled):
            if key in self._busy:
                continue
            try:
                async with self._turn:
                    await self._bring(key)
            except GatewayError:
                failures += 1
                if failures == _FAILURES:
                    return

    def _left(self, settled: float) -> list[str]:
        """Return the keys of files in the folder, oldest first."""
        folder = self._root
        left: list[tuple[float, str]] = []
        for path in folder.glob(_DATED):
            if "#" in path.name:  # how a file is called that is not whole yet
                continue
            with suppress(OSError):  # another gateway brought it meanwhile
                changed = path.lstat().st_mtime
                if time.time() - changed >= settled:
                    left.append((changed, path.relative_to(folder).as_posix()))
        return [key for _, key in sorted(left)]

    async def _bring(self, key: str) -> None:
        self._busy.add(key)
        try:
            opened = await self._folder.open(key)
            stored = await self._bucket.write(key, opened.chunks)
            if stored.size == opened.size:
                await self._folder.place.remove(key)
        except KeyError:
            return  # another gateway brought it meanwhile, or its job was removed
        finally:
            self._busy.discard(key)

    async def open(self, key: str, start: int = 0, end: int | None = None) -> Opened:
        """Open a file from byte `start` up to, not including, `end`.

        Raises:
            KeyError: There is none.
            GatewayError: The bucket cannot be read.
        """
        try:
            return await self._folder.open(key, start, end)
        except KeyError:
            return await self._bucket.open(key, start, end)

    def path(self, key: str) -> str | None:
        """Return the absolute path in the folder, or None once the file is in the bucket."""
        path = self._folder.path(key)
        return path if path is not None and os.path.isfile(path) else None  # noqa: PTH113

    @asynccontextmanager
    async def lend(self, key: str) -> AsyncGenerator[str | None]:
        """Have a file on this machine for a while; None when it is gone or too large for that."""
        path = self.path(key)
        if path is not None:
            yield path
            return
        with tempfile.TemporaryDirectory(prefix="gateway-") as folder:
            yield await self._fetch(key, Path(folder) / "lent")

    async def _fetch(self, key: str, path: Path) -> str | None:
        try:
            opened = await self._bucket.open(key)
            if opened.size > _LENT:
                return None
            with path.open("wb") as file:
                async for chunk in opened.chunks:
                    await asyncio.to_thread(file.write, chunk)
        except (KeyError, GatewayError, OSError):
            return None  # only a preview is missing then
        return str(path)

    async def link(self, key: str, *, doubtful: bool = False) -> str | None:
        """Return a URL under which anybody reads the file for a while; None: it is not in the bucket.

        Args:
            key: The file's.
            doubtful: It could not be brought at the end of its run: the bucket is asked for it.
        """
        safe = safe_key(key)
        if self.path(safe) is not None:
            return None
        if doubtful and not await self._has_arrived(safe):
            return None
        return await self._links.link(safe)

    async def _has_arrived(self, key: str) -> bool:
        try:
            return await self._bucket.place.holds(key)
        except GatewayError:
            return False

    async def remove(self, prefix: str) -> None:
        """Remove every file under `<prefix>/`, here and there.

        Raises:
            GatewayError: The bucket or the folder cannot do it.
        """
        async with self._turn:
            await self._folder.remove(prefix)
            # Where outputs of the job are from before there was a bucket.
            await self._folder.remove(prefix.rpartition("/")[2])
            await self._bucket.remove(prefix)
        day = prefix.rpartition("/")[0]
        if day < f"{datetime.now(UTC):%Y/%m/%d}":
            await asyncio.to_thread(_prune, self._root, day)

    @property
    def _root(self) -> Path:
        folder = self._folder.place.folder
        if folder is None:
            raise AssertionError("the folder of what is not in the bucket yet is on this machine")
        return folder


def _prune(root: Path, day: str) -> None:
    """Remove the folders of a day that is over, its month and its year, as far as they are empty."""
    folder = root / day
    with suppress(OSError):
        while folder != root:
            folder.rmdir()
            folder = folder.parent


def open_bucket_output_store(bucket: Bucket, folder: str) -> BucketOutputStore:
    """Open the store of runs' files in a bucket; nothing is asked of its server yet.

    Args:
        bucket: It.
        folder: Where files are until they are there; made when it is not there.

    Raises:
        GatewayError: The folder cannot be made, or the bucket lacks something.
    """
    place, store = open_bucket(bucket)
    links = _Links(store, bucket.public_url, bucket.links)
    return BucketOutputStore(ObjectOutputStore(place), open_output_store(folder), links)
