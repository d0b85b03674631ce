"""Several files of a project that are written all or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from gateway.errors import GatewayError
from gateway.project.locate import shown_path

__all__ = ["write_together"]


def write_together(files: Mapping[Path, bytes], is_wanted: Callable[[], bool]) -> None:
    """Write files, each replaced at once, and put everything back when the result is not wanted.

    Args:
        files: Path → content; written in this order, so that what names another file comes last.
        is_wanted: Looks at the result; whatever it raises, or False, undoes all of it.

    Raises:
        GatewayError: `project-unwritable`; nothing has changed then.
    """
    before = {path: _content(path) for path in files}
    done: list[Path] = []
    is_kept = False
    try:
        for path, content in files.items():
            if before[path] != content:
                done.append(path)
                _replace(path, content)
        is_kept = is_wanted()
    except OSError as error:
        raise GatewayError(
            f"{shown_path(done[-1])} cannot be written: {(error.strerror or str(error)).lower()}",
            code="project-unwritable",
            mend="Check who may write there, and whether the disk is full.",
        ) from error
    finally:
        if not is_kept:
            _restore(done, before)


def _restore(done: list[Path], before: Mapping[Path, bytes | None]) -> None:
    for path in reversed(done):
        content = before[path]
        with suppress(OSError):  # what could not be written may well not be there to be undone
            if content is None:
                path.unlink(missing_ok=True)
            else:
                _replace(path, content)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.resolve()  # where services.yaml is a link, the file it leads to is meant
    new = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        with new.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            new.chmod(target.stat().st_mode & 0o777)
        new.replace(target)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
