"""What a file is, by its bytes and its name."""

from __future__ import annotations

import json
import struct
import wave
from collections.abc import Callable
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gateway.jobs.mime import (
    HEAD_SIZE,
    UNKNOWN,
    extension_of,
    guess_mime,
    is_shown,
    mime_of_name,
    sniff,
)


def picture(format_name: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, format_name)
    return out.getvalue()


def sound() -> bytes:
    out = BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * 10)
    return out.getvalue()


@pytest.mark.parametrize(
    ("format_name", "mime"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
        ("AVIF", "image/avif"),
    ],
)
def test_real_pictures_are_told_by_their_first_bytes(format_name: str, mime: str) -> None:
    assert sniff(picture(format_name)[:HEAD_SIZE]) == mime


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", "video/mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\2\0qt  ", "video/quicktime"),
        (b"\0\0\0\x1cftypM4A \0\0\2\0", "audio/mp4"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "image/avif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x1cftypheic\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x1cftyp", None),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", "video/x-matroska"),
        (b"OggS\0\2" + b"\0" * 22 + b"OpusHead", "audio/ogg"),
        (b"OggS\0\2" + b"\0" * 23 + b"theora", "video/ogg"),
        (b"ID3\4\0\0\0\0\0\0", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "audio/mpeg"),
        (b"\xff\xf3\x44\xc4", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio/aac"),
        (b"\xff\xfb\xf0\x00", None),
        (b"\xff\xfb\x9c\x00", None),
        (b"\xff\xeb\x90\x00", None),
        (b"\xff\xfb", None),
        (b"\xff\x00\x00", None),
        (b"fLaC\0\0\0\x22", "audio/flac"),
        (b"glTF\2\0\0\0", "model/gltf-binary"),
        (b"PK\3\4\x14\0", "application/zip"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"RIFF\0\0\0\0AVI LIST", "video/x-msvideo"),
        (b"RIFF\0\0\0\0odd!", None),
        (b"BM is how this text begins, not a bitmap", "text/plain"),
        (b"BM", "text/plain"),
        (b'{"a": 1}', "application/json"),
        (b"\xef\xbb\xbf [1, 2]", "application/json"),
        (b"  <!DOCTYPE HTML><title>login</title>", "text/html"),
        (b"<html lang=en>", "text/html"),
        (b"<svg xmlns='x'/>", "image/svg+xml"),
        (b"<?xml version='1.0'?>\n<svg/>", "image/svg+xml"),
        (b"<?xml version='1.0'?>\n<rss/>", "text/plain"),
        (b"hello", "text/plain"),
        ("grüße".encode()[:3], "text/plain"),
        (b"\xc3", None),
        (b"\xff\xfe\xfd", None),
        (b"bell \x07", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_what_a_file_is(head: bytes, mime: str | None) -> None:
    assert sniff(head) == mime


def test_a_real_wave_file_is_sound() -> None:
    assert sniff(sound()) == "audio/wav"


def test_an_exr_picture_is_told_by_its_magic_number() -> None:
    assert sniff(struct.pack("<I", 20000630) + b"\2\0\0\0") == "image/x-exr"


@pytest.mark.parametrize(
    ("filename", "mime"),
    [
        ("a.png", "image/png"),
        ("A.JPEG", "image/jpeg"),
        ("take.two.opus", "audio/ogg"),
        ("x.latent", UNKNOWN),
        ("png", None),
        ("a.whatever", None),
        ("", None),
    ],
)
def test_a_name_tells_a_type_by_its_extension(filename: str, mime: str | None) -> None:
    assert mime_of_name(filename) == mime


@pytest.mark.parametrize(
    ("mime", "extension"),
    [
        ("image/png", "png"),
        ("image/jpeg", "jpg"),
        ("IMAGE/JPG", "jpg"),
        ("text/plain; charset=utf-8", "txt"),
        ("audio/x-wav", "wav"),
        ("audio/opus", "ogg"),
        (UNKNOWN, ""),
        ("nonsense", ""),
    ],
)
def test_a_type_has_a_usual_extension(mime: str, extension: str) -> None:
    assert extension_of(mime) == extension


@pytest.mark.parametrize(
    ("filename", "head", "mime"),
    [
        ("lies.jpg", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("scene.gltf", b'{"asset": {}}', "model/gltf+json"),
        ("table.csv", b"a,b\n1,2\n", "text/csv"),
        ("notes", b"plain", "text/plain"),
        ("page.png", b"<html>", "text/html"),
        ("x.safetensors", b"\x10\0\0\0\0\0\0\0", UNKNOWN),
        ("x.flac", b"\0\1", "audio/flac"),
        ("x", b"\0\1", UNKNOWN),
    ],
)
def test_bytes_are_believed_before_names_unless_they_are_vague(
    filename: str, head: bytes, mime: str
) -> None:
    assert guess_mime(filename, head) == mime


@given(st.binary(max_size=64))
def test_any_bytes_can_be_looked_at(head: bytes) -> None:
    found = sniff(head)
    assert found is None or "/" in found


@given(st.one_of(st.dictionaries(st.text(), st.integers()), st.lists(st.integers())))
def test_json_of_any_content_is_json(value: object) -> None:
    dump: Callable[[object], str] = json.dumps
    assert sniff(dump(value).encode()) == "application/json"


@pytest.mark.parametrize(
    ("mime", "shown"),
    [
        ("image/png", True),
        ("video/mp4", True),
        ("audio/x-wav", True),
        ("text/plain", True),
        ("text/html", False),
        ("image/svg+xml", False),
        ("image/png; x=y", False),
        (UNKNOWN, False),
    ],
)
def test_a_browser_shows_what_can_run_nothing(mime: str, shown: bool) -> None:
    assert is_shown(mime) is shown
