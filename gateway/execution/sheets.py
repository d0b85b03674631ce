"""Contact sheets: made once, when somebody first asks for the result of a batch, and kept with its jobs.

A sheet stands among the files of the batch's first job and goes with them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

from gateway.execution.collect import PreviewShelf
from gateway.jobs.batch import Batch
from gateway.jobs.files import OutputStore, Preview, SheetCell
from gateway.jobs.job import Job, OutputFile
from gateway.jobs.names import unique_name
from gateway.jobs.sheet import Cell, Plan, sheet_plan
from gateway.wire.clean import clean_text

__all__ = ["Sheets"]

_NAME = "contact-sheet.webp"
_AT_ONCE = 8
_CHUNK = 256 * 1024


class Sheets:
    """Makes contact sheets, and finds those that were made.

    Args:
        outputs: Keeps the files.
        previews: Has the small pictures, and draws.
    """

    def __init__(self, outputs: OutputStore, previews: PreviewShelf) -> None:
        self._outputs = outputs
        self._previews = previews
        self._making: dict[str, asyncio.Task[OutputFile]] = {}

    async def on(self, batch: Batch) -> Batch:
        """Return a finished batch with its sheet as its first output; without pictures as it is."""
        plan = sheet_plan(batch) if batch.finished else None
        if plan is None or batch.sheet is not None:
            return batch
        making = self._making.get(batch.id)
        if making is None:
            making = self._making[batch.id] = asyncio.create_task(self._sheet(batch, plan))
            making.add_done_callback(lambda _: self._making.pop(batch.id, None))
        # Whoever leaves meanwhile takes the sheet from nobody else.
        sheet = await asyncio.shield(making)
        return replace(batch, sheet=sheet, outputs=(sheet, *batch.outputs))

    async def _sheet(self, batch: Batch, plan: Plan) -> OutputFile:
        key = self._key(batch.jobs[0])
        kept = await self._kept(key)
        if kept is not None:
            return _described(key, kept[0], kept[1], "")
        drawn = await self._draw(plan)
        await self._outputs.write(key, _chunks(drawn.data))
        return _described(key, drawn, len(drawn.data), await self._outputs.publish(key))

    def _key(self, first: Job) -> str:
        home = self._outputs.home(first.id, first.created_at)
        taken = {each.filename for each in first.outputs if isinstance(each, OutputFile)}
        return f"{home}/{unique_name(_NAME, taken)}"

    async def _kept(self, key: str) -> tuple[Preview, int] | None:
        try:
            opened = await self._outputs.open(key)
        except KeyError:
            return None
        await _close(opened.chunks)
        preview = await self._preview(key)
        return None if preview is None else (preview, opened.size)

    async def _draw(self, plan: Plan) -> Preview:
        at_once = asyncio.Semaphore(_AT_ONCE)

        async def shown(cell: Cell) -> SheetCell:
            """Return a cell with its picture, when that can be shown."""
            async with at_once:
                picture = await self._preview(cell.picture.key) if cell.picture else None
            lines = tuple(clean_text(each, None) for each in cell.lines)
            return SheetCell(picture.data if picture is not None else None, lines, cell.instead)

        cells = await asyncio.gather(*(shown(each) for each in plan.cells))
        return await self._previews.sheet(cells, plan.columns)

    async def _preview(self, key: str) -> Preview | None:
        if (kept := self._previews.kept(key)) is not None:
            return kept
        async with self._outputs.lend(key) as path:
            return None if path is None else await self._previews.preview(key, path)


def _described(key: str, sheet: Preview, size: int, unsent: str) -> OutputFile:
    return OutputFile(
        name="contact_sheet",
        index=0,
        node_id="",
        kind="image",
        type="output",
        mime_type="image/webp",
        filename=key.rpartition("/")[2],
        size_bytes=size,
        key=key,
        width=sheet.width,
        height=sheet.height,
        unsent=unsent,
    )


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), _CHUNK):
        yield data[start : start + _CHUNK]


async def _close(chunks: AsyncIterator[bytes]) -> None:
    """Let go of bytes that nobody will read; an iterator need not have anything to let go of."""
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()
