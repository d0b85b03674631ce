r"""What the editor does to text before it sends a graph: `{a|b}` choices, comments, `%date:FMT%`.

Only widgets whose definition says `dynamicPrompts` get the first two. Order: `/* */` and `//` comments
go (so `http://x` becomes `http:`), each `{a|b}` becomes one of its options, nested ones too, and last
`\{`, `\|`, `\}` become plain. Knows no chance and no clock: both are given.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

__all__ = ["resolve_date_format", "resolve_dates", "resolve_dynamic_text"]

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n\r\u2028\u2029]*", re.DOTALL)
_MARK = re.compile(r"[\\{]")
_DATE = re.compile(r"%date:([^%]+)%")
_DATE_PART = re.compile(r"dd?|MM?|hh?|mm?|ss?|yyyy|yyy|yy")
_Spans = dict[int, list[int]]
"""Index of an opening brace → where its options end; the last entry is its closing brace."""


def resolve_dynamic_text(text: str, choose: Callable[[int], int]) -> str:
    """Resolve a text as the editor would before sending it.

    Args:
        text: What the widget holds.
        choose: Given how many options there are (at least 1), returns the index of one, from 0.

    Returns:
        What ComfyUI is to see.
    """
    plain = _COMMENT.sub("", text)
    spans = _braces(plain)
    result: list[str] = []
    # Ranges still to be read, innermost last: callers' text may nest deeper than calls could.
    ranges = [(0, len(plain))]
    while ranges:
        at, end = ranges.pop()
        while at < end:
            mark = plain[at]
            if mark == "\\":
                result.append(_escaped(plain[at : min(at + 2, end)]))
                at += 2
            elif mark == "{":
                ends = spans[at]
                ranges.append((min(ends[-1] + 1, end), end))
                at, end = _option(at, ends, choose)
            else:
                stop = _next_mark(plain, at, end)
                result.append(plain[at:stop])
                at = stop
    return "".join(result)


def resolve_dates(text: str, now: datetime) -> str:
    """Replace every `%date:FMT%`; `now` is local time.

    FMT knows d dd M MM h hh m mm s ss yy yyyy; everything else in it stays.
    """
    return _DATE.sub(lambda found: resolve_date_format(found[1], now), text)


def resolve_date_format(form: str, now: datetime) -> str:
    """Write a time as the editor does; `now` is local time."""
    return _DATE_PART.sub(lambda part: _date_part(part[0], now), form)


def _braces(text: str) -> _Spans:
    spans: _Spans = {}
    still_open: list[int] = []
    at = 0
    while at < len(text):
        mark = text[at]
        if mark == "\\":
            at += 1
        elif mark == "{":
            still_open.append(at)
            spans[at] = []
        elif still_open and mark in "|}":
            spans[still_open[-1]].append(at)
            if mark == "}":
                still_open.pop()
        at += 1
    for opened in still_open:  # never closed: it reaches to the end, as in the editor
        spans[opened].append(len(text))
    return spans


def _option(opened: int, ends: list[int], choose: Callable[[int], int]) -> tuple[int, int]:
    starts = [opened + 1, *(end + 1 for end in ends)]
    index = choose(len(ends))
    return starts[index], ends[index]


def _escaped(pair: str) -> str:
    return pair[1] if pair[1:] in ("{", "|", "}") else pair


def _next_mark(text: str, at: int, end: int) -> int:
    found = _MARK.search(text, at + 1, end)
    return found.start() if found else end


def _date_part(part: str, now: datetime) -> str:
    if part[0] == "y":
        year = str(now.year)
        return {"yy": year[2:], "yyyy": year}.get(part, part)
    number = {"d": now.day, "M": now.month, "h": now.hour, "m": now.minute, "s": now.second}[
        part[0]
    ]
    return str(number).rjust(len(part), "0")
