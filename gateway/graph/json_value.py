"""The type of a parsed JSON value, and how to narrow one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

__all__ = ["Json", "JsonObject", "as_array", "as_object"]

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
JsonObject: TypeAlias = Mapping[str, Json]


def as_object(value: object) -> JsonObject | None:
    """Return `value` when it is a JSON object, else None."""
    return cast("JsonObject", value) if isinstance(value, dict) else None


def as_array(value: object) -> Sequence[Json] | None:
    """Return `value` when it is a JSON array, else None."""
    return cast("Sequence[Json]", value) if isinstance(value, list) else None
