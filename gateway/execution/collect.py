"""Bringing home what a run left: every file of every node, streamed to the output store as it appears."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.errors import BackendError, OutputMissing
from gateway.graph.json_value import JsonObject
from gateway.jobs.backend import Backend
from gateway.jobs.files import OutputStore, Preview, Previewer, SheetCell
from gateway.jobs.job import Output, OutputFile, OutputText
from gateway.jobs.names import safe_name, unique_name
from gateway.services.bound import BoundService
from gateway.services.outputs import NamedItem, name_items
from gateway.wire.outputs import FileReference, LeftFile, LeftItem, LeftText, items_of

__all__ = ["Collector", "PreviewShelf", "Shelves"]

_AT_ONCE = 4
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
_LONGEST_TEXT = 100_000
"""Characters of a text that are kept with its job; a longer one becomes a file."""
_PREVIEWS_KEPT = 8 * 1024 * 1024


class PreviewShelf:
    """The newest previews, at most 8 MiB of them; older ones are made again when asked for."""

    def __init__(self, previewer: Previewer, max_side: int) -> None:
        self._previewer = previewer
        self._max_side = max_side
        self._kept: OrderedDict[str, Preview] = OrderedDict()
        self._size = 0

    def kept(self, key: str) -> Preview | None:
        """Return the preview of a file when it is still here."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    async def preview(self, key: str, path: str) -> Preview | None:
        """Return the preview of a file, or None when it is no picture."""
        if (kept := self.kept(key)) is not None:
            return kept
        made = await self._previewer.preview(path, self._max_side)
        if made is not None and key not in self._kept:
            self._kept[key] = made
            self._size += len(made.data)
            while self._size > _PREVIEWS_KEPT:
                self._size -= len(self._kept.popitem(last=False)[1].data)
        return made

    async def shrink(self, data: bytes, max_bytes: int) -> bytes | None:
        """Return the picture in at most so many bytes, or None when it cannot be made that small."""
        return await self._previewer.shrink(data, max_bytes)

    async def sheet(self, cells: Sequence[SheetCell], columns: int) -> Preview:
        """Return one picture of many small ones."""
        return await self._previewer.sheet(cells, columns)


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where outputs go, and their previews.

    Attributes:
        patience: Seconds for which a file is asked for again when its backend does not answer.
    """

    outputs: OutputStore
    previews: PreviewShelf
    patience: float


@dataclass(frozen=True, slots=True)
class _Brought:
    """A file at home; `key` is empty when it could not be had, and `missing` says why.

    `unsent` says why it is on this machine only, when it should be in a bucket.
    """

    key: str
    size: int = 0
    mime_type: str = "application/octet-stream"
    width: int | None = None
    height: int | None = None
    missing: str = ""
    unsent: str = ""


class Collector:
    """Collects the outputs of one run; files are fetched while the run goes on.

    `home` is what the keys of the job's files begin with; `fetched` is called for each file that is
    at home.
    """

    def __init__(
        self,
        bound: BoundService,
        home: str,
        backend: Backend,
        shelves: Shelves,
        fetched: Callable[[], None],
    ) -> None:
        self._fetched = fetched
        self._bound = bound
        self._home = home
        self._backend = backend
        self._shelves = shelves
        self._fetching: dict[FileReference | LeftText, asyncio.Task[_Brought]] = {}
        self._taken: set[str] = set()
        self._at_once = asyncio.Semaphore(_AT_ONCE)
        self.trouble: BackendError | None = None

    def begin(self, outputs: Mapping[str, JsonObject]) -> None:
        """Begin to bring home the files and long texts that these nodes left, those not yet begun."""
        for item in items_of(outputs):
            match item:
                case LeftFile(file=file) if file not in self._fetching:
                    self._fetching[file] = asyncio.create_task(self._bring(file))
                case LeftText(text=text) if len(text) > _LONGEST_TEXT:
                    if item not in self._fetching:
                        self._fetching[item] = asyncio.create_task(self._write_down(item))
                case _:
                    pass

    async def finish(
        self, outputs: Mapping[str, JsonObject], parents: Mapping[str, str]
    ) -> tuple[Output, ...]:
        """Fetch what is left, wait for all, and return the outputs: named ones first, graph order.

        A file that could not be had is among them and says why; when that was for lack of an answer,
        `trouble` holds the error.
        """
        self.begin(outputs)
        items: Sequence[LeftItem] = items_of(outputs)
        if self._fetching:
            # Not gathered: when this wait is cancelled, what is on its way must come home all the same.
            await asyncio.wait(self._fetching.values())
        return tuple([self._output(named) for named in name_items(self._bound, items, parents)])

    async def abandon(self) -> None:
        """Stop fetching; what is at home stays until the job's files are removed."""
        for task in self._fetching.values():
            task.cancel()
        await asyncio.gather(*self._fetching.values(), return_exceptions=True)

    def _output(self, named: NamedItem) -> Output:
        match named.item:
            case LeftText() as left if left in self._fetching:
                return self._file(named, FileReference(""), self._fetching[left].result())
            case LeftText(node_id=node_id, text=text):
                return OutputText(named.name, named.index, node_id, text)
            case LeftFile(file=file):
                return self._file(named, file, self._fetching[file].result())

    def _file(self, named: NamedItem, file: FileReference, brought: _Brought) -> OutputFile:
        return OutputFile(
            name=named.name,
            index=named.index,
            node_id=named.item.node_id,
            kind=named.kind,
            type=file.type,
            mime_type=brought.mime_type,
            filename=brought.key.rpartition("/")[2] or safe_name(file.filename),
            size_bytes=brought.size,
            key=brought.key,
            width=brought.width,
            height=brought.height,
            missing=brought.missing,
            unsent=brought.unsent,
        )

    def _key_for(self, filename: str) -> str:
        name = unique_name(safe_name(filename), self._taken)
        self._taken.add(name)
        return f"{self._home}/{name}"

    async def _write_down(self, left: LeftText) -> _Brought:
        """Keep a text that is too long for a record as a file."""
        key = self._key_for(f"node_{left.node_id}.txt")
        stored = await self._shelves.outputs.write(key, _encoded(left.text))
        unsent = await self._shelves.outputs.publish(key)
        return _Brought(key, stored.size, "text/plain", unsent=unsent)

    async def _bring(self, file: FileReference) -> _Brought:
        key = self._key_for(file.filename)
        give_up = time.monotonic() + self._shelves.patience
        pause = _FIRST_PAUSE
        async with self._at_once:
            while True:
                try:
                    return await self._fetch(file, key)
                except OutputMissing as missing:
                    return _Brought("", missing=missing.message)
                except BackendError as error:
                    if time.monotonic() + pause >= give_up:
                        self.trouble = error
                        return _Brought("", missing=error.message)
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)

    async def _fetch(self, file: FileReference, key: str) -> _Brought:
        async with self._backend.download(file) as download:
            stored = await self._shelves.outputs.write(key, download.chunks)
        self._fetched()
        preview = None
        if stored.path is not None and download.mime_type.startswith("image/"):
            preview = await self._shelves.previews.preview(key, stored.path)
        return _Brought(
            key,
            stored.size,
            download.mime_type,
            preview.width if preview else None,
            preview.height if preview else None,
            unsent=await self._shelves.outputs.publish(key),
        )


async def _encoded(text: str) -> AsyncIterator[bytes]:
    for start in range(0, len(text), _LONGEST_TEXT):
        yield text[start : start + _LONGEST_TEXT].encode("utf-8", "replace")
