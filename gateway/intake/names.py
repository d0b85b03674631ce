"""Names for what has none yet: of small letters, digits and _, unique, at most 40 characters."""

from __future__ import annotations

import re
import unicodedata

from gateway.services.names import SERVICE_NAME

__all__ = ["Names", "service_name", "slug"]

_LONGEST = 40
_OTHER = re.compile(r"[^a-z0-9]+")
# A capital begins a word, but not in LoRA, nor behind a digit as in 2K.
_WORDS = re.compile(r"(?<=[a-z]{2})(?=[A-Z])|(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z])")


def slug(text: str) -> str:
    """Return a text as a name, or "" when no letter of it can stand in one."""
    plain = unicodedata.normalize("NFKD", _WORDS.sub(" ", text[:200]))
    name = _OTHER.sub("_", plain.encode("ascii", "ignore").decode().lower()).strip("_")
    if name[:1].isdigit():
        name = f"n_{name}"
    return name[:_LONGEST].rstrip("_")


def service_name(text: str) -> str:
    """Return a name for a service; a built-in tool's gets a word behind it."""
    name = slug(text) or "workflow"
    return f"{name}_service" if name in SERVICE_NAME.reserved else name


class Names:
    """The names that are taken."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, *wanted: str) -> str:
        """Return the first of `wanted` that is free, else the first with a number behind it."""
        named = [each for each in wanted if each]
        for name in named:
            if name not in self._taken:
                self._taken.add(name)
                return name
        number = 2
        while (name := f"{named[0][: _LONGEST - 4]}_{number}") in self._taken:
            number += 1
        self._taken.add(name)
        return name
