"""What a store's own errors mean to people.

obstore gives most faults of a disk as one class whose text ends in the system's error number, so
the number is what is looked at. Knows no stores.
"""

from __future__ import annotations

import re

from gateway.errors import GatewayError

__all__ = ["bucket_failed", "storage_failed"]

_FULL = frozenset({27, 28, 122})  # EFBIG, ENOSPC, EDQUOT
_CLOSED = frozenset({1, 13, 30})  # EPERM, EACCES, EROFS
_ODD_NAME = frozenset({36})  # ENAMETOOLONG

_MACHINE_KEYS = "169.254.169.254"
"""Where machines in a cloud ask for keys of their own."""

_DISTANCES = {
    "badscheme": "its address is http://, which only `endpoint` in services.yaml may say",
    "dns error": "its host is not known",
    "certificate": "its certificate is not valid",
    "connection refused": "nothing listens there",
    "timed out": "it took too long",
    "status code: 5": "its server has a fault",
}


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


def bucket_failed(error: Exception, place: str) -> GatewayError:
    """Return what to tell people about an error met at a bucket.

    Nothing of the error's own text is told but a status and the server's own word for the fault:
    the rest may hold names of keys and what was signed.
    """
    text = str(error)
    refusal = _refusal(error, text)
    if refusal:
        return GatewayError(
            f"The bucket {place} refuses: {refusal}.",
            code="storage-refused",
            where=place,
            found=refusal,
            mend="Check its name, its keys and what they may do; a key comes from services.yaml or "
            "from the environment.",
        )
    reason = _distance(text)
    return GatewayError(
        f"The bucket {place} is out of reach: {reason}.",
        code="storage-away",
        where=place,
        found=reason,
        mend="Check its `endpoint` and the network.",
    )


def _refusal(error: Exception, text: str) -> str:
    """Return why a server that answered will not do it, or an empty text."""
    if _MACHINE_KEYS in text:
        return "no keys were given for it, and this machine has none of its own"
    status = re.search(r"status code: (4\d\d)", text)
    word = re.search(r"<Code>(\w{1,60})</Code>", text)
    if status is not None or word is not None:
        parts = [f"status {status[1]}" if status else "", word[1] if word else ""]
        return ", ".join(part for part in parts if part)
    known = {"PermissionDeniedError", "UnauthenticatedError", "FileNotFoundError", "NotFoundError"}
    return type(error).__name__ if type(error).__name__ in known else ""


def _distance(text: str) -> str:
    """Return why there was no answer."""
    lowered = text.lower()
    return next(
        (said for mark, said in _DISTANCES.items() if mark in lowered), "it does not answer"
    )


def _system_number(error: Exception) -> int | None:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = re.search(r"os error (\d+)", str(error))
    return int(found.group(1)) if found else None


def _first_line(error: Exception) -> str:
    """Return the sentence before obstore's dump of its own values."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
