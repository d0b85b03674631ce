"""Names of files as they may be kept: readable, and harmless on every system."""

from __future__ import annotations

from collections.abc import Container

__all__ = ["safe_name", "unique_name"]

_LONGEST = 120
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)


def safe_name(filename: str) -> str:
    """Return a file name without folders or troublesome characters, its extension kept.

    Letters and digits of every language stay; so do spaces and `._-()`.
    """
    last = filename.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(each if each.isalnum() or each in "._-() " else "_" for each in last)
    kept = kept.strip(" .") or "file"
    stem, dot, extension = kept.rpartition(".")
    if not dot:
        stem, extension = kept, ""
    if stem.lower() in _RESERVED:
        stem += "_"
    extension = extension[:16]
    return stem[: _LONGEST - len(extension) - 1] + (f".{extension}" if extension else "")


def unique_name(filename: str, taken: Container[str]) -> str:
    """Return the name, or with ` (2)`, ` (3)`… before its extension when it is taken."""
    if filename not in taken:
        return filename
    stem, dot, extension = filename.rpartition(".")
    if not dot:
        stem, extension = filename, ""
    number = 2
    while (name := f"{stem} ({number}){dot}{extension}") in taken:
        number += 1
    return name
