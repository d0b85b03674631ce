"""What faults of a disk are called."""

from __future__ import annotations

import errno

import pytest
from obstore.exceptions import GenericError, PermissionDeniedError

from gateway.storage.failure import bucket_failed, storage_failed


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


FORBIDDEN = """\
The operation lacked the necessary privileges: Error performing PUT http://x/b/k in 1ms - \
Server returned non-2xx status code: 403 Forbidden: <?xml version="1.0"?><Error>\
<Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>NAME-OF-A-KEY</AWSAccessKeyId>\
<StringToSign>AWS4-HMAC-SHA256</StringToSign></Error>"""


@pytest.mark.parametrize(
    ("error", "code", "found"),
    [
        (PermissionDeniedError(FORBIDDEN), "storage-refused", "status 403, SignatureDoesNotMatch"),
        (PermissionDeniedError("no"), "storage-refused", "PermissionDeniedError"),
        (FileNotFoundError("nothing there"), "storage-refused", "FileNotFoundError"),
        (
            GenericError("PUT http://169.254.169.254/latest/api/token: timed out"),
            "storage-refused",
            "no keys were given for it, and this machine has none of its own",
        ),
        (
            GenericError("... Connection refused (os error 111)"),
            "storage-away",
            "nothing listens there",
        ),
        (GenericError("operation timed out"), "storage-away", "it took too long"),
        (GenericError("dns error: failed to lookup"), "storage-away", "its host is not known"),
        (GenericError("invalid peer certificate"), "storage-away", "its certificate is not valid"),
        (GenericError("status code: 503 Slow Down"), "storage-away", "its server has a fault"),
        (GenericError("?access_key=KEY"), "storage-away", "it does not answer"),
    ],
)
def test_a_fault_of_a_bucket_is_told_in_words_of_our_own(
    error: Exception, code: str, found: str
) -> None:
    told = bucket_failed(error, "s3://things/a")
    assert (told.code, told.found, told.where) == (code, found, "s3://things/a")
    assert "KEY" not in f"{told!r} {told} {told.mend}"
