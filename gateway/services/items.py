"""The items of a list that repeats a node, as callers write them and as a job keeps them."""

from __future__ import annotations

from gateway.graph.json_value import Json, as_array, as_object
from gateway.services.bound import BoundRepeat
from gateway.services.courtesies import as_meant, is_left_out
from gateway.services.model import Defaulted

__all__ = ["fields_of", "items_as_meant", "items_filled"]


def items_as_meant(value: Json, repeat: BoundRepeat) -> tuple[Json, list[str]]:
    """Read a list as its items are meant, field by field; what is null is left out.

    Args:
        value: What the caller wrote, of whatever shape.
        repeat: The list.

    Returns:
        The value to check, and what to tell the caller of it.
    """
    items = as_array(value)
    if items is None:
        return value, []
    warnings: list[str] = []
    read = [_item(item, number, repeat, warnings) for number, item in enumerate(items)]
    return read, warnings


def _item(item: Json, number: int, repeat: BoundRepeat, warnings: list[str]) -> Json:
    fields = {repeat.fields[0].name: item} if repeat.plain else as_object(item)
    if fields is None:
        return item
    known = {each.name: each for each in repeat.fields}
    read: dict[str, Json] = {}
    for name, value in fields.items():
        field = known.get(name)
        if field is None:
            read[name] = value
        elif not is_left_out(field, value):
            read[name], warning = as_meant(value, field.type)
            if warning:
                warnings.append(f"item {number + 1}, `{name}`: {warning}")
    return read[repeat.fields[0].name] if repeat.plain else read


def items_filled(value: Json, repeat: BoundRepeat) -> Json:
    """Return a list that was checked, with the defaults of the fields that its items leave out."""
    items = [fields_of(each, repeat) for each in as_array(value) or ()]
    return [each[repeat.fields[0].name] for each in items] if repeat.plain else list(items)


def fields_of(item: Json, repeat: BoundRepeat) -> dict[str, Json]:
    """Return field → value of an item that was checked; one that is left out has its default."""
    said = {repeat.fields[0].name: item} if repeat.plain else as_object(item) or {}
    defaults = {
        each.name: each.parameter.supply.value
        for each in repeat.fields
        if isinstance(each.parameter.supply, Defaulted)
    }
    return {**said, **{name: each for name, each in defaults.items() if name not in said}}
