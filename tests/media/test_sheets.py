"""Contact sheets, looked at by their pixels."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFont

from gateway.jobs.files import Preview, SheetCell
from gateway.media.previewer import PillowPreviewer
from gateway.media.sheets import draw_sheet

RED, BLUE, PAPER, FRAME = (220, 30, 30), (30, 30, 220), (255, 255, 255), (232, 232, 236)


@pytest.fixture
async def previewer() -> AsyncIterator[PillowPreviewer]:
    made = PillowPreviewer()
    yield made
    made.close()


def picture(
    colour: tuple[int, ...], size: tuple[int, int] = (200, 200), mode: str = "RGB"
) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, "WEBP", lossless=True)
    return out.getvalue()


def cell(data: bytes | None, *lines: str, instead: str = "failed") -> SheetCell:
    return SheetCell(data, lines, instead)


def opened(sheet: Preview) -> Image.Image:
    found = Image.open(io.BytesIO(sheet.data))
    assert found.format == "WEBP"
    assert found.size == (sheet.width, sheet.height)
    return found.convert("RGB")


def near(found: object, wanted: tuple[int, ...]) -> bool:
    assert isinstance(found, tuple)
    channels = cast("tuple[int, ...]", found)
    return all(abs(one - other) < 25 for one, other in zip(channels, wanted, strict=True))


def inked(sheet: Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Tell whether anything dark is written there."""
    darkest = sheet.crop(box).convert("L").getextrema()[0]
    assert isinstance(darkest, int)
    return darkest < 128


def test_cells_stand_in_rows_and_each_has_its_picture_and_its_text() -> None:
    cells = [cell(picture(RED), "red"), cell(picture(BLUE), "blue"), cell(picture(RED))]
    sheet = opened(draw_sheet(cells, 2))
    side = (sheet.width - 36) // 2
    assert side == 320
    first, second = (12 + side // 2, 12 + 100), (24 + side + side // 2, 12 + 100)
    assert near(sheet.getpixel(first), RED)
    assert near(sheet.getpixel(second), BLUE)
    below = sheet.height // 2
    assert near(sheet.getpixel((first[0], below + 112)), RED)
    assert near(sheet.getpixel((second[0], below + 112)), PAPER)
    assert inked(sheet, (12, 12 + 200, 12 + side, below))


def test_a_cell_without_a_picture_says_why() -> None:
    sheet = opened(draw_sheet([cell(picture(RED)), cell(None, instead="cancelled")], 2))
    left, top, right, bottom = 344, 12, 664, 212
    assert near(sheet.getpixel((left + 5, top + 5)), FRAME)
    assert inked(sheet, (left, top, right, bottom))


def test_what_is_seen_through_shows_the_frame() -> None:
    sheet = opened(draw_sheet([cell(picture((220, 30, 30, 0), mode="RGBA"))], 1))
    assert near(sheet.getpixel((sheet.width // 2, 60)), FRAME)


def test_a_tiny_picture_is_shown_larger_and_a_large_one_smaller() -> None:
    sheet = opened(draw_sheet([cell(picture(RED, (16, 16))), cell(picture(BLUE, (900, 300)))], 2))
    assert near(sheet.getpixel((20, 160)), RED)
    assert near(sheet.getpixel((350, 172)), BLUE)
    assert near(sheet.getpixel((350, 20)), FRAME)


def test_a_picture_that_would_hurt_is_not_decoded() -> None:
    sheet = opened(draw_sheet([cell(picture(RED, (4000, 4000))), cell(picture(BLUE))], 2))
    assert near(sheet.getpixel((20, 20)), FRAME)


@pytest.mark.parametrize(("count", "columns"), [(1, 5), (256, 16), (256, 2), (256, 0), (9, 3)])
def test_a_sheet_is_bounded_whatever_it_shows(count: int, columns: int) -> None:
    small = picture(RED, (64, 64))
    sheet = draw_sheet([cell(small, "seed 9007199254740991")] * count, columns)
    assert sheet.width <= 2400
    assert sheet.height <= 12_000


LINES = st.lists(st.text(max_size=300), max_size=6).map(tuple)


@settings(max_examples=40, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=6), st.integers(1, 6))
def test_any_text_stays_within_its_cell(texts: list[tuple[str, ...]], columns: int) -> None:
    sheet = opened(draw_sheet([cell(None, *lines, instead="x" * 300) for lines in texts], columns))
    columns = min(columns, len(texts))
    step = (sheet.width - 12) // columns
    for column in range(columns + 1):
        gap = (column * step, 0, column * step + 12, sheet.height)
        # What is written may touch its neighbour's gap by a stroke, not more.
        inner = (gap[0] + 4, gap[1], gap[2], gap[3])
        assert not inked(sheet, inner)


def test_each_thing_that_varies_keeps_a_line_of_its_own() -> None:
    long = "prompt: " + "a very long text that goes on " * 20
    one = opened(draw_sheet([cell(picture(RED), long, "style: ink")], 1))
    two = opened(draw_sheet([cell(picture(RED), long, "")], 1))
    assert one.height - two.height == 15 + 4


async def test_a_previewer_draws_off_the_loop(previewer: PillowPreviewer) -> None:
    sheet = await previewer.sheet([cell(picture(RED), "red")], 1)
    assert sheet.data == draw_sheet([cell(picture(RED), "red")], 1).data


def test_labels_have_a_font() -> None:
    assert isinstance(ImageFont.load_default(12), ImageFont.FreeTypeFont)
