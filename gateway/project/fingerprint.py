"""The state of a project's files at one moment: path, time and size of each. Reads no contents."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from gateway.project.definitions_file import DEFINITIONS_FILE
from gateway.project.settling import LOCK_FILE
from gateway.project.workflows import FOLDER, scan_workflows

__all__ = ["Fingerprint", "fingerprint"]

Fingerprint: TypeAlias = frozenset[tuple[str, int, int]]
"""(path, time of the last change in nanoseconds, size in bytes) of every file."""


def fingerprint(config: Path) -> Fingerprint:
    """Return the state of services.yaml, its lock, the workflows and the pinned definitions."""
    root = config.absolute().parent
    entries = [_entry(each) for each in (config, root / LOCK_FILE, root / DEFINITIONS_FILE)]
    entries.extend(_entry(each) for each in scan_workflows(root / FOLDER))
    return frozenset(each for each in entries if each is not None)


def _entry(file: Path | os.DirEntry[str]) -> tuple[str, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return (os.fspath(file), status.st_mtime_ns, status.st_size)
