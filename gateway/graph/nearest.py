"""Which of the options there are a value most likely meant: files move, are renamed, are saved anew.

Knows no node: only texts that may be paths.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches

__all__ = ["nearest"]


def nearest(value: str, options: Iterable[str], most: int = 3) -> tuple[str, ...]:
    r"""Return the options nearest to a value that is none of them, the likeliest first.

    The first of these that finds anything counts: the same path with other separators (`\` and `/`) or
    other capitals; the same file in another folder; the same name with another ending; a similar name.

    Args:
        value: As the graph holds it; may be a path.
        options: What there is.
        most: How many to return.
    """
    known = list(dict.fromkeys(options))
    likenesses: tuple[Callable[[str], str], ...] = (_path, _file, _stem)
    for likeness in likenesses:
        if found := [each for each in known if likeness(each) == likeness(value)]:
            return tuple(found[:most])
    return _similar(value, known, most)


def _path(text: str) -> str:
    return text.replace("\\", "/").casefold()


def _file(text: str) -> str:
    return _path(text).rpartition("/")[2]


def _stem(text: str) -> str:
    name = _file(text)
    before, dot, ending = name.rpartition(".")
    # `v1-5-pruned` ends in no extension, and neither does `sd_xl_base_1.0`.
    return before if dot and before and ending.isalpha() else name


def _similar(value: str, known: Sequence[str], most: int) -> tuple[str, ...]:
    by_name: dict[str, list[str]] = {}
    for each in known:
        by_name.setdefault(_stem(each), []).append(each)
    names = get_close_matches(_stem(value), by_name, n=most)
    return tuple(each for name in names for each in by_name[name])[:most]
