"""Files of a local store that may be nobody's: how old they are, and letting the half-written ones go.

Knows no jobs. A bucket's files are looked after by whoever owns the bucket.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from gateway.storage.place import Place

__all__ = ["discard", "freshen", "older_than"]


def freshen(place: Place, key: str) -> None:
    """Have a file count as written now."""
    if place.folder is not None:
        with suppress(FileNotFoundError):
            os.utime(place.folder / key)


def older_than(place: Place, seconds: float) -> list[str]:
    """Return the keys of all files last written longer ago than that, half-written ones too."""
    if place.folder is None:
        return []
    before = time.time() - seconds
    # obstore's listing leaves out what is half written; that is wanted here.
    files = [Path(way, name) for way, _, names in os.walk(place.folder) for name in names]
    return [each.relative_to(place.folder).as_posix() for each in files if _written(each) < before]


def discard(place: Place, key: str) -> None:
    """Remove a file, whatever its name; none there is no fault."""
    if place.folder is not None:
        (place.folder / key).unlink(missing_ok=True)


def _written(file: Path) -> float:
    """Return when a file was written; one that has just gone, never."""
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
