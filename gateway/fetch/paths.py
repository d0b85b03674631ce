"""Files on this machine, only under the folders that are open for reading. Knows no network."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO

from gateway.errors import InputRefused
from gateway.fetch.naming import file_name, mime_type
from gateway.fetch.refusal import no_reference, not_found, path_forbidden, too_large
from gateway.jobs.files import Reference
from gateway.jobs.mime import HEAD_SIZE

__all__ = ["open_path", "resolve_folders"]

_CHUNK = 256 * 1024

# No link may have come into the place of a resolved path, and a fifo is not waited for. Windows has
# neither flag, nor fifos in folders.
_PLAINLY: int = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_AS_BYTES: int = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def resolve_folders(folders: Sequence[str]) -> tuple[Path, ...]:
    """Return the folders as they really are, `~` and links followed."""
    return tuple(Path(folder).expanduser().resolve() for folder in folders)


async def open_path(text: str, folders: Sequence[Path], max_size: int) -> Reference:
    """Open a file by its path; a relative one is looked for in each folder in turn.

    `~` is the home of the user the gateway runs as: who may give paths is that user.

    Raises:
        InputRefused: It is not under a folder, not there, no plain file, or too large.
    """
    path = await asyncio.to_thread(_find, text, folders)
    file = await asyncio.to_thread(_open_plain, text, path, max_size)
    head = await asyncio.to_thread(file.read, HEAD_SIZE)
    mime = mime_type(path.name, "", head)
    return Reference(file_name(path.name, mime), mime, _chunks(file, head))


def _find(text: str, folders: Sequence[Path]) -> Path:
    names = [str(folder) for folder in folders]
    if not folders or "\0" in text:
        raise path_forbidden(text, names, local=True)
    try:
        given = Path(text).expanduser()
    except RuntimeError:  # `~somebody` that is nobody here
        raise path_forbidden(text, names, local=True) from None
    if given.is_absolute():
        return _checked(given, text, folders)
    found = [folder / given for folder in folders if _is_there(folder / given)]
    if found:
        return _checked(found[0], text, folders)
    for folder in folders:
        _checked(folder / given, text, folders)  # `../x` is told apart from what is missing
    raise no_reference(text, names, local=True)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name too long for any disk
        return False


def _checked(path: Path, text: str, folders: Sequence[Path]) -> Path:
    """Return what a path leads to once every link is followed, when that is under a folder."""
    refused = path_forbidden(text, [str(folder) for folder in folders], local=True)
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError):  # links that go round in circles
        raise refused from None
    if not any(resolved.is_relative_to(folder) for folder in folders):
        raise refused
    return resolved


def _open_plain(text: str, path: Path, max_size: int) -> BinaryIO:
    """Open a plain file; a fifo or device is told by its kind, without waiting for it."""
    try:
        number = os.open(path, os.O_RDONLY | _PLAINLY | _AS_BYTES)
    except OSError as error:
        raise _unreadable(text, error) from error
    status = os.fstat(number)
    if stat.S_ISREG(status.st_mode) and status.st_size <= max_size:
        return os.fdopen(number, "rb")
    os.close(number)
    if stat.S_ISDIR(status.st_mode):
        raise not_found(text, "it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise not_found(text, "it is no plain file")
    raise too_large(max_size)


def _unreadable(text: str, error: OSError) -> InputRefused:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return not_found(text)
    return not_found(text, (error.strerror or type(error).__name__).lower())


async def _chunks(file: BinaryIO, head: bytes) -> AsyncIterator[bytes]:
    try:
        chunk = head
        while chunk:
            yield chunk
            chunk = await asyncio.to_thread(file.read, _CHUNK)
    finally:
        file.close()
