"""Names as services.yaml has them, from whatever a dialect calls things."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

__all__ = ["distinct", "plain_name"]

_LONGEST = 40
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_OTHER = re.compile(r"[^a-z0-9]+")


def plain_name(text: str, otherwise: str) -> str:
    """Return small letters, digits and `_`, a letter first, at most 40.

    Args:
        text: What the thing is called; accents are taken off, other scripts cannot be kept.
        otherwise: The name of a thing of which nothing remains, and what a digit is put after.
    """
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    name = _OTHER.sub("_", _HUMP.sub("_", letters).lower()).strip("_")
    if not name:
        return otherwise
    return _cut(name if name[0].isalpha() else f"{otherwise}_{name}", _LONGEST)


def distinct(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken, with a number behind it where it must be."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{_cut(name, _LONGEST - len(str(number)) - 1)}_{number}"
    return found


def _cut(name: str, longest: int) -> str:
    return name[:longest].rstrip("_")
