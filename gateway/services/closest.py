"""The candidate that a mistyped word most likely meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["closest"]


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate nearest to `word`, upper and lower case alike, or None when none is near."""
    spelled = {candidate.casefold(): candidate for candidate in candidates}
    matches = get_close_matches(word.casefold(), spelled, n=1)
    return spelled[matches[0]] if matches else None
