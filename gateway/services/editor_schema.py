"""Shapes → JSON Schema 2020-12, with which editors complete and check services.yaml as it is typed.

Wherever a single value stands, text with a variable (`${…}`) is accepted, too: an editor does not
know what it will be. Knows no key of services.yaml.
"""

from __future__ import annotations

from typing import Any, cast

from gateway.graph.json_value import Json
from gateway.services.durations import (
    DURATION_PATTERN,
    SIZE_PATTERN,
    write_duration,
    write_size,
)
from gateway.services.fields import Fields, Group, Key
from gateway.services.scalar_shapes import (
    HEADER_VALUE,
    LONGEST_DURATION,
    SHORT_PATH,
    AnyJson,
    Duration,
    Form,
    HeaderValue,
    Integer,
    Number,
    OpenDuration,
    Secret,
    ShortPath,
    Size,
    Text,
    Word,
)
from gateway.services.shape import Clash, EitherOf, ListOf, MapOf, Record, Rule, Shape

__all__ = ["editor_schema"]

_VARIABLE: dict[str, Json] = {"$ref": "#/$defs/variable"}


def editor_schema(shape: Record, *, identifier: str, title: str) -> dict[str, Json]:
    """Return the JSON Schema of a file of this shape.

    Args:
        shape: The file's.
        identifier: The schema's `$id`.
        title: What editors call it.

    Returns:
        A JSON Schema 2020-12 document.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": identifier,
        "title": title,
        **_schema(shape),
        "$defs": {
            "variable": {
                "description": "Text in which ${NAME} or ${NAME:-default} is filled in.",
                "type": "string",
                "pattern": r"\$\{",
            }
        },
    }


def _schema(shape: Shape) -> dict[str, Json]:
    match shape:
        case Record():
            return _of_record(shape)
        case MapOf():
            return _of_map(cast("MapOf[Any]", shape))
        case ListOf():
            items = _schema(cast("ListOf[Any]", shape).item)
            return {"type": "array", "items": items, **({"minItems": 1} if shape.filled else {})}
        case EitherOf():
            parts = (shape.scalar, shape.listing, shape.mapping)
            return {"anyOf": [_schema(part) for part in parts if part is not None]}
        case _:
            return _of_single(shape)


def _of_single(shape: Shape) -> dict[str, Json]:
    match shape:
        case Text(form=None, numbers=False):
            return {"type": "string", "minLength": 1}
        case Secret():
            return dict(_VARIABLE)
        case AnyJson(scalar=True):
            return {"type": ["string", "number", "boolean"]}
        case AnyJson():
            return {"not": {"type": "null"}}
        case _:
            return {"anyOf": [*_of_scalar(shape), _VARIABLE]}


def _of_scalar(shape: Shape) -> list[Json]:
    """Return what is valid for a single value, each alternative by itself."""
    match shape:
        case Text():
            return [_of_text(shape), *([{"type": "integer"}] if shape.numbers else [])]
        case ShortPath() | HeaderValue():
            pattern = SHORT_PATH if isinstance(shape, ShortPath) else HEADER_VALUE
            return [{"type": "string", "pattern": f"^{pattern}$"}]
        case Word():
            return [{"enum": list(shape.words)}]
        case Integer():
            return [_without_nones(type="integer", minimum=shape.minimum, maximum=shape.maximum)]
        case Number():
            return [_without_nones(type="number", exclusiveMinimum=0 if shape.positive else None)]
        case _:
            return _of_quantity(shape)


def _of_quantity(shape: Shape) -> list[Json]:
    match shape:
        case Duration() | OpenDuration():
            least = "exclusiveMinimum" if shape.positive else "minimum"
            above_zero = "(?=.*[1-9])" if shape.positive else ""
            return [
                {"type": "string", "pattern": f"^{above_zero}{DURATION_PATTERN}$"},
                {"type": "number", least: 0, "maximum": LONGEST_DURATION},
                *([{"const": "none"}] if isinstance(shape, OpenDuration) else []),
            ]
        case Size():
            return [
                {"type": "string", "pattern": f"^{SIZE_PATTERN}$"},
                {"type": "integer", "minimum": 0},
            ]
        case _:
            return [{"type": "boolean"}]


def _of_text(shape: Text) -> dict[str, Json]:
    return {"type": "string", **(_of_form(shape.form) if shape.form else {"minLength": 1})}


def _of_form(form: Form) -> dict[str, Json]:
    reserved = {"not": {"enum": list(form.reserved)}} if form.reserved else None
    return _without_nones(pattern=f"^(?:{form.pattern})$", maxLength=form.longest) | (
        reserved or {}
    )


def _of_map(shape: MapOf[Any]) -> dict[str, Json]:
    own = shape.own
    known = {name: _of_key(key) for name, key in own.keys.items()} if own else {}
    names: dict[str, Json] = _of_form(shape.names) if shape.names else {}
    if names and known:
        names = {"anyOf": [names, {"enum": list(known)}]}
    return {
        "type": "object",
        **({"propertyNames": names} if names else {}),
        **({"properties": known} if known else {}),
        **({"required": list(own.needed)} if own and own.needed else {}),
        "additionalProperties": _schema(shape.item),
        **({"minProperties": 1} if shape.filled else {}),
    }


def _of_record(shape: Record) -> dict[str, Json]:
    rules = [_of_rule(rule) for rule in shape.rules]
    return {
        "type": "object",
        "properties": {name: _of_key(key) for name, key in shape.keys.items()},
        **({"required": list(shape.needed)} if shape.needed else {}),
        "additionalProperties": False,
        **({"allOf": rules} if rules else {}),
    }


def _of_key(key: Key[Any]) -> dict[str, Json]:
    default = _written(key.shape, key.default)
    shown = {} if default is None or key.required else {"default": default}
    return {"description": key.description, **_schema(key.shape), **shown}


def _written(shape: Shape, default: object) -> Json:
    """Return a default as an author would write it, or None where there is nothing to show."""
    match default:
        case None | Fields() | Group() | ():
            return None
        case float() if isinstance(shape, Duration | OpenDuration):
            return write_duration(default)
        case int() if isinstance(shape, Size):
            return write_size(default)
        case _:
            return cast("Json", default)


def _of_rule(rule: Rule) -> dict[str, Json]:
    match rule:
        case Clash():
            others: list[Json] = [{"required": [name]} for name in rule.others]
            return {"not": {"allOf": [_when(rule), {"anyOf": others}]}}
        case _:
            either: list[Json] = [{"required": [name]} for name in rule.others]
            wanted: dict[str, Json] = {"anyOf": either}
            return {"if": {"required": [rule.key]}, "then": wanted} if rule.key else wanted


def _when(rule: Clash) -> dict[str, Json]:
    applies: dict[str, Json] = {"required": [rule.key]}
    match rule.when:
        case "written":
            return applies
        case "true":
            return applies | {"properties": {rule.key: {"const": True}}}
        case "count":
            return applies | {"properties": {rule.key: {"const": "count"}}}
        case _:
            return applies | {"properties": {rule.key: {"type": "object"}}}


def _without_nones(**fields: Json) -> dict[str, Json]:
    return {name: value for name, value in fields.items() if value is not None}
