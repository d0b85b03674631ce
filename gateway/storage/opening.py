"""The stores that services.yaml names: folders of this machine, or buckets. Knows no jobs."""

from __future__ import annotations

from gateway.jobs.files import InputStore, OutputStore
from gateway.services.bucket import Bucket
from gateway.storage.bucket_outputs import open_bucket_output_store
from gateway.storage.buckets import open_bucket
from gateway.storage.inputs import ObjectInputStore
from gateway.storage.local import open_input_store, open_output_store

__all__ = ["open_inputs", "open_outputs"]


def open_inputs(home: str | Bucket) -> InputStore:
    """Open the store of callers' files.

    Raises:
        GatewayError: It cannot be opened.
    """
    if isinstance(home, Bucket):
        return ObjectInputStore(open_bucket(home)[0])
    return open_input_store(home)


def open_outputs(home: str | Bucket, folder: str) -> OutputStore:
    """Open the store of runs' files; `folder` has those that cannot be brought to a bucket yet.

    Raises:
        GatewayError: It cannot be opened.
    """
    if isinstance(home, Bucket):
        return open_bucket_output_store(home, folder)
    return open_output_store(home)
