"""What the stores of files must do: callers' inputs, runs' outputs, previews, references to inputs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

__all__ = [
    "Buckets",
    "InputStore",
    "KeptFile",
    "Opened",
    "OutputStore",
    "Preview",
    "Previewer",
    "Reference",
    "References",
    "SheetCell",
    "StoredFile",
]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file in the input store: hex SHA-256 of its bytes, and how many bytes."""

    digest: str
    size: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the output store; `path` is its place on this machine, when it has one."""

    key: str
    size: int
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file: its whole size, and the bytes from where it was asked for."""

    size: int
    chunks: AsyncIterator[bytes]


class InputStore(Protocol):
    """Callers' files by the hash of their bytes: the same file is kept once."""

    async def keep(self, chunks: AsyncIterator[bytes], max_size: int) -> KeptFile:
        """Take a file in, never holding it whole in memory.

        Raises:
            InputRefused: It is larger than `max_size` bytes.
        """
        ...

    async def open(self, digest: str) -> Opened:
        """Open a kept file.

        Raises:
            KeyError: There is none.
        """
        ...

    async def remove(self, digest: str) -> None:
        """Let a file go; none there is no fault."""
        ...

    async def older_than(self, seconds: float) -> Sequence[str]:
        """Return the digests of files that were last taken in longer ago than that.

        What is as old and only half written is removed.
        """
        ...


class OutputStore(Protocol):
    """Runs' files, by `<home of the job>/<name>`."""

    def home(self, job_id: str, created_at: float) -> str:
        """Return what the keys of a job's files begin with, the same for as long as there is the job.

        Args:
            job_id: Its id.
            created_at: Seconds since the epoch.
        """
        ...

    async def write(self, key: str, chunks: AsyncIterator[bytes]) -> StoredFile:
        """Take a file in, never holding it whole in memory; half a file is never left."""
        ...

    async def publish(self, key: str) -> str:
        """Bring a written file to where all can have it, in bounded time.

        Returns:
            Why it stays on this machine for now, or an empty text; it can be read either way.
        """
        ...

    async def catch_up(self) -> None:
        """Bring the files that `publish` could not; what fails again stays, and is tried again."""
        ...

    async def link(self, key: str, *, doubtful: bool = False) -> str | None:
        """Return a URL under which anybody can fetch a file for a while, or None when it has none.

        Args:
            key: The file's.
            doubtful: It could not be brought at the end of its run, so it is looked for.
        """
        ...

    def lend(self, key: str) -> AbstractAsyncContextManager[str | None]:
        """Have a file as a path on this machine for a while; None when that cannot be."""
        ...

    async def open(self, key: str, start: int = 0, end: int | None = None) -> Opened:
        """Open a file from byte `start` up to, not including, `end`.

        Raises:
            KeyError: There is none.
        """
        ...

    def path(self, key: str) -> str | None:
        """Return the absolute path on this machine, or None when it is kept elsewhere."""
        ...

    async def remove(self, prefix: str) -> None:
        """Remove every file under `<prefix>/`."""
        ...


@dataclass(frozen=True, slots=True)
class Preview:
    """A small picture of a file, and the size in pixels of what it shows."""

    data: bytes
    mime_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One cell of a contact sheet: a small picture, or what is said instead, over some lines."""

    picture: bytes | None
    lines: tuple[str, ...]
    instead: str


class Previewer(Protocol):
    """Makes previews, off the event loop."""

    async def preview(self, path: str, max_side: int) -> Preview | None:
        """Return a WebP of at most `max_side` pixels a side; None when the file is no picture.

        Never raises for a broken, huge or hostile file: that is None too.
        """
        ...

    async def shrink(self, data: bytes, max_bytes: int) -> bytes | None:
        """Return the picture in at most `max_bytes`, or None when it cannot be made that small."""
        ...

    async def sheet(self, cells: Sequence[SheetCell], columns: int) -> Preview:
        """Return one picture of many small ones, in rows of so many columns, of a bounded size."""
        ...


@dataclass(frozen=True, slots=True)
class Reference:
    """A caller's file on its way in.

    Attributes:
        filename: A name without folders; from the reference, or made up from the type.
        mime_type: As told or guessed from the name and the first bytes.
    """

    filename: str
    mime_type: str
    chunks: AsyncIterator[bytes]


class Buckets(Protocol):
    """The buckets that callers may name files in."""

    async def open(self, url: str) -> Opened | None:
        """Open a file by its URL, to be read from its beginning; None: it is in no open bucket.

        Raises:
            KeyError: There is no such file.
        """
        ...


class References(Protocol):
    """Opens what a caller's image, mask, audio, video or file argument refers to.

    A path or `file:` URL (only under the input folders, and only for callers on this machine), a
    `data:` URL, an http(s) URL, or the URL of a file in an open bucket. `comfyui://jobs/…` is opened by the executor itself.
    """

    async def open(self, reference: str, *, local: bool) -> Reference:
        """Open it. `local`: the caller is on this machine (stdio, command line), so paths count.

        Raises:
            InputRefused: Not allowed, not there, too large, too slow.
        """
        ...
