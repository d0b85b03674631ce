"""Narrowing the JSON of a dialect, each value that is of the wrong kind said at its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.intake.dialects.notes import Spot
from gateway.services.values import shown

__all__ = ["flag", "left", "members", "number", "object_of", "text", "word"]

_SECRET = re.compile("key|secret|token|passw|credential|auth", re.IGNORECASE)
_NO_REASONS: Mapping[str, str] = {}


def word(fields: JsonObject, key: str, spot: Spot) -> str:
    """Return a text that must be there; a whole number is read as its text, as node ids are."""
    value = fields.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, str) and value.strip():
        return value.strip()
    spot.at(key).fault(
        f"`{key}` must be text" if key in fields else f"`{key}` is missing",
        found=shown(value),
        code="migrate-malformed",
        mend=f"Write `{key}` as this dialect has it.",
    )
    return ""


def text(fields: JsonObject, key: str, spot: Spot) -> str:
    """Return a text that may be there, or ''."""
    value = fields.get(key)
    if isinstance(value, str):
        return value.strip()
    if value is not None:
        _ignored(key, value, "text", spot)
    return ""


def flag(fields: JsonObject, key: str, spot: Spot, *, otherwise: bool = False) -> bool:
    """Return true or false, or what holds when it is not there."""
    value = fields.get(key)
    if isinstance(value, bool):
        return value
    if value is not None:
        _ignored(key, value, "true or false", spot)
    return otherwise


def number(fields: JsonObject, key: str, spot: Spot) -> int | float | None:
    """Return a number that may be there."""
    value = fields.get(key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if value is not None:
        _ignored(key, value, "a number", spot)
    return None


def object_of(value: Json, spot: Spot, what: str) -> JsonObject:
    """Return an object; another value is a fault, and reads as an empty one."""
    found = as_object(value)
    if found is None:
        spot.fault(
            f"{what} must be an object", found=shown(value), code="migrate-malformed", mend=_MEND
        )
    return found or {}


def members(value: Json, spot: Spot, what: str) -> Iterator[tuple[JsonObject, Spot]]:
    """Yield the objects of a list, each with its place; other values are faults."""
    items: Sequence[Json] | None = () if value is None else as_array(value)
    if items is None:
        spot.fault(
            f"{what} must be a list", found=shown(value), code="migrate-malformed", mend=_MEND
        )
    for index, item in enumerate(items or ()):
        at = spot.at(index)
        if (fields := as_object(item)) is not None:
            yield fields, at
        else:
            at.fault(
                f"each of {what} must be an object",
                found=shown(item),
                code="migrate-malformed",
                mend=_MEND,
            )


def left(
    fields: JsonObject, known: Sequence[str], spot: Spot, why: Mapping[str, str] = _NO_REASONS
) -> None:
    """Say which keys mean nothing here, so that none is dropped in silence; `why`, where it is known."""
    for key in fields:
        if key not in known:
            spot.at(key).tell(
                f"`{key}` has no counterpart and is left out",
                found=_told(key, fields[key]),
                code="migrate-not-carried",
                mend=why.get(key, "See docs/services-yaml.md for what services.yaml can say."),
            )


_MEND = "Compare the file with one that its own program reads."


def _ignored(key: str, value: Json, wanted: str, spot: Spot) -> None:
    spot.at(key).tell(
        f"`{key}` must be {wanted} and is left out",
        found=_told(key, value),
        code="migrate-malformed",
        mend="Correct it and migrate again, or say it in services.yaml.",
    )


def _told(key: str, value: Json) -> str | None:
    """Return a value as it is shown; None for one that is or may hold a secret."""
    plain = not isinstance(value, Mapping | list) and "@" not in str(value)
    return shown(value) if plain and not _SECRET.search(key) else None
