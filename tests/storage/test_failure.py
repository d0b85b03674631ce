"""What faults of a disk are called."""

from __future__ import annotations

import errno

import pytest
from obstore.exceptions import GenericError, PermissionDeniedError

from gateway.storage.failure import storage_failed


@pytest.mark.parametrize(
    ("error", "code", "found"),
    [
        (
            GenericError(
                "Unable to copy: No space left on device (os error 28)\n\nDebug source:\nX"
            ),
            "storage-full",
            "Unable to copy: No space left on device (os error 28)",
        ),
        (
            OSError(errno.EDQUOT, "Disk quota exceeded"),
            "storage-full",
            "[Errno 122] Disk quota exceeded",
        ),
        (
            GenericError("Read-only file system (os error 30)"),
            "storage-read-only",
            "Read-only file system (os error 30)",
        ),
        (PermissionDeniedError("no"), "storage-read-only", "no"),
        (
            OSError(errno.ENAMETOOLONG, "File name too long"),
            "storage-failed",
            "[Errno 36] File name too long",
        ),
        (GenericError("something else"), "storage-failed", "something else"),
        (ValueError(""), "storage-failed", "ValueError"),
    ],
)
def test_a_fault_is_named_by_the_systems_error_number(
    error: Exception, code: str, found: str
) -> None:
    told = storage_failed(error, "/data/outputs")
    assert (told.code, told.found, told.where) == (code, found, "/data/outputs")
    assert "/data/outputs" in told.message
    assert told.mend
