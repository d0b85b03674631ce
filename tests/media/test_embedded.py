"""Workflows in pictures, films and sounds, each made here byte by byte as its writers make it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from gateway.media.container import MOST_BYTES, Broken
from gateway.media.embedded import NoContainer, embedded_texts

PROMPT = '{"1": {"class_type": "A", "inputs": {"text": "é🦊"}}}'
WORKFLOW = '{"nodes": []}'
BOTH = {"prompt": PROMPT, "workflow": WORKFLOW}


def _texts(data: bytes) -> Mapping[str, str]:
    return embedded_texts(BytesIO(data))[1]


def _picture(form: str, **saved: object) -> bytes:
    data = BytesIO()
    Image.new("RGB", (8, 8)).save(data, form, **saved)  # type: ignore[arg-type]
    return data.getvalue()


# --- pictures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt"])
def test_every_kind_of_text_in_a_png_is_read(kind: str) -> None:
    info = PngInfo()
    plain = PROMPT.encode("ascii", "backslashreplace").decode()
    for name, text in {"prompt": plain, "Workflow": WORKFLOW}.items():
        if kind == "iTXt":
            info.add_itxt(name, text, zip=True)
        else:
            info.add_text(name, text, zip=kind == "zTXt")
    kind_told, texts = embedded_texts(BytesIO(_picture("PNG", pnginfo=info)))
    assert kind_told == "PNG"
    assert texts == {"prompt": plain, "workflow": WORKFLOW}


@pytest.mark.parametrize("form", ["WEBP", "JPEG"])
def test_exif_is_read_as_comfyui_writes_it(form: str) -> None:
    exif = Image.Exif()
    exif[0x0110] = f"prompt:{PROMPT}".encode()
    exif[0x010F] = f"workflow:{WORKFLOW}"
    exif[0x010E] = "a fox: in the snow"
    texts = _texts(_picture(form, exif=exif))
    assert {name: texts[name] for name in BOTH} == BOTH


@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\0\0\0" + WORKFLOW.encode(),
        b"UNICODE\0" + WORKFLOW.encode("utf-16-be"),
        b"UNICODE\0" + WORKFLOW.encode("utf-16-le"),
        b"\0" * 8 + WORKFLOW.encode(),
        WORKFLOW.encode(),
    ],
)
def test_a_user_comment_is_read_in_whatever_code_it_says(comment: bytes) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = comment
    exif[0x0112] = 1
    assert _texts(_picture("JPEG", exif=exif))["comment"] == WORKFLOW


def test_a_compressed_text_that_grows_without_end_is_refused() -> None:
    info = PngInfo()
    info.add(b"zTXt", b"prompt\0\0" + zlib.compress(b" " * (80 << 20)))
    with pytest.raises(Broken, match="begins as a PNG file, and its texts cannot be read"):
        _texts(_picture("PNG", pnginfo=info))


def test_a_huge_picture_is_no_danger_to_those_who_do_not_decode_it() -> None:
    info = PngInfo()
    info.add_text("prompt", "{}")
    data = bytearray(_picture("PNG", pnginfo=info))
    data[16:24] = struct.pack(">II", 12_000, 12_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    assert _texts(bytes(data)) == {"prompt": "{}"}


# --- films ----------------------------------------------------------------------------------------


def _box(kind: bytes, *inner: bytes) -> bytes:
    body = b"".join(inner)
    return struct.pack(">I", 8 + len(body)) + kind + body


def _keyed(texts: Mapping[str, str]) -> tuple[bytes, bytes]:
    keys = [_box(b"mdta", name.encode()) for name in texts]
    items = [
        _box(struct.pack(">I", number), _box(b"data", bytes(8), text.encode()))
        for number, text in enumerate(texts.values(), start=1)
    ]
    return (
        _box(b"keys", bytes(4), struct.pack(">I", len(keys)), *keys),
        _box(b"ilst", *items, _box(struct.pack(">I", 99), _box(b"data", bytes(8), b"lost"))),
    )


FTYP = _box(b"ftyp", b"isom", bytes(4))


@pytest.mark.parametrize("version", [b"", bytes(4)], ids=["QuickTime", "ISO"])
def test_an_mp4_s_own_keys_are_read_before_and_after_its_data(version: bytes) -> None:
    moov = _box(b"moov", _box(b"mvhd", bytes(9)), _box(b"meta", version, *_keyed(BOTH)))
    large = struct.pack(">I", 1) + b"mdat" + struct.pack(">Q", 16 + 5) + b"films"
    assert _texts(FTYP + moov) == BOTH
    assert _texts(FTYP + _box(b"mdat", bytes(100)) + large + moov) == BOTH
    endless = struct.pack(">I", 0) + moov[4:]
    assert _texts(FTYP + endless) == BOTH


def test_an_mp4_s_comment_is_read_in_both_forms() -> None:
    itunes = _box(b"ilst", _box(b"\xa9cmt", _box(b"data", bytes(8), b"{}"), _box(b"name", b"x")))
    assert _texts(FTYP + _box(b"moov", _box(b"udta", _box(b"meta", bytes(4), itunes)))) == {
        "comment": "{}"
    }
    assert _texts(FTYP + _box(b"moov", _box(b"udta", _box(b"\xa9cmt", bytes(4), b"{}")))) == {
        "comment": "{}"
    }


@pytest.mark.parametrize(
    "data",
    [
        FTYP,
        FTYP + struct.pack(">I", 0) + b"mdat",
        FTYP + struct.pack(">I", 1) + b"mdat" + b"\xff" * 8,
        FTYP + (struct.pack(">I", 1) + b"mdat" + b"\x3f" + b"\xff" * 7) * 4,
        FTYP + _box(b"moov", b"\0\0\0\x03oops"),
        FTYP + _box(b"moov", _box(b"udta", _box(b"udta", b""))),
    ],
)
def test_an_mp4_without_texts_has_none(data: bytes) -> None:
    assert _texts(data) == {}


@pytest.mark.parametrize(
    "data",
    [
        FTYP + struct.pack(">I", 3) + b"mdat",
        FTYP + struct.pack(">IIQ", 1, 0x6D6F6F76, 15) + bytes(20),
        FTYP + struct.pack(">I", 500) + b"moov",
        FTYP + struct.pack(">I", MOST_BYTES + 9) + b"moov",
        FTYP + _box(b"free") * 100_001,
    ],
)
def test_a_broken_mp4_is_told_as_such(data: bytes) -> None:
    with pytest.raises(Broken, match="begins as a MP4 file"):
        _texts(data)


def test_boxes_in_boxes_end_somewhere() -> None:
    inner = b""
    for _ in range(1000):
        inner = _box(b"udta", inner)
    assert _texts(FTYP + _box(b"moov", inner)) == {}


def _element(number: str, *inner: bytes) -> bytes:
    body = b"".join(inner)
    return bytes.fromhex(number) + struct.pack(">Q", len(body) | 1 << 56) + body


def _tag(name: str, text: str) -> bytes:
    simple = _element("67C8", _element("45A3", name.encode()), _element("4487", text.encode()))
    return _element("7373", _element("63C0"), simple)


EBML = _element("1A45DFA3", b"head")


def test_a_webm_s_tags_are_read() -> None:
    tags = _element("1254C367", _tag("PROMPT", PROMPT), _tag("WORKFLOW", WORKFLOW))
    film = _element("1F43B675", bytes(50))
    assert _texts(EBML + _element("18538067", film, tags, film)) == BOTH
    streamed = bytes.fromhex("18538067") + b"\x01" + b"\xff" * 7
    assert _texts(EBML + streamed + film + tags) == BOTH
    endless = bytes.fromhex("1F43B675") + b"\x01" + b"\xff" * 7
    assert _texts(EBML + streamed + tags + endless * 300) == BOTH


@pytest.mark.parametrize("tags", [b"\x73", b"\x73\x73\x00", b"\x73\x73"])
def test_a_webm_s_broken_tags_are_passed_over(tags: bytes) -> None:
    assert _texts(EBML + _element("18538067", _element("1254C367", tags))) == {}


@pytest.mark.parametrize(
    "rest",
    [b"\x00", _element("EC")[:3], b"\xec\x80" * 100_001, _element("1254C367", b"xxxx")[:-2]],
)
def test_a_broken_webm_is_told_as_such(rest: bytes) -> None:
    with pytest.raises(Broken, match="begins as a WebM or Matroska file"):
        _texts(EBML + _element("18538067") + rest)


# --- sounds ---------------------------------------------------------------------------------------


def _comments(texts: Mapping[str, str]) -> bytes:
    entries = [f"{name.upper()}={text}".encode() for name, text in texts.items()]
    return (
        struct.pack("<I", 4)
        + b"them"
        + struct.pack("<I", len(entries))
        + b"".join(struct.pack("<I", len(each)) + each for each in entries)
    )


def _block(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def test_a_flac_s_comments_are_read() -> None:
    assert _texts(b"fLaC" + _block(0, bytes(34)) + _block(0x84, _comments(BOTH))) == BOTH
    assert _texts(b"fLaC" + _block(0x80, bytes(34))) == {}
    assert _texts(b"fLaC" + _block(1, b"") * 10_001) == {}


def _pages(*packets: bytes) -> bytes:
    pages = b""
    for packet in packets:
        parts = [packet[at : at + 255 * 200] for at in range(0, len(packet) + 1, 255 * 200)]
        for number, part in enumerate(parts):
            sizes = [255] * (len(part) // 255)
            sizes += [len(part) % 255] if number == len(parts) - 1 else []
            pages += b"OggS" + bytes(22) + bytes([len(sizes)]) + bytes(sizes) + part
    return pages


@pytest.mark.parametrize("magic", [b"OpusTags", b"\x03vorbis", _block(4, b"xxxx")[:4]])
def test_an_ogg_s_comments_are_read_over_several_pages(magic: bytes) -> None:
    texts = {"prompt": PROMPT, "workflow": WORKFLOW + " " * 200_000}
    assert _texts(_pages(b"OpusHead", magic + _comments(texts))) == texts


def test_an_ogg_without_comments_has_none() -> None:
    assert _texts(_pages(b"OpusHead", b"Theora")) == {}
    assert _texts(b"OggS" + bytes(23)) == {}
    with pytest.raises(Broken, match="does not begin as one"):
        _texts(_pages(b"OpusHead") + bytes(30))


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize(("code", "name"), [(0, "latin-1"), (1, "utf-16"), (3, "utf-8")])
def test_an_mp3_s_own_texts_are_read(version: int, code: int, name: str) -> None:
    def size(number: int) -> bytes:
        parts = [number >> shift & 0x7F for shift in (21, 14, 7, 0)]
        return bytes(parts) if version == 4 else number.to_bytes(4, "big")

    body = b""
    for key, text in {"prompt": "{}" * 200, "Workflow": WORKFLOW}.items():
        frame = bytes([code]) + f"{key}\0{text}\0".encode(name)
        body += b"TXXX" + size(len(frame)) + bytes(2) + frame
    body += b"TIT2" + size(3) + bytes(2) + b"\0Hi" + b"TXXX" + size(0) + bytes(2) + bytes(20)
    length = bytes([len(body) >> shift & 0x7F for shift in (21, 14, 7, 0)])
    tag = b"ID3" + bytes([version, 0, 0]) + length + body
    assert _texts(tag) == {"prompt": "{}" * 200, "workflow": WORKFLOW}


# --- anything -------------------------------------------------------------------------------------


def test_what_is_no_container_is_told_as_such() -> None:
    with pytest.raises(NoContainer):
        _texts(b'{"1": {}}')


HEADS = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", FTYP, b"\0\0\0\0moov", EBML]


@given(st.sampled_from([*HEADS, b"fLaC", b"OggS", b"ID3"]), st.binary(max_size=200))
def test_no_file_is_too_broken_to_be_refused(head: bytes, rest: bytes) -> None:
    with suppress(Broken):
        kind, texts = embedded_texts(BytesIO(head + rest))
        assert kind
        assert all(isinstance(each, str) for each in texts.values())
