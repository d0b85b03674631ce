"""Texts in FLAC, Ogg (Opus, Vorbis) and MP3: their comments.

Source: RFC 9639 (FLAC), RFC 3533 (Ogg), RFC 7845 (Opus), id3.org (ID3v2.3 and 2.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from gateway.media.container import MOST_BYTES, Broken, read_exactly, text_of

__all__ = ["flac_texts", "mp3_texts", "ogg_texts"]

_MOST_PARTS = 10_000
_COMMENTS = 4
_ENCODINGS = {0: "latin-1", 1: "utf-16", 2: "utf-16-be", 3: "utf-8"}


def flac_texts(file: BinaryIO) -> Mapping[str, str]:
    """Return the comments of a FLAC file by name.

    Raises:
        Broken: It ends too early.
    """
    file.seek(4)
    for _ in range(_MOST_PARTS):
        head = read_exactly(file, 4)
        size = int.from_bytes(head[1:], "big")
        if head[0] & 0x7F == _COMMENTS:
            return dict(_comments(read_exactly(file, size)))
        if head[0] & 0x80:
            break
        file.seek(size, 1)
    return {}


def ogg_texts(file: BinaryIO) -> Mapping[str, str]:
    """Return the comments of an Ogg file's first stream by name.

    Raises:
        Broken: It is not made of pages.
    """
    packet = _second_packet(file)
    for magic in (b"OpusTags", b"\x03vorbis", b"\x7fFLAC"):
        if packet.startswith(magic):
            return dict(_comments(packet[len(magic) :]))
    # FLAC in Ogg: a block of FLAC's own, head and all.
    return dict(_comments(packet[4:])) if packet[:1] == bytes([_COMMENTS]) else {}


def mp3_texts(file: BinaryIO) -> Mapping[str, str]:
    """Return the texts that an ID3 tag has for names of people's own.

    Raises:
        Broken: It ends too early.
    """
    head = read_exactly(file, 10)
    body = read_exactly(file, _synchsafe(head[6:]))
    texts: dict[str, str] = {}
    at = 0
    while at + 10 <= len(body) and body[at]:
        told = body[at + 4 : at + 8]
        size = _synchsafe(told) if head[3] >= 4 else int.from_bytes(told, "big")
        frame = body[at + 10 : at + 10 + size]
        if body[at : at + 4] == b"TXXX" and frame:
            text = frame[1:].decode(_ENCODINGS.get(frame[0], "utf-8"), "replace")
            name, _, value = text.replace("\ufeff", "").partition("\0")
            texts[name.lower()] = value.rstrip("\0")
        at += 10 + size
    return texts


def _comments(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield the entries of Vorbis comments."""
    at = 4 + int.from_bytes(body[:4], "little")
    count = int.from_bytes(body[at : at + 4], "little")
    at += 4
    for _ in range(min(count, _MOST_PARTS)):
        size = int.from_bytes(body[at : at + 4], "little")
        name, _, text = text_of(body[at + 4 : at + 4 + size]).partition("=")
        yield name.lower(), text
        at += 4 + size


def _second_packet(file: BinaryIO) -> bytes:
    packets = 0
    packet = b""
    for _ in range(_MOST_PARTS):
        head = read_exactly(file, 27)
        if head[:4] != b"OggS":
            raise Broken("a page of it does not begin as one")
        for size in (sizes := read_exactly(file, head[26])):
            part = read_exactly(file, size)
            packet += part if packets == 1 else b""
            packets += size < 255
            if packets == 2 or len(packet) > MOST_BYTES:
                return packet
        if not sizes:
            return packet
    return packet


def _synchsafe(data: bytes) -> int:
    """Return a number of which seven bits of each byte count."""
    number = 0
    for each in data:
        number = number << 7 | each & 0x7F
    return number
