"""The values that the YAML itself gives: how each is called, where it stands, and what it is of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.errors import Place
from gateway.graph.json_value import Json, as_array
from gateway.services.bound import BoundParameter, BoundRepeat
from gateway.services.courtesies import is_left_out
from gateway.services.items import fields_of
from gateway.services.model import Defaulted, Fixed, Service

__all__ = ["Stated", "stated_values"]


@dataclass(frozen=True, slots=True)
class Stated:
    """One value.

    Attributes:
        of: What it is a value of: a parameter, or a field of the items of its list.
        said: How it is called: `the default`, `example 2`, `item 1 of example 2`.
    """

    of: BoundParameter
    said: str
    place: Place
    value: Json


def stated_values(parameter: BoundParameter, service: Service) -> Iterator[Stated]:
    """Yield every single value that a parameter is given: of lists, each.

    What leaves the parameter out, as null does, is no value.
    """
    for said, place, value in _whole(parameter, service):
        if parameter.repeat is None:
            yield Stated(parameter, said, place, value)
        else:
            yield from _in_items(parameter.repeat, said, place, value)
    for field in parameter.parts[1:]:
        for said, place, value in _own(field):
            yield Stated(field, f"{said} of `{field.name}`", place, value)


def _whole(parameter: BoundParameter, service: Service) -> Iterator[tuple[str, Place, Json]]:
    yield from _own(parameter)
    for number, example in enumerate(service.examples, 1):
        given = example.arguments.get(parameter.name)
        several = as_array(given) if parameter.parameter.batch == "values" else None
        for value in (given,) if several is None else several:
            if value is not None and not is_left_out(parameter, value):
                yield f"example {number}", example.place, value


def _own(parameter: BoundParameter) -> Iterator[tuple[str, Place, Json]]:
    """Yield what a parameter's own keys give it."""
    own = parameter.parameter
    match own.supply:
        case Defaulted(value):
            yield "the default", own.places.get("default", own.place), value
        case Fixed(value):
            yield "the fixed value", own.places.get("value", own.place), value
        case _:
            pass
    for value in own.choices or ():
        yield f"the choice {value!r}", own.places.get("choices", own.place), value


def _in_items(repeat: BoundRepeat, said: str, place: Place, value: Json) -> Iterator[Stated]:
    for number, item in enumerate(as_array(value) or (), 1):
        fields = fields_of(item, repeat)
        for field in repeat.fields:
            given = fields.get(field.name)
            if given is not None:
                yield Stated(field, f"item {number} of {said}", place, given)
