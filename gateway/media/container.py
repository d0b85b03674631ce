"""Reading bytes whose sizes are told by the bytes themselves: never more than there are, or than a bound."""

from __future__ import annotations

from typing import BinaryIO

__all__ = ["MOST_BYTES", "Broken", "read_exactly", "skip", "text_of"]

MOST_BYTES = 64 << 20
"""More than any workflow; what says that it is larger is not read."""


_MOST_SKIPPED = 1 << 42
"""A hundred thousand such steps are still a place that every system can tell."""


class Broken(Exception):
    """A container is not as its kind should be."""


def read_exactly(file: BinaryIO, size: int) -> bytes:
    """Return the next `size` bytes.

    Raises:
        Broken: There are fewer, or they are more than is ever read.
    """
    if size > MOST_BYTES:
        raise Broken(f"a part of it says that it has {size:,} bytes")
    data = file.read(size)
    if len(data) < size:
        raise Broken("it ends too early")
    return data


def skip(file: BinaryIO, size: int) -> None:
    """Go on behind the next `size` bytes; of more than any file has, at its end."""
    if size <= _MOST_SKIPPED:
        file.seek(size, 1)
    else:
        file.seek(0, 2)


def text_of(data: bytes) -> str:
    """Return bytes as text; what is no UTF-8 becomes U+FFFD."""
    return data.decode("utf-8", "replace")
