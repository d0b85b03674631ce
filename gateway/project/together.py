"""Several files of a project that are written all or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from gateway.errors import GatewayError
from gateway.project.locate import shown_path

__all__ = ["refuse_outside", "write_together"]


def write_together(files: Mapping[Path, bytes], is_wanted: Callable[[], bool]) -> None:
    """Write files, each replaced at once, and put everything back when the result is not wanted.

    Args:
        files: Path → content; written in this order, so that what names another file comes last.
        is_wanted: Looks at the result; whatever it raises, or False, undoes all of it.

    Raises:
        GatewayError: `project-unwritable`; nothing has changed then.
    """
    before: dict[Path, bytes | None] = {}
    made: list[Path] = []
    at = next(iter(files), Path())
    is_kept = False
    try:
        for path, content in files.items():
            at = path
            there = _content(path)
            if there != content:
                made += _made_folders(path.parent)
                before[path] = there
                _replace(path, content)
        is_kept = is_wanted()
    except OSError as error:
        raise GatewayError(
            f"{shown_path(at)} cannot be written: {(error.strerror or str(error)).lower()}",
            code="project-unwritable",
            mend="Check who may write there, and whether the disk is full.",
        ) from error
    finally:
        if not is_kept:
            _restore(before, made)


def refuse_outside(path: Path, root: Path) -> None:
    """Refuse to write where a link leads out of the project: a folder can come from anybody.

    Raises:
        GatewayError: `project-unwritable`.
    """
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root)):
        raise GatewayError(
            f"{shown_path(path)} leads out of the project, to where nothing is written",
            code="project-unwritable",
            mend="Take the link out, and have the folder or file in the project itself.",
        )


def _restore(before: dict[Path, bytes | None], made: Sequence[Path]) -> None:
    for path, content in reversed(before.items()):
        with suppress(OSError):  # what could not be written may well not be there to be undone
            if content is None:
                path.unlink(missing_ok=True)
            else:
                _replace(path, content)
    for folder in reversed(made):
        with suppress(OSError):  # somebody else has put something into it
            folder.rmdir()


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _made_folders(folder: Path) -> list[Path]:
    """Make a folder and those above it that are not there yet, and return them, outermost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _replace(path: Path, content: bytes) -> None:
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
