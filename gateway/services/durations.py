"""Durations and sizes as people write them: `250ms 45s 10m 24h`, `600KB 32MiB`."""

from __future__ import annotations

import re
from fractions import Fraction

__all__ = [
    "DURATION_PATTERN",
    "SIZE_PATTERN",
    "parse_duration",
    "parse_size",
    "write_duration",
    "write_size",
]

DURATION_PATTERN = r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(ms|s|m|h)"
SIZE_PATTERN = r"([0-9]{1,12}(?:\.[0-9]{1,6})?) ?(B|KB|MB|GB|KiB|MiB|GiB)"

_DURATION = re.compile(DURATION_PATTERN)
_SIZE = re.compile(SIZE_PATTERN)
_SECONDS = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
# KB is KiB here: nobody who writes 600KB counts on the 2.4 % between the two.
_BYTES = {
    "GiB": 1024**3,
    "MiB": 1024**2,
    "KiB": 1024,
    "GB": 1024**3,
    "MB": 1024**2,
    "KB": 1024,
    "B": 1,
}


def parse_duration(text: str) -> float | None:
    """Return the seconds that `text` means, or None when it is no duration."""
    match = _DURATION.fullmatch(text)
    return float(Fraction(match[1]) * _SECONDS[match[2]]) if match else None


def parse_size(text: str) -> int | None:
    """Return the bytes that `text` means, rounded down, or None when it is no size."""
    match = _SIZE.fullmatch(text)
    return int(Fraction(match[1]) * _BYTES[match[2]]) if match else None


def write_duration(seconds: float) -> str:
    """Return text that reads as this many seconds, to the microsecond, in the largest whole unit."""
    microseconds = round(seconds * 1_000_000)
    for unit, length in _SECONDS.items():
        amount = Fraction(microseconds, 1_000_000) / length
        if amount.denominator == 1 and amount >= 1:
            return f"{amount}{unit}"
    return f"{microseconds / 1000:g}ms" if microseconds else "0s"


def write_size(size: int) -> str:
    """Return text that reads as this many bytes, in the largest whole unit."""
    for unit, length in _BYTES.items():
        if size and size % length == 0:
            return f"{size // length}{unit}"
    return "0B"
