"""Writing a small file into a folder of this machine at once, on the event loop. Knows no stores.

obstore hands each file to a thread and waits for it there, even when it is called without `async`:
0.1 ms alone, 0.5 ms when all cores are busy; this takes 0.05 ms either way.
"""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import count
from pathlib import Path

__all__ = ["write_tiny"]

_NUMBERS = count(1)


def write_tiny(path: Path, data: bytes) -> None:
    """Write a file, with its folders; it appears under its name only when all of it is there.

    Raises:
        OSError: It cannot be written; nothing is left.
    """
    # obstore's own form of a name for a file that is not whole yet: its listings leave them out.
    half = f"{path}#{os.getpid()}{next(_NUMBERS):06}"
    try:
        try:
            _write(half, data)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(half, data)
        os.replace(half, path)  # noqa: PTH105  # no Path is made of a name used once
    except BaseException:
        with suppress(OSError):
            os.unlink(half)  # noqa: PTH108
        raise


def _write(name: str, data: bytes) -> None:
    with open(name, "xb", buffering=0) as file:  # noqa: PTH123
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
