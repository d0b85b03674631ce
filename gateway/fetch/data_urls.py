"""Files inside a `data:` URL (RFC 2397): base64 or percent-encoded. Knows no sockets and no files."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import AsyncIterator
from urllib.parse import unquote, unquote_to_bytes

from gateway.fetch.naming import file_name, mime_type
from gateway.fetch.refusal import data_broken, too_large
from gateway.jobs.files import Reference
from gateway.jobs.mime import HEAD_SIZE

__all__ = ["open_data_url"]

_CHUNK = 256 * 1024
_OFF_THE_LOOP = 1024 * 1024
_PADDING = 4
_ODD = re.compile(r"[^A-Za-z0-9+/=]")


async def open_data_url(url: str, max_size: int) -> Reference:
    """Open the file that a data: URL holds.

    Raises:
        InputRefused: It is broken, or larger than `max_size` bytes.
    """
    if len(url) > _OFF_THE_LOOP:
        told, data = await asyncio.to_thread(_decode, url, max_size)
    else:
        told, data = _decode(url, max_size)
    mime = mime_type("", told, data[:HEAD_SIZE])
    return Reference(file_name("", mime), mime, _chunks(data))


def _decode(url: str, max_size: int) -> tuple[str, bytes]:
    """Return the type it tells, and the bytes."""
    header, comma, body = url[len("data:") :].partition(",")
    if not comma:
        raise data_broken("there is no comma between its type and its data")
    told, *parameters = header.split(";")
    if "base64" not in (parameter.strip().lower() for parameter in parameters):
        data = unquote_to_bytes(body)
    elif len(body) // 4 > max_size + _PADDING:
        raise too_large(max_size)  # even if every character of it were percent-encoded
    else:
        data = _from_base64(body)
    if len(data) > max_size:
        raise too_large(max_size)
    if not data:
        raise data_broken("there is no data after the comma")
    return told.strip(), data


def _from_base64(text: str) -> bytes:
    """Decode either alphabet of RFC 4648, padded or not, white space left out."""
    plain = "".join(unquote(text).split()).replace("-", "+").replace("_", "/")
    odd = _ODD.search(plain)
    if odd is not None:
        raise data_broken(f"{odd.group()!r} at character {odd.start() + 1} is no base64")
    bare = plain.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error as error:
        raise data_broken("its base64 is cut off or broken") from error


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), _CHUNK):
        yield data[start : start + _CHUNK]
