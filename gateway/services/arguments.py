"""A caller's arguments → accepted ones, or every fault in them at once.

Checked as JSON Schema 2020-12 says (jsonschema), after a few courtesies that are told as warnings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, cast

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from gateway.errors import ArgumentError, ArgumentFault
from gateway.graph.json_value import Json, as_array, as_object
from gateway.services.arrange import arranged
from gateway.services.bound import BoundParameter, BoundService
from gateway.services.changes import rendered_texts
from gateway.services.closest import closest
from gateway.services.constraint import (
    Constraint,
    Rows,
    constraint_of,
    described,
    refusal,
    row_described,
)
from gateway.services.courtesies import as_meant, is_left_out
from gateway.services.items import items_as_meant, items_filled
from gateway.services.keywords import keywords
from gateway.services.model import Defaulted, Drawn, Fixed, Required
from gateway.services.seeds import drawable
from gateway.services.values import FILE_TYPES, flaw_in, has_type, is_multiple, pointer_of, shown

__all__ = ["Accepted", "accept"]

_LISTED = 40


@dataclass(frozen=True, slots=True)
class Accepted:
    """Arguments that a job can be made of.

    Attributes:
        arguments: Parameter → value: given, default or drawn; one left out is not in it.
        seeds: Parameter → value, for integers with `default: random`.
        files: Parameter → the reference a caller gave for a file.
        warnings: What was read as something else than was written.
    """

    arguments: Mapping[str, Json]
    seeds: Mapping[str, int] = field(default_factory=dict[str, int])
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    warnings: tuple[str, ...] = ()


def accept(
    bound: BoundService, arguments: Mapping[str, Json], draw: Callable[[int, int], int]
) -> Accepted:
    """Check a caller's arguments, fill in defaults and draw seeds.

    Args:
        bound: The service.
        arguments: Any JSON object.
        draw: Given the least and the greatest, both included, returns an integer at random.

    Returns:
        What a job can be made of.

    Raises:
        ArgumentError: With every fault, by JSON pointer.
    """
    offered = _offered(bound)
    given, warnings, faults = _read(offered, arguments)
    faults = [*_unknown(offered, arguments), *_missing(offered, arguments), *faults]
    if faults:
        raise ArgumentError(faults)
    filled, seeds = _fill(offered, given, draw)
    # Rendered and arranged once here, so that a call for which that cannot be is never a job.
    rendered_texts(bound, filled)
    arranged(bound, filled)
    return Accepted(
        arguments=filled,
        seeds=seeds,
        files={
            name: value
            for name, value in given.items()
            if offered[name].type in FILE_TYPES and isinstance(value, str)
        },
        warnings=tuple(warnings),
    )


def _offered(bound: BoundService) -> dict[str, BoundParameter]:
    return {
        each.name: each for each in bound.parameters if not isinstance(each.parameter.supply, Fixed)
    }


def _unknown(
    offered: Mapping[str, BoundParameter], arguments: Mapping[str, Json]
) -> list[ArgumentFault]:
    faults: list[ArgumentFault] = []
    for name in arguments:
        if name in offered:
            continue
        near = closest(name[:100], offered)
        hint = f"did you mean `{near}`? " if near else ""
        listed = ", ".join(list(offered)[:_LISTED]) or "none"
        faults.append(
            ArgumentFault(_pointer(name), f"there is no such argument; {hint}it takes: {listed}")
        )
    return faults


def _missing(
    offered: Mapping[str, BoundParameter], arguments: Mapping[str, Json]
) -> list[ArgumentFault]:
    return [
        ArgumentFault(
            pointer_of(name), f"is required: it must be {described(constraint_of(bound))}"
        )
        for name, bound in offered.items()
        if isinstance(bound.parameter.supply, Required) and name not in arguments
    ]


def _read(
    offered: Mapping[str, BoundParameter], arguments: Mapping[str, Json]
) -> tuple[dict[str, Json], list[str], list[ArgumentFault]]:
    given: dict[str, Json] = {}
    warnings: list[str] = []
    faults: list[ArgumentFault] = []
    for name, bound in offered.items():
        value = arguments.get(name)
        if name not in arguments or is_left_out(bound, value):
            continue
        if flaw := flaw_in(value):
            faults.append(ArgumentFault(pointer_of(name) + flaw[0], flaw[1]))
            continue
        constraint = constraint_of(bound)
        meant, told = _meant(bound, value)
        warnings.extend(f"`{name}`: {each}" for each in told)
        given[name] = meant
        faults.extend(_faults_of(name, meant, constraint))
    return given, warnings, faults


def _meant(bound: BoundParameter, value: Json) -> tuple[Json, list[str]]:
    if bound.repeat is not None:
        return items_as_meant(value, bound.repeat)
    meant, warning = as_meant(value, bound.type)
    return meant, [warning] if warning else []


def _faults_of(name: str, value: Json, constraint: Constraint) -> list[ArgumentFault]:
    schema = json.dumps(keywords(constraint), separators=(",", ":"))
    errors = _validator(schema).iter_errors(cast("Any", value))
    # Several keywords may refuse one value; the sentence names all that is asked of it.
    paths = dict.fromkeys(tuple(error.absolute_path) for error in errors)
    return [
        ArgumentFault(
            pointer_of(name) + "".join(f"/{step}" for step in path),
            _sentence(value, path, constraint),
        )
        for path in paths
    ]


def _sentence(value: Json, path: tuple[str | int, ...], constraint: Constraint) -> str:
    items = as_array(value)
    if not path or items is None:
        return refusal(value, constraint)
    item = items[int(path[0])]
    if constraint.rows is not None:
        return _row_sentence(item, path[1:], constraint.rows)
    return refusal(item, Constraint("string", options=constraint.options))


def _row_sentence(item: Json, path: tuple[str | int, ...], rows: Rows) -> str:
    fields = as_object(item)
    if rows.plain:
        return refusal(item, rows.only)
    if not path or fields is None:
        return f"must be {row_described(rows)}, found {shown(item)}"
    name = str(path[0])
    return refusal(fields[name], rows.fields[name])


@lru_cache(maxsize=4096)
def _validator(schema: str) -> Validator:
    return _ArgumentValidator(json.loads(schema))


def _multiple_of(_validator: object, of: float, instance: Any, _schema: object) -> Any:
    """Check `multipleOf` as people reckon: 0.3 is a multiple of 0.1."""
    if has_type(instance, "number") and not is_multiple(instance, of):
        yield ValidationError(f"{instance!r} is not a multiple of {of}")


# jsonschema says nothing of its own types.
_ArgumentValidator = cast(
    "type[Validator]",
    cast("Any", validators).extend(Draft202012Validator, {"multipleOf": _multiple_of}),
)


def _fill(
    offered: Mapping[str, BoundParameter],
    given: Mapping[str, Json],
    draw: Callable[[int, int], int],
) -> tuple[dict[str, Json], dict[str, int]]:
    filled: dict[str, Json] = {}
    seeds: dict[str, int] = {}
    for name, bound in offered.items():
        match bound.parameter.supply:
            case Drawn():
                filled[name] = seeds[name] = _seed(bound, given.get(name), draw)
            case _ if name in given:
                filled[name] = _whole(bound, given[name])
            case Defaulted(value):
                filled[name] = _whole(bound, value)
            case _:
                pass
    return filled, seeds


def _whole(bound: BoundParameter, value: Json) -> Json:
    return value if bound.repeat is None else items_filled(value, bound.repeat)


def _seed(bound: BoundParameter, value: Json, draw: Callable[[int, int], int]) -> int:
    if isinstance(value, int):
        return value
    drawn = drawable(constraint_of(bound))
    if drawn is None:  # refused when the service was bound
        raise ArgumentError([ArgumentFault(pointer_of(bound.name), "there is nothing to draw")])
    return drawn.draw(draw)


def _pointer(name: str) -> str:
    cut = name if len(name) <= 100 else name[:100] + "…"
    return pointer_of(shown(cut)[1:-1] if flaw_in(cut) else cut)
