"""Texts in MP4, QuickTime, WebM and Matroska: what their containers tell of the film as a whole.

Source: ISO/IEC 14496-12 (boxes), Apple's QuickTime File Format ("Metadata"), RFC 8794 and RFC 9559
(EBML and Matroska's tags). ComfyUI's own nodes write `prompt` and `workflow`; VideoHelperSuite writes
both, as JSON, into `comment`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from gateway.media.container import Broken, read_exactly, skip, text_of

__all__ = ["matroska_texts", "mp4_texts"]

_MOST_PARTS = 100_000


# --- MP4 and QuickTime ----------------------------------------------------------------------------

_NAMES = {b"\xa9cmt": "comment", b"desc": "description"}
_DEEPEST = 6


def mp4_texts(file: BinaryIO) -> Mapping[str, str]:
    """Return the texts of an MP4 or QuickTime file by name.

    Raises:
        Broken: It is not made of boxes as it should be.
    """
    for _ in range(_MOST_PARTS):
        head = file.read(8)
        if len(head) < 8:
            return {}
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        rest = size - 8
        if size == 1:
            rest = int.from_bytes(read_exactly(file, 8), "big") - 16
        if size and rest < 0:
            raise Broken("a box of it is smaller than its own head")
        if kind == b"moov":
            body = file.read() if size == 0 else read_exactly(file, rest)
            return dict(_box_texts(body, 0))
        if size == 0:
            return {}
        skip(file, rest)
    raise Broken("it has too many boxes")


def _boxes(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(body):
        size = int.from_bytes(body[at : at + 4], "big")
        if not 8 <= size <= len(body) - at:
            return
        yield body[at + 4 : at + 8], body[at + 8 : at + size]
        at += size


def _box_texts(body: bytes, depth: int) -> Iterator[tuple[str, str]]:
    keys: list[str] = []
    for kind, inner in _boxes(body):
        if kind == b"keys":
            keys = [text_of(name).lower() for _, name in _boxes(inner[8:])]
        elif kind == b"ilst":
            yield from _items(inner, keys)
        elif kind in _NAMES:
            yield _NAMES[kind], text_of(inner[4:])
        elif kind in {b"udta", b"meta"} and depth < _DEEPEST:
            # ISO's `meta` begins with four bytes more than QuickTime's.
            is_long = kind == b"meta" and not inner[:4].strip(b"\0")
            yield from _box_texts(inner[4:] if is_long else inner, depth + 1)


def _items(body: bytes, keys: list[str]) -> Iterator[tuple[str, str]]:
    for kind, inner in _boxes(body):
        number = int.from_bytes(kind, "big")
        name = keys[number - 1] if 0 < number <= len(keys) else _NAMES.get(kind)
        for inner_kind, data in _boxes(inner):
            if name and inner_kind == b"data":
                yield name, text_of(data[8:])


# --- WebM and Matroska ----------------------------------------------------------------------------

_SEGMENT, _TAGS, _TAG, _SIMPLE_TAG = 0x18538067, 0x1254C367, 0x7373, 0x67C8
_TAG_NAME, _TAG_STRING = 0x45A3, 0x4487


def matroska_texts(file: BinaryIO) -> Mapping[str, str]:
    """Return the texts of a WebM or Matroska file by name.

    Raises:
        Broken: It is not made of elements as it should be.
    """
    texts: dict[str, str] = {}
    for _ in range(_MOST_PARTS):
        element = _number(file, marked=True)
        size = _number(file, marked=False)
        if element is None or size is None:
            return texts
        if element == _TAGS:
            texts.update(_tag_texts(read_exactly(file, size)))
        elif element != _SEGMENT:
            skip(file, size)
    raise Broken("it has too many elements")


def _number(file: BinaryIO, *, marked: bool) -> int | None:
    """Read a number of variable length; None at the end of the file."""
    first = file.read(1)
    if not first:
        return None
    length = 9 - first[0].bit_length()
    if length > 8:
        raise Broken("a number of it is longer than one can be")
    rest = read_exactly(file, length - 1)
    head = first[0] if marked else first[0] & (0xFF >> length)
    return int.from_bytes(bytes([head]) + rest, "big")


def _tag_texts(body: bytes) -> Iterator[tuple[str, str]]:
    for element, tag in _elements(body):
        for inner, simple in _elements(tag) if element == _TAG else ():
            if inner == _SIMPLE_TAG:
                parts = dict(_elements(simple))
                name = text_of(parts.get(_TAG_NAME, b"")).lower()
                yield name, text_of(parts.get(_TAG_STRING, b""))


def _elements(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(body):
        width = 9 - body[at].bit_length()
        element = int.from_bytes(body[at : at + width], "big")
        at += width
        if at >= len(body) or not body[at]:
            return
        width = 9 - body[at].bit_length()
        size = int.from_bytes(body[at : at + width], "big") & ((1 << (7 * width)) - 1)
        at += width
        yield element, body[at : at + size]
        at += size
