"""The state of a project's files at one moment: path, time and size of each. Reads no contents."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from gateway.project.definitions_file import DEFINITIONS_FILE
from gateway.project.workflows import FOLDER, list_workflows

__all__ = ["Fingerprint", "fingerprint"]

Fingerprint: TypeAlias = frozenset[tuple[str, int, int]]
"""(path, time of the last change in nanoseconds, size in bytes) of every file."""


def fingerprint(config: Path) -> Fingerprint:
    """Return the state of services.yaml, the workflows and the pinned definitions."""
    root = config.absolute().parent
    files = (config, root / DEFINITIONS_FILE, *list_workflows(root / FOLDER))
    return frozenset(entry for path in files if (entry := _entry(path)) is not None)


def _entry(path: Path) -> tuple[str, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (str(path), status.st_mtime_ns, status.st_size)
