"""The texts that ComfyUI and its node packs leave in what they make: `prompt`, `workflow`, `comment`.

Pictures are read by Pillow, which is here already and bounds what a compressed text may grow to.
For films and sounds there is no library in the project, and of their containers only the few bytes
around one kind of entry matter: these are read by small readers of our own, which take no size in a
file at its word. Nothing is decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import BinaryIO, TypeAlias

from gateway.media.container import Broken
from gateway.media.film_texts import matroska_texts, mp4_texts
from gateway.media.picture_texts import picture_texts
from gateway.media.sound_texts import flac_texts, mp3_texts, ogg_texts

__all__ = ["NoContainer", "embedded_texts"]

_Reader: TypeAlias = Callable[[BinaryIO], Mapping[str, str]]

_HEAD = 12
_READERS: tuple[tuple[int, bytes, str, _Reader], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "PNG", picture_texts),
    (0, b"\xff\xd8\xff", "JPEG", picture_texts),
    (8, b"WEBP", "WebP", picture_texts),
    (4, b"ftyp", "MP4", mp4_texts),
    (4, b"moov", "QuickTime", mp4_texts),
    (0, b"\x1a\x45\xdf\xa3", "WebM or Matroska", matroska_texts),
    (0, b"fLaC", "FLAC", flac_texts),
    (0, b"OggS", "Ogg", ogg_texts),
    (0, b"ID3", "MP3", mp3_texts),
)


class NoContainer(Exception):
    """A file is none of the pictures, films and sounds that can hold a workflow."""


def embedded_texts(file: BinaryIO) -> tuple[str, Mapping[str, str]]:
    """Return what kind of file this is, and its texts by name, in small letters.

    Args:
        file: Open for reading from its beginning, and able to seek.

    Raises:
        NoContainer: It is none of the known kinds.
        Broken: It is one and cannot be read; the message names what is wrong.
    """
    head = file.read(_HEAD)
    file.seek(0)
    for at, magic, kind, reader in _READERS:
        if head[at : at + len(magic)] == magic:
            try:
                return kind, reader(file)
            except Broken as broken:
                raise Broken(f"it begins as a {kind} file, and {broken}") from broken
    raise NoContainer
