"""A file of node definitions that a person names: `/object_info` as saved, packed with gzip or not."""

from __future__ import annotations

import zlib
from pathlib import Path

from gateway.graph.json_value import JsonObject, as_object
from gateway.project.json_file import FileFault, parse_json, read_bytes, text_of
from gateway.project.locate import shown_path

__all__ = ["read_object_info"]

_LIMIT = 128 << 20
_PACKED = b"\x1f\x8b"


def read_object_info(path: Path) -> JsonObject:
    """Return the entries by class type.

    Raises:
        FileFault: The file cannot be read, or holds no node definitions.
    """
    raw = read_bytes(path, _LIMIT)
    text = text_of(_unpacked(raw, path) if raw.startswith(_PACKED) else raw, shown_path(path))
    entries = as_object(parse_json(text, shown_path(path)))
    if not entries or not any("input" in (as_object(each) or {}) for each in entries.values()):
        raise FileFault(
            f"{shown_path(path)} holds no node definitions",
            "Save what ComfyUI answers to GET /object_info.",
        )
    return entries


def _unpacked(raw: bytes, path: Path) -> bytes:
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacking.decompress(raw, _LIMIT)
    except zlib.error as error:
        raise FileFault(f"{shown_path(path)} is not a whole gzip file", "Save it again.") from error
    if unpacking.unconsumed_tail:
        raise FileFault(
            f"{shown_path(path)} unpacks to more than {_LIMIT >> 20} MiB",
            "Is this the right file? Such a file was never meant here.",
        )
    if not unpacking.eof:
        raise FileFault(f"{shown_path(path)} is not a whole gzip file", "Save it again.")
    return unpacked
