"""JSON values as parameters see them: equal, of a type, fit to be stored, and shown to people."""

from __future__ import annotations

import json
import math
import re
from fractions import Fraction

from gateway.graph.json_value import Json, as_array, as_object
from gateway.services.model import ParameterType

__all__ = [
    "FILE_TYPES",
    "LARGEST_SAFE",
    "flaw_in",
    "has_type",
    "is_multiple",
    "one_of",
    "pointer_of",
    "same",
    "shown",
    "text_length",
    "type_of_value",
]

FILE_TYPES: frozenset[ParameterType] = frozenset({"image", "mask", "audio", "video", "file"})

LARGEST_SAFE = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly."""

_DEEPEST = 64
_SMALLEST_INTEGER, _LARGEST_INTEGER = -(2**63), 2**64 - 1
_SHOWN = 60
# NUL ends text in databases and file names; half a surrogate pair cannot be sent as UTF-8.
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def same(one: Json, other: Json) -> bool:
    """Tell whether two scalars are equal as JSON: 1 is 1.0, and true is not 1."""
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def one_of(value: Json, options: tuple[Json, ...]) -> bool:
    """Tell whether a value is among options, as JSON."""
    return any(same(value, option) for option in options)


def has_type(value: Json, wanted: ParameterType) -> bool:
    """Tell whether a value is of a parameter's type, as JSON Schema reads it: 512.0 is an integer."""
    match wanted:
        case "integer":
            return _is_number(value) and (not isinstance(value, float) or value.is_integer())
        case "number":
            return _is_number(value)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return as_array(value) is not None
        case "object":
            return as_object(value) is not None
        case _:
            return isinstance(value, str)


def type_of_value(value: Json) -> ParameterType | None:
    """Return the type that a graph's own value speaks for; None for null."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case None:
            return None
        case _:
            return "array" if as_array(value) is not None else "object"


def is_multiple(value: float, of: float) -> bool:
    """Tell whether a number is a multiple of another, as people reckon: 0.3 is one of 0.1."""
    return Fraction(str(value)) % Fraction(str(of)) == 0


def flaw_in(value: Json) -> tuple[str, str] | None:
    """Find what no store, database or ComfyUI could take, at any depth.

    Args:
        value: Any JSON value, however deep it nests.

    Returns:
        (JSON pointer from this value, what is wrong there), or None.
    """
    # A caller chooses how deep this nests, so it is walked without recursion.
    rest: list[tuple[str, Json, int]] = [("", value, 0)]
    while rest:
        pointer, each, depth = rest.pop()
        if flaw := _own_flaw(each, depth):
            return pointer, flaw
        if (fields := as_object(each)) is not None:
            if bad := next((key for key in fields if _UNFIT.search(key)), None):
                return pointer, f"has a key that is no proper text: {shown(bad)}"
            rest.extend(
                (pointer + pointer_of(key), inner, depth + 1) for key, inner in fields.items()
            )
        elif (items := as_array(each)) is not None:
            rest.extend(
                (f"{pointer}/{index}", inner, depth + 1) for index, inner in enumerate(items)
            )
    return None


def text_length(value: Json) -> int:
    """Return how many characters of text a value holds, at any depth."""
    length = 0
    rest: list[Json] = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, str):
            length += len(each)
        elif (fields := as_object(each)) is not None:
            length += sum(map(len, fields))
            rest.extend(fields.values())
        else:
            rest.extend(as_array(each) or ())
    return length


def pointer_of(key: str) -> str:
    """Return one step of a JSON pointer (RFC 6901)."""
    return "/" + key.replace("~", "~0").replace("/", "~1")


def shown(value: Json) -> str:
    """Return a value as JSON, cut to a length that reads."""
    if isinstance(value, str):
        value = value[: _SHOWN + 1]  # a megabyte of text is not encoded to be cut
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "a value that is too large to show"
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return _UNFIT.sub("\ufffd", cut)


def _own_flaw(value: Json, depth: int) -> str:
    if depth > _DEEPEST:
        return f"nests deeper than {_DEEPEST} levels"
    match value:
        case bool():
            return ""
        case str() if found := _unfit(value):
            name = "NUL" if found[0] == "\x00" else "half of a surrogate pair"
            return f"has a character that is no proper text: {name} at {found.start()}"
        case float() if not math.isfinite(value):
            return "must be a finite number"
        case int() if not _SMALLEST_INTEGER <= value <= _LARGEST_INTEGER:
            return "is too large: integers go from -2^63 to 2^64-1"
        case _:
            return ""


def _unfit(text: str) -> re.Match[str] | None:
    # Megabytes of base64 are told to be plain in no time, and searched in a fifth of a second.
    return None if text.isascii() and "\x00" not in text else _UNFIT.search(text)


def _is_number(value: Json) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and (isinstance(value, int) or math.isfinite(value))
    )
