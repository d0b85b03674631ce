"""The stores of files in folders of this machine. Knows no jobs."""

from __future__ import annotations

from pathlib import Path

from obstore.store import LocalStore

from gateway.storage.failure import storage_failed
from gateway.storage.inputs import ObjectInputStore
from gateway.storage.outputs import ObjectOutputStore
from gateway.storage.place import STORE_FAULTS, Place

__all__ = ["open_input_store", "open_output_store"]


def open_input_store(folder: str) -> ObjectInputStore:
    """Open the store of callers' files in a folder, made when it is not there.

    Raises:
        GatewayError: The folder cannot be made or is none.
    """
    return ObjectInputStore(_open_folder(folder))


def open_output_store(folder: str) -> ObjectOutputStore:
    """Open the store of runs' files in a folder, made when it is not there.

    Raises:
        GatewayError: The folder cannot be made or is none.
    """
    return ObjectOutputStore(_open_folder(folder))


def _open_folder(folder: str) -> Place:
    try:
        path = Path(folder).expanduser()
        path.mkdir(parents=True, exist_ok=True)
        resolved = path.resolve()
        store = LocalStore(resolved)
    except STORE_FAULTS as error:
        raise storage_failed(error, folder) from error
    return Place(store, str(resolved), resolved)
