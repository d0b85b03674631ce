"""Texts in PNG, WebP and JPEG: chunks of their own, or in fields of EXIF, as ComfyUI writes them there.

Source: ComfyUI nodes.py `SaveImage` (text chunks), comfy_extras/nodes_images.py (EXIF: `prompt:{…}`
in Model, `workflow:{…}` in Make, and further fields for what else there is).
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import BinaryIO

from PIL import Image

from gateway.media.container import Broken

__all__ = ["picture_texts"]

_FORMATS = ("PNG", "WEBP", "JPEG")
_EXIF = 0x8769
_CODES = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16-be", b"\0\0\0\0\0\0\0\0": "utf-8"}
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RuntimeError,
    EOFError,
    MemoryError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow's plugins raise for broken files."""


def picture_texts(file: BinaryIO) -> Mapping[str, str]:
    """Return the texts of a picture by name; its pixels are not looked at.

    Raises:
        Broken: Pillow cannot read it.
    """
    try:
        # A large picture is no danger to those who decode nothing of it.
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(file, formats=_FORMATS) as picture,
        ):
            texts = {
                name.lower(): str(text)
                for name, text in picture.info.items()
                if isinstance(name, str) and isinstance(text, str)
            }
            # A PNG's is looked for behind its pixels, which Pillow decodes on the way.
            exif = Image.Exif() if picture.format == "PNG" else picture.getexif()
            for name, text in _exif_texts(exif):
                texts.setdefault(name, text)
            return texts
    except _BROKEN as error:
        raise Broken("its texts cannot be read") from error


def _exif_texts(exif: Image.Exif) -> Iterator[tuple[str, str]]:
    for value in (*exif.values(), *exif.get_ifd(_EXIF).values()):
        text = _text(value)
        name, colon, rest = text.partition(":")
        if colon and name.isalpha():
            yield name.lower(), rest
        elif text.lstrip().startswith("{"):
            yield "comment", text


def _text(value: object) -> str:
    if isinstance(value, bytes):
        code = _CODES.get(value[:8])
        body = value[8:] if code else value
        if code == "utf-16-be" and body[1:2] == b"\0":
            code = "utf-16-le"
        value = body.decode(code or "utf-8", "replace")
    elif isinstance(value, str):
        # EXIF's own text is ASCII, and whoever writes more than that writes UTF-8.
        with suppress(UnicodeError):
            value = value.encode("latin-1").decode("utf-8")
    return value.rstrip("\0") if isinstance(value, str) else ""
