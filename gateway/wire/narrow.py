"""Narrowing one JSON value of ComfyUI's to what it should be, with a harmless value where it is not."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = ["int_of", "number_of", "object_of", "objects_of", "text_of", "texts_of"]

_GREATEST = 2**53


def text_of(value: Json) -> str:
    """Return a string, or empty."""
    return value if isinstance(value, str) else ""


def int_of(value: Json) -> int | None:
    """Return an integer, or None; true is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number_of(value: Json) -> float:
    """Return a finite number; 0 for anything else (ComfyUI's JSON may hold NaN and Infinity)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0
    if isinstance(value, int):
        return max(-_GREATEST, min(value, _GREATEST))
    return value if math.isfinite(value) else 0


def texts_of(value: Json) -> tuple[str, ...]:
    """Return the strings of an array, or ()."""
    return tuple(each for each in as_array(value) or () if isinstance(each, str))


def object_of(value: Json) -> JsonObject:
    """Return an object, or {}."""
    return as_object(value) or {}


def objects_of(value: Json) -> Mapping[str, JsonObject]:
    """Return an object's members that are objects themselves."""
    return {
        key: inner
        for key, each in object_of(value).items()
        if (inner := as_object(each)) is not None
    }
