"""Previews off the event loop, in two threads of their own. Knows no jobs and no stores.

Only a picture so small that the way to a thread and back takes longer than the work (0.2 ms against
0.15 ms, a millisecond and more on a busy machine) is done at once.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from PIL import Image

from gateway.jobs.files import Preview, SheetCell
from gateway.media.pictures import (
    NotTiny,
    make_preview,
    make_tiny_preview,
    picture_size,
    shrink_picture,
)
from gateway.media.sheets import draw_sheet

__all__ = ["PillowPreviewer"]

_THREADS = 2

T = TypeVar("T")


class PillowPreviewer:
    """A `Previewer` over Pillow; pictures only, video and sound have none.

    It owns its threads; `close` lets them go.
    """

    def __init__(self) -> None:
        # Pillow warns of pictures over its limit on the way to refusing them; here they are refused.
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="preview")

    async def preview(self, path: str, max_side: int) -> Preview | None:
        """Return a WebP of at most `max_side` pixels a side; None when the file is no picture.

        Its width and height are those of the picture itself, as it is shown.
        """
        try:
            return make_tiny_preview(path, max_side)
        except NotTiny:
            return await self._off_the_loop(make_preview, path, max_side)

    async def shrink(self, data: bytes, max_bytes: int) -> bytes | None:
        """Return the picture in at most `max_bytes`, or None when it cannot be made that small."""
        return await self._off_the_loop(shrink_picture, data, max_bytes)

    async def sheet(self, cells: Sequence[SheetCell], columns: int) -> Preview:
        """Return one picture of many small ones, in rows of so many columns, of a bounded size."""
        return await self._off_the_loop(draw_sheet, cells, columns)

    async def size(self, path: str) -> tuple[int, int] | None:
        """Return a picture's width and height without decoding it; None when it is none."""
        return await self._off_the_loop(picture_size, path)

    def close(self) -> None:
        """Let the threads go; previews not begun are dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _off_the_loop(self, work: Callable[..., T], *given: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
