"""Where in the text of a JSON file a JSON pointer leads."""

from __future__ import annotations

import json
import re

__all__ = ["locate"]

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def locate(text: str, pointer: str) -> tuple[int, int]:
    """Return line and column, from 1, of the value that a pointer leads to.

    Where it leads nowhere, that is the nearest value around: a key that is missing has the place of
    the object that lacks it.

    Args:
        text: A JSON document, without errors.
        pointer: As RFC 6901 has it.
    """
    at = _skip(text, 0)
    for step in pointer.split("/")[1:]:
        found = _under(text, at, step.replace("~1", "/").replace("~0", "~"))
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _under(text: str, at: int, step: str) -> int | None:
    """Return where the member of an object or a list begins; the last, where a key stands twice."""
    if text[at] not in "{[":
        return None
    is_object, closing = text[at] == "{", {"{": "}", "[": "]"}[text[at]]
    found: int | None = None
    at, index = _skip(text, at + 1), 0
    while text[at] != closing:
        key = str(index)
        if is_object:
            key, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if key == step:
            found = at
        _, at = _DECODER.raw_decode(text, at)
        at, index = _skip(text, at), index + 1
        if text[at] == ",":
            at = _skip(text, at + 1)
    return found


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
