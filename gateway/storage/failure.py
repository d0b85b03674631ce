"""What a store's own errors mean to people.

obstore gives most faults of a disk as one class whose text ends in the system's error number, so
the number is what is looked at. Knows no stores.
"""

from __future__ import annotations

import re

from gateway.errors import GatewayError

__all__ = ["storage_failed"]

_FULL = frozenset({27, 28, 122})  # EFBIG, ENOSPC, EDQUOT
_CLOSED = frozenset({1, 13, 30})  # EPERM, EACCES, EROFS
_ODD_NAME = frozenset({36})  # ENAMETOOLONG


def storage_failed(error: Exception, place: str) -> GatewayError:
    """Return what to tell people about an error met in `place`, a folder or a URL."""
    number = _system_number(error)
    if number in _FULL:
        return GatewayError(
            f"There is no room left to keep files in {place}.",
            code="storage-full",
            where=place,
            found=_first_line(error),
            mend="Free some space there or keep fewer jobs (`jobs.keep`).",
        )
    if number in _CLOSED or type(error).__name__ in {"PermissionDeniedError", "PermissionError"}:
        return GatewayError(
            f"Files cannot be written to {place}: it is read-only for this process.",
            code="storage-read-only",
            where=place,
            found=_first_line(error),
            mend="Give the gateway's user the right to write there, or use another folder.",
        )
    if number in _ODD_NAME:
        return GatewayError(
            f"The folder {place} lies too deep for file names in it.",
            code="storage-failed",
            where=place,
            found=_first_line(error),
            mend="Use a folder with a shorter path.",
        )
    return GatewayError(
        f"Keeping a file in {place} failed: {_first_line(error)}",
        code="storage-failed",
        where=place,
        found=_first_line(error),
        mend="Check that this folder exists, is a folder, and that its disk works.",
    )


def _system_number(error: Exception) -> int | None:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = re.search(r"os error (\d+)", str(error))
    return int(found.group(1)) if found else None


def _first_line(error: Exception) -> str:
    """Return the sentence before obstore's dump of its own values."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
