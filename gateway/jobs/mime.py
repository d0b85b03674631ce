"""What kind of file some bytes are: by their first bytes, by a name, and the name for a kind.

Knows nothing of where the bytes come from. Signatures are those of the formats' own
specifications; a name is only believed when the bytes say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

__all__ = [
    "HEAD_SIZE",
    "UNKNOWN",
    "extension_of",
    "guess_mime",
    "is_shown",
    "mime_of_name",
    "sniff",
]

HEAD_SIZE = 512
"""How many first bytes `sniff` makes use of."""

UNKNOWN = "application/octet-stream"

_SHOWN = re.compile(
    r"image/(png|jpeg|webp|gif|avif|bmp)|audio/[a-z0-9.+-]+|video/[a-z0-9.+-]+|text/plain"
)

_BY_EXTENSION = {
    "png": "image/png",
    "apng": "image/apng",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "avif": "image/avif",
    "heic": "image/heic",
    "svg": "image/svg+xml",
    "exr": "image/x-exr",
    "hdr": "image/vnd.radiance",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "avi": "video/x-msvideo",
    "ogv": "video/ogg",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "glb": "model/gltf-binary",
    "gltf": "model/gltf+json",
    "obj": "model/obj",
    "stl": "model/stl",
    "ply": "model/ply",
    "json": "application/json",
    "txt": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "html": "text/html",
    "htm": "text/html",
    "xml": "application/xml",
    "pdf": "application/pdf",
    "zip": "application/zip",
    "latent": UNKNOWN,
    "safetensors": UNKNOWN,
}

# Of several extensions for a type, the first one above is the one people expect.
_BY_MIME = {mime: name for name, mime in reversed(_BY_EXTENSION.items()) if mime != UNKNOWN}

_ALIASES = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/x-ms-bmp": "image/bmp",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/vnd.wave": "audio/wav",
    "audio/mp3": "audio/mpeg",
    "audio/x-flac": "audio/flac",
    "audio/opus": "audio/ogg",
    "audio/x-m4a": "audio/mp4",
    "text/json": "application/json",
}

_Test: TypeAlias = Callable[[bytes], str | None]


def mime_of_name(filename: str) -> str | None:
    """Return the type that a file's extension stands for, or None."""
    _, dot, extension = filename.rpartition(".")
    return _BY_EXTENSION.get(extension.lower()) if dot else None


def is_shown(mime: str) -> bool:
    """Tell whether a browser may show files of a type: pictures, sound, video, plain text, nothing that runs."""
    return _SHOWN.fullmatch(mime) is not None


def extension_of(mime: str) -> str:
    """Return the usual extension of a type, without the dot; empty when there is none.

    Parameters of the type (`; charset=utf-8`) and its case do not matter.
    """
    plain = mime.partition(";")[0].strip().lower()
    return _BY_MIME.get(_ALIASES.get(plain, plain), "")


def guess_mime(filename: str, head: bytes) -> str:
    """Return a file's type: by its first bytes, else by its name, else `UNKNOWN`.

    Where the bytes only say "some text" or "some archive", a name that is known says more.
    """
    found = sniff(head)
    named = mime_of_name(filename)
    if found is None or (found in _VAGUE and named is not None):
        return named or UNKNOWN
    return found


def sniff(head: bytes) -> str | None:
    """Return the type that a file's first bytes (up to `HEAD_SIZE`) tell, or None."""
    for offset, mark, mime in _MARKS:
        if head.startswith(mark, offset):
            return mime
    for test in _TESTS:
        found = test(head)
        if found is not None:
            return found
    return None


_VAGUE = frozenset({"text/plain", "application/json", "application/zip"})

# (offset, bytes there, type); only marks that nothing else begins with.
_MARKS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"II+\x00", "image/tiff"),
    (0, b"MM\x00+", "image/tiff"),
    (0, b"\x76\x2f\x31\x01", "image/x-exr"),
    (0, b"fLaC", "audio/flac"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"glTF", "model/gltf-binary"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"%PDF-", "application/pdf"),
)

_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}

_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heic",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
}

_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})


def _riff(head: bytes) -> str | None:
    return _RIFF.get(head[8:12]) if head.startswith(b"RIFF") else None


def _iso_media(head: bytes) -> str | None:
    """ISO 14496-12: the brand after `ftyp` tells pictures, QuickTime and sound from video."""
    if head[4:8] != b"ftyp" or len(head) < 12:
        return None
    brand = head[8:12]
    if brand == b"mif1" and b"avif" in head[16:64]:
        return "image/avif"
    return _BRANDS.get(brand, "video/mp4")


def _matroska(head: bytes) -> str | None:
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    return "video/webm" if b"webm" in head[:64] else "video/x-matroska"


def _ogg(head: bytes) -> str | None:
    if not head.startswith(b"OggS"):
        return None
    return "video/ogg" if b"theora" in head[:64] else "audio/ogg"


def _mpeg_audio(head: bytes) -> str | None:
    """MPEG audio and ADTS begin with eleven or twelve set bits; the layer tells them apart."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    valid = version != 1 and layer != 0 and bitrate != 15 and rate != 3
    return "audio/mpeg" if valid else None


def _bitmap(head: bytes) -> str | None:
    """`BM` also begins English text, so the size of the second header is looked at."""
    if not head.startswith(b"BM") or len(head) < 18:
        return None
    return "image/bmp" if int.from_bytes(head[14:18], "little") in _BMP_HEADERS else None


def _text(head: bytes) -> str | None:
    text = _as_text(head[:HEAD_SIZE])
    if text is None:
        return None
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<body")):
        return "text/html"
    if start.startswith("<svg") or (start.startswith(("<?xml", "<!--")) and "<svg" in start):
        return "image/svg+xml"
    return "application/json" if start.startswith(("{", "[")) else "text/plain"


def _as_text(head: bytes) -> str | None:
    """Return UTF-8 text without control characters, its last character perhaps cut off."""
    if not head:
        return None
    for cut in range(min(4, len(head))):
        try:
            text = head[: len(head) - cut].decode()
        except UnicodeDecodeError:
            continue
        controls = any(ord(sign) < 32 and sign not in "\t\r\n\f" for sign in text)
        return None if controls else text
    return None


_TESTS: tuple[_Test, ...] = (_riff, _iso_media, _matroska, _ogg, _mpeg_audio, _bitmap, _text)
