"""What callers often write for what they mean, and what counts as leaving an argument out."""

from __future__ import annotations

import re

from gateway.graph.json_value import Json
from gateway.services.bound import BoundParameter
from gateway.services.model import Drawn, ParameterType, Required
from gateway.services.values import FILE_TYPES, same, shown

__all__ = ["as_meant", "is_left_out"]

# Short enough that Python reads it at once: a caller may send megabytes of digits.
_INTEGER = re.compile(r"[+-]?\d{1,20}(?:\.0{1,20})?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,2})?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


def is_left_out(bound: BoundParameter, value: Json) -> bool:
    """Tell whether an argument counts as left out.

    null does for every optional one, −1 too for one that is drawn, and "" for an optional file,
    which names none.
    """
    supply = bound.parameter.supply
    if isinstance(supply, Required):
        return False
    if isinstance(supply, Drawn) and same(value, -1):
        return True
    return value is None or (value == "" and bound.type in FILE_TYPES)


def as_meant(value: Json, wanted: ParameterType) -> tuple[Json, str]:
    """Read a value as its type where it plainly is one.

    Args:
        value: What the caller wrote.
        wanted: The parameter's type.

    Returns:
        The value to check, and what to tell the caller, or '' when nothing was changed.
    """
    meant = _meant(value, wanted)
    if meant is value:
        return value, ""
    return meant, f"{shown(value)} was read as {shown(meant)}"


def _meant(value: Json, wanted: ParameterType) -> Json:
    match value, wanted:
        case float(), "integer" if value.is_integer():
            return int(value)
        case str(), "integer" if _INTEGER.fullmatch(value.strip()):
            return int(value.strip().partition(".")[0])
        case str(), "number" if _NUMBER.fullmatch(value.strip()):
            return float(value.strip())
        case str(), "boolean":
            return _BOOLEANS.get(value.strip().lower(), value)
        case _:
            return value
