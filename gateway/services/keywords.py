"""A constraint in the words of JSON Schema 2020-12, exactly: what arguments are checked against."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.graph.json_value import Json
from gateway.services.constraint import Constraint, Rows
from gateway.services.values import type_of_value

__all__ = ["json_type", "keywords", "object_of"]


def keywords(constraint: Constraint) -> dict[str, Json]:
    """Return the keywords that a value must satisfy, and no annotations."""
    found: dict[str, Json] = {}
    kind = json_type(constraint)
    if kind is not None:
        found["type"] = kind
    if constraint.rows is not None:
        found["maxItems"] = constraint.rows.most
        found["items"] = _row(constraint.rows)
        return found
    if constraint.many and constraint.options is not None:
        found["items"] = {"enum": list(constraint.options)}
        return found
    if constraint.options is not None:
        found["enum"] = list(constraint.options)
        return found
    limits: tuple[tuple[str, Json], ...] = (
        ("minimum", constraint.minimum),
        ("maximum", constraint.maximum),
        ("multipleOf", constraint.multiple_of),
        ("minLength", constraint.min_length),
        ("maxLength", constraint.max_length),
        ("pattern", constraint.pattern),
    )
    found.update((key, value) for key, value in limits if value is not None)
    return found


def _row(rows: Rows) -> dict[str, Json]:
    if rows.plain:
        return keywords(rows.only)
    return object_of({name: keywords(each) for name, each in rows.fields.items()}, rows)


def object_of(properties: Mapping[str, Json], rows: Rows) -> dict[str, Json]:
    """Return the schema of a list's items that are objects, given that of each field."""
    return {
        "type": "object",
        "properties": dict(properties),
        **({"required": list(rows.required)} if rows.required else {}),
        "additionalProperties": False,
    }


def json_type(constraint: Constraint) -> str | None:
    """Return the JSON type; None when the options are of several types, which `enum` alone tells."""
    if constraint.type in ("integer", "number", "boolean", "array", "object"):
        return constraint.type
    options = constraint.options or ()
    return "string" if all(type_of_value(each) == "string" for each in options) else None
