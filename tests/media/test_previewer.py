"""Previews of real files, and of files that are out to hurt."""

from __future__ import annotations

import asyncio
import random
import struct
import threading
import zlib
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from gateway.jobs.files import Preview, Previewer
from gateway.media.pictures import (
    NotTiny,
    make_preview,
    make_tiny_preview,
    picture_size,
    shrink_picture,
)
from gateway.media.previewer import PillowPreviewer


@pytest.fixture
async def previewer() -> AsyncIterator[PillowPreviewer]:
    made = PillowPreviewer()
    yield made
    made.close()


def noise(width: int, height: int) -> Image.Image:
    return Image.effect_noise((width, height), 90).convert("RGB")


def opened(preview: Preview) -> Image.Image:
    picture = Image.open(BytesIO(preview.data))
    picture.load()
    return picture


def near(found: object, wanted: tuple[int, ...], far: int = 12) -> bool:
    assert isinstance(found, tuple)
    channels = cast("tuple[int, ...]", found)
    return all(abs(one - other) <= far for one, other in zip(channels, wanted, strict=True))


def png_that_says(width: int, height: int) -> bytes:
    """Return a tiny PNG whose header claims a size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


# --- what a preview is ----------------------------------------------------------------------------


@pytest.mark.parametrize("extension", ["png", "jpg", "webp", "gif", "bmp", "tiff", "avif"])
@pytest.mark.parametrize(("width", "height"), [(640, 300), (90, 400), (64, 64), (1, 1)])
async def test_every_usual_format_gets_a_small_webp(
    tmp_path: Path, previewer: Previewer, extension: str, width: int, height: int
) -> None:
    path = tmp_path / f"picture.{extension}"
    Image.new("RGB", (width, height), (200, 40, 90)).save(path)

    preview = await previewer.preview(str(path), 128)

    assert preview is not None
    small = opened(preview)
    scale = min(1.0, 128 / max(width, height))
    assert (preview.mime_type, preview.width, preview.height) == ("image/webp", width, height)
    assert small.format == "WEBP"
    assert small.size == (max(1, round(width * scale)), max(1, round(height * scale)))
    assert near(small.getpixel((0, 0)), (200, 40, 90))


async def test_a_small_picture_is_not_made_larger(tmp_path: Path, previewer: Previewer) -> None:
    Image.new("RGB", (20, 10), "red").save(tmp_path / "a.png")
    preview = await previewer.preview(str(tmp_path / "a.png"), 512)
    assert preview is not None
    assert opened(preview).size == (20, 10)


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, "top left"), (3, "bottom right"), (6, "top right"), (8, "bottom left")],
)
def test_a_photo_is_turned_as_its_camera_was_held(
    tmp_path: Path, orientation: int, corner: str
) -> None:
    photo = Image.new("RGB", (400, 200), "black")
    photo.paste("white", (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo.save(tmp_path / "photo.jpg", exif=exif, quality=95)

    preview = make_preview(str(tmp_path / "photo.jpg"), 100)

    assert preview is not None
    upright = orientation in {1, 3}
    assert (preview.width, preview.height) == ((400, 200) if upright else (200, 400))
    assert picture_size(str(tmp_path / "photo.jpg")) == (preview.width, preview.height)
    small = opened(preview)
    assert small.size == ((100, 50) if upright else (50, 100))
    vertical, horizontal = corner.split()
    at = (
        5 if horizontal == "left" else small.width - 6,
        5 if vertical == "top" else small.height - 6,
    )
    assert near(small.getpixel(at), (255, 255, 255), 40)
    assert near(small.getpixel((small.width // 2, small.height // 2)), (0, 0, 0), 40)


@pytest.mark.parametrize(
    ("mode", "colour", "shown"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 100, (100, 100, 100)),
        ("LA", (100, 128), (100, 100, 100, 128)),
        ("RGBA", (10, 200, 30, 128), (10, 200, 30, 128)),
        ("RGBA", (10, 200, 30, 255), (10, 200, 30)),
        ("I;16", 40000, (155, 155, 155)),
    ],
)
def test_depth_and_alpha_come_out_as_they_look(
    tmp_path: Path, mode: str, colour: object, shown: tuple[int, ...]
) -> None:
    Image.new(mode, (40, 40), colour).save(tmp_path / "a.png")  # pyright: ignore[reportArgumentType]
    preview = make_preview(str(tmp_path / "a.png"), 20)
    assert preview is not None
    assert near(
        opened(preview).convert("RGB" if len(shown) == 3 else "RGBA").getpixel((9, 9)), shown
    )


@pytest.mark.parametrize(
    ("mode", "value", "shown"),
    [("F", 0.5, 127), ("F", 1.0, 255), ("F", 100.0, 100), ("F", 65535.0, 255), ("I", 40000, 155)],
)
def test_a_picture_of_numbers_is_shown_in_its_own_range(
    tmp_path: Path, mode: str, value: float, shown: int
) -> None:
    Image.new(mode, (40, 40), value).save(tmp_path / "depth.tiff")
    preview = make_preview(str(tmp_path / "depth.tiff"), 20)
    assert preview is not None
    assert near(opened(preview).convert("RGB").getpixel((9, 9)), (shown, shown, shown))


def test_a_print_picture_is_shown_in_screen_colours(tmp_path: Path) -> None:
    Image.new("CMYK", (40, 40), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    preview = make_preview(str(tmp_path / "print.jpg"), 20)
    assert preview is not None
    assert near(opened(preview).convert("RGB").getpixel((9, 9)), (255, 0, 0), 30)


def test_a_palette_with_a_transparent_colour_stays_transparent(tmp_path: Path) -> None:
    picture = Image.new("P", (40, 40), 0)
    picture.putpalette([255, 0, 0, 0, 255, 0])
    picture.paste(1, (0, 0, 40, 20))
    picture.save(tmp_path / "a.gif", transparency=0)

    preview = make_preview(str(tmp_path / "a.gif"), 40)

    assert preview is not None
    small = opened(preview).convert("RGBA")
    assert near(small.getpixel((20, 5)), (0, 255, 0, 255), 30)
    see_through = small.getpixel((20, 35))
    assert isinstance(see_through, tuple)
    assert see_through[3] == 0


@pytest.mark.parametrize("extension", ["gif", "webp", "png"])
def test_an_animation_is_shown_by_its_first_frame(tmp_path: Path, extension: str) -> None:
    frames = [Image.new("RGB", (60, 60), colour) for colour in ("blue", "red", "lime")]
    path = tmp_path / f"moving.{extension}"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=50)

    preview = make_preview(str(path), 30)

    assert preview is not None
    assert near(opened(preview).convert("RGB").getpixel((9, 9)), (0, 0, 255), 30)


def test_a_large_photo_is_never_decoded_whole(tmp_path: Path) -> None:
    noise(2000, 1600).save(tmp_path / "photo.jpg")
    preview = make_preview(str(tmp_path / "photo.jpg"), 200)
    assert preview is not None
    assert opened(preview).size == (200, 160)
    assert (preview.width, preview.height) == (2000, 1600)


# --- what is no picture ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x89PNG\r\n\x1a\n",
        b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
async def test_what_is_no_picture_has_no_preview(
    tmp_path: Path, previewer: PillowPreviewer, data: bytes
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(data)
    assert await previewer.preview(str(path), 64) is None
    assert await previewer.size(str(path)) is None
    assert await previewer.shrink(data + b"x", 0) is None


async def test_a_file_that_is_not_there_has_no_preview(
    tmp_path: Path, previewer: Previewer
) -> None:
    assert await previewer.preview(str(tmp_path / "none.png"), 64) is None
    assert await previewer.preview(str(tmp_path), 64) is None


@pytest.mark.parametrize("extension", ["png", "jpg", "webp", "gif", "tiff", "avif"])
def test_a_picture_cut_off_has_no_preview(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    noise(200, 200).save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert make_preview(str(path), 64) is None


@pytest.mark.parametrize("size", [(30_000, 30_000), (9_500, 9_500), (2**31 - 1, 2**31 - 1), (0, 9)])
def test_a_decompression_bomb_is_not_decoded(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_that_says(*size))
    assert make_preview(str(path), 64) is None
    assert shrink_picture(path.read_bytes(), 10) is None


SEEDS = 25


@pytest.mark.parametrize("extension", ["png", "jpg", "webp", "gif", "bmp", "tiff", "avif"])
def test_a_damaged_picture_never_raises(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a.{extension}"
    noise(32, 32).save(path)
    whole = path.read_bytes()
    draw = random.Random(extension)  # noqa: S311  # the same damage at every run
    outcomes: set[bool] = set()
    for _ in range(SEEDS):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 12)):
            damaged[draw.randrange(min(len(damaged), 400))] = draw.randrange(256)
        path.write_bytes(bytes(damaged))
        outcomes.add(make_preview(str(path), 16) is None)
        picture_size(str(path))
    assert outcomes


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
@given(
    data=st.binary(max_size=200),
    start=st.sampled_from(
        [
            b"\x89PNG\r\n\x1a\n",
            b"GIF89a",
            b"BM",
            b"II*\0",
            b"\xff\xd8\xff\xe0",
            b"RIFF\xff\0\0\0WEBPVP8 ",
        ]
    ),
)
def test_junk_behind_a_good_beginning_has_no_preview(
    tmp_path: Path, data: bytes, start: bytes
) -> None:
    path = tmp_path / "junk"
    path.write_bytes(start + data)
    preview = make_preview(str(path), 16)
    assert preview is None or max(opened(preview).size) <= 16


@pytest.mark.parametrize("extension", ["png", "jpg", "webp", "gif", "bmp", "tiff", "avif"])
async def test_a_size_is_told_without_decoding(
    tmp_path: Path, previewer: PillowPreviewer, extension: str
) -> None:
    path = tmp_path / f"a.{extension}"
    noise(300, 200).save(path)
    assert await previewer.size(str(path)) == (300, 200)
    if extension not in {"tiff", "webp", "avif"}:  # whose headers are at the end, or checked whole
        path.write_bytes(path.read_bytes()[:1500])
        assert await previewer.size(str(path)) == (300, 200)


# --- smaller still --------------------------------------------------------------------------------


@pytest.mark.parametrize("max_bytes", [100_000, 20_000, 4_000, 600, 200])
def test_a_preview_is_made_to_fit(max_bytes: int) -> None:
    out = BytesIO()
    noise(512, 512).save(out, "WEBP", quality=90)

    smaller = shrink_picture(out.getvalue(), max_bytes)

    assert smaller is not None
    assert len(smaller) <= max_bytes
    picture = Image.open(BytesIO(smaller))
    assert picture.width == picture.height > 0
    assert picture.format == "WEBP"


def test_what_fits_already_stays_as_it_is() -> None:
    out = BytesIO()
    noise(64, 64).save(out, "WEBP")
    data = out.getvalue()
    assert shrink_picture(data, len(data)) is data


def test_coarser_is_tried_before_smaller() -> None:
    out = BytesIO()
    noise(256, 256).save(out, "WEBP", quality=95)
    smaller = shrink_picture(out.getvalue(), len(out.getvalue()) - 1)
    assert smaller is not None
    assert Image.open(BytesIO(smaller)).size == (256, 256)


def test_a_long_thin_picture_can_be_made_to_fit_too() -> None:
    out = BytesIO()
    noise(2000, 1).save(out, "WEBP", quality=95)
    smaller = shrink_picture(out.getvalue(), 150)
    assert smaller is not None
    assert Image.open(BytesIO(smaller)).height == 1


def test_what_cannot_be_made_that_small_is_none() -> None:
    out = BytesIO()
    noise(64, 64).save(out, "WEBP")
    assert shrink_picture(out.getvalue(), 10) is None


# --- off the loop ---------------------------------------------------------------------------------


async def test_the_loop_runs_on_while_previews_are_made(
    tmp_path: Path, previewer: Previewer
) -> None:
    path = tmp_path / "a.png"
    noise(1024, 1024).save(path)
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    previews = await asyncio.gather(*(previewer.preview(str(path), 256) for _ in range(4)))
    turning.cancel()

    assert len({preview.data for preview in previews if preview}) == 1
    assert turns > 100


@pytest.mark.parametrize(
    ("size", "tiny"), [((64, 64), True), ((128, 128), True), ((129, 128), False), ((512, 9), True)]
)
def test_only_a_tiny_picture_is_not_worth_a_thread(
    tmp_path: Path, size: tuple[int, int], tiny: bool
) -> None:
    Image.new("RGB", size).save(tmp_path / "a.png")
    path = str(tmp_path / "a.png")
    if tiny:
        assert make_tiny_preview(path, 512) == make_preview(path, 512)
    else:
        with pytest.raises(NotTiny):
            make_tiny_preview(path, 512)


def test_a_large_file_of_few_pixels_is_not_tiny(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (8, 8)).save(path)
    path.write_bytes(path.read_bytes() + b"0" * 50_000)
    with pytest.raises(NotTiny):
        make_tiny_preview(str(path), 512)


async def test_closing_lets_the_threads_go(tmp_path: Path) -> None:
    noise(256, 256).save(tmp_path / "a.png")
    previewer = PillowPreviewer()
    await previewer.preview(str(tmp_path / "a.png"), 8)
    mine = [each for each in threading.enumerate() if each.name.startswith("preview")]

    previewer.close()

    for thread in mine:
        await asyncio.to_thread(thread.join, 5)
    assert mine
    assert not any(thread.is_alive() for thread in mine)
