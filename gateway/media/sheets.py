"""Contact sheets: many small pictures as one, each with its text below it.

Knows no threads and no jobs; what it is given are previews, small already, so nothing it opens is large.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont, WebPImagePlugin

from gateway.jobs.files import Preview, SheetCell

__all__ = ["draw_sheet"]

_WIDEST = 2400
_LARGEST_CELL, _SMALLEST_CELL = 320, 120
_TALLEST = 12_000
"""Pixels; WebP takes 16,383 a side, and 256 cells in their narrowest grid need less than this."""

_GAP = 12
_MARGIN = 6
_MOST_LINES = 4
_QUALITY = 85
_MOST_PIXELS = 4_000_000
"""Of one small picture; a preview has a quarter of a million by default."""

_PAPER, _FRAME, _INK, _FAINT = "#ffffff", "#e8e8ec", "#1c1c22", "#7a7a86"

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where cells stand: pixels of a cell's side, of its picture's part, and of its text."""

    columns: int
    side: int
    tall: int
    below: int
    font: Font
    line: int

    @property
    def step(self) -> int:
        """From one row to the next."""
        return self.tall + self.below + _GAP

    def corner(self, number: int) -> tuple[int, int]:
        """Return where a cell begins."""
        row, column = divmod(number, self.columns)
        return _GAP + column * (self.side + _GAP), _GAP + row * self.step


def draw_sheet(cells: Sequence[SheetCell], columns: int) -> Preview:
    """Return a WebP of all cells, in rows of so many; the last row may be shorter."""
    columns = max(1, min(columns, len(cells)))
    side = max(_SMALLEST_CELL, min(_LARGEST_CELL, (_WIDEST - _GAP) // columns - _GAP))
    size = 15 if side >= 240 else 12 if side >= 160 else 10
    font = ImageFont.load_default(size)
    labels = [_wrapped(each.lines, font, side) for each in cells]
    pictures = [_small(each.picture, side) for each in cells]
    # Pictures that are all wide need no square cells.
    tall = max((each.height for each in pictures if each is not None), default=side // 2)
    most = max((len(each) for each in labels), default=0)
    grid = _Grid(columns, side, tall, most * (size + 4) + _MARGIN, font, size + 4)
    rows = -(-len(cells) // columns)
    width, height = columns * (side + _GAP) + _GAP, rows * grid.step + _GAP
    sheet = Image.new("RGB", (width, min(height, _TALLEST)), _PAPER)
    for number, (cell, picture) in enumerate(zip(cells, pictures, strict=True)):
        _put(sheet, grid, grid.corner(number), picture or cell.instead)
        _write(sheet, grid, grid.corner(number), labels[number])
    out = BytesIO()
    sheet.save(out, WebPImagePlugin.WebPImageFile.format, quality=_QUALITY, method=0)
    return Preview(out.getvalue(), "image/webp", *sheet.size)


def _put(sheet: Image.Image, grid: _Grid, at: tuple[int, int], what: Image.Image | str) -> None:
    """Put a picture into a cell, or say in its place why there is none."""
    pen, (left, top) = ImageDraw.Draw(sheet), at
    pen.rectangle((left, top, left + grid.side - 1, top + grid.tall - 1), fill=_FRAME)
    if isinstance(what, str):
        middle = (left + grid.side // 2, top + grid.tall // 2)
        text = _cut(what, grid.font, grid.side - _MARGIN)
        pen.text(middle, text, fill=_FAINT, font=grid.font, anchor="mm")
        return
    place = (left + (grid.side - what.width) // 2, top + (grid.tall - what.height) // 2)
    sheet.paste(what, place, what.getchannel("A") if what.mode == "RGBA" else None)


def _write(sheet: Image.Image, grid: _Grid, at: tuple[int, int], lines: Sequence[str]) -> None:
    pen = ImageDraw.Draw(sheet)
    for number, text in enumerate(lines):
        top = at[1] + grid.tall + _MARGIN + number * grid.line
        pen.text((at[0], top), text, fill=_INK, font=grid.font)


def _small(data: bytes | None, side: int) -> Image.Image | None:
    """Return a picture that fits a cell; None for one that cannot be shown."""
    if data is None:
        return None
    with Image.open(BytesIO(data), formats=("WEBP",)) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            return None
        small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if max(small.size) < side // 2:  # a tiny picture is shown larger, and no softer
        times = side // max(small.size)
        return small.resize((small.width * times, small.height * times), Image.Resampling.NEAREST)  # pyright: ignore[reportUnknownMemberType]  # numpy, which is not here
    small.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=1.5)
    return small


def _wrapped(lines: Sequence[str], font: Font, width: int) -> list[str]:
    """Return the lines of a label, broken to a width; each keeps its share, and the rest is cut."""
    shown = lines[:_MOST_LINES]
    share = _MOST_LINES // max(len(shown), 1)
    found: list[str] = []
    for line in shown:
        parts = list(_broken(line, font, width))
        if len(parts) > share:
            parts = [*parts[: share - 1], _cut(f"{parts[share - 1]} …", font, width)]
        found += parts
    return found


def _broken(line: str, font: Font, width: int) -> Iterator[str]:
    """Yield a line in parts that fit, broken between words; a word that is too long is cut."""
    part = ""
    for word in line.split():
        longer = f"{part} {word}".strip()
        if part and font.getlength(longer) > width:
            yield part
            longer = word
        part = _cut(longer, font, width)
    if part:
        yield part


def _cut(text: str, font: Font, width: int) -> str:
    """Return as much of a text as fits, with … in the place of the rest."""
    if font.getlength(text) <= width:
        return text
    fits = 0
    while fits < len(text) and font.getlength(f"{text[: fits + 1]}…") <= width:
        fits += 1
    return f"{text[:fits].rstrip()}…"
