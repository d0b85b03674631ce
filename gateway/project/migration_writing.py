"""Writing a migrated project: everything or nothing, and never over a file that says something else."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Finding
from gateway.project.locate import shown_path

__all__ = ["Planned", "in_the_way", "written"]


@dataclass(frozen=True, slots=True)
class Planned:
    """A file to be written; `before` is what may stand there, None where nothing else may."""

    path: Path
    content: bytes
    before: bytes | None = None


def in_the_way(planned: Sequence[Planned]) -> tuple[Finding, ...]:
    """Return a finding for each file that would be written over another content."""
    return tuple(
        Finding(
            code="migrate-file-in-way",
            message=f"{shown_path(each.path)} is there already, and says something else",
            found=shown_path(each.path),
            mend="Move it away, or migrate into another folder with -o.",
        )
        for each in planned
        if os.path.lexists(each.path) and not _may_go(each)
    )


@contextlib.contextmanager
def written(planned: Sequence[Planned]) -> Generator[Mapping[Path, bytes | None]]:
    """Write the files, and yield what stood there; what the block raises leaves all as it was.

    Raises:
        OSError: A file cannot be written.
    """
    before: dict[Path, bytes | None] = {}
    try:
        for each in planned:
            there = _content_of(each.path)
            if there != each.content:
                each.path.parent.mkdir(parents=True, exist_ok=True)
                _put(each.path, each.content)
                before[each.path] = there
        yield before
    except BaseException:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                _put(path, content)
        raise


def _put(path: Path, content: bytes) -> None:
    """Write a file in one step: whoever reads it meanwhile sees the old or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def _may_go(planned: Planned) -> bool:
    there = _content_of(planned.path)
    return there is not None and there in (planned.content, planned.before)


def _content_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
