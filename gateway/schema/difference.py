"""What changed between two documents of a tool, and whether it breaks its callers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.services.values import one_of, pointer_of, shown

__all__ = ["Change", "breaking_changes", "changes_between"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        severity: `breaking`: calls or readers that worked may not any more; else a `note`.
        pointer: JSON pointer into the tool's document.
        message: A sentence for people.
    """

    severity: Literal["breaking", "note"]
    pointer: str
    message: str


def breaking_changes(old: Mapping[str, Json], new: Mapping[str, Json]) -> tuple[Change, ...]:
    """Return what would break callers of a tool, from its old document to its new one.

    Args:
        old: An entry of a tools/list result; {} when there was no such tool.
        new: The same tool now; {} when it is gone.

    Returns:
        The breaking ones of `changes_between`.
    """
    return tuple(each for each in changes_between(old, new) if each.severity == "breaking")


def changes_between(old: Mapping[str, Json], new: Mapping[str, Json]) -> tuple[Change, ...]:
    """Return every difference that callers could notice, breaking or not."""
    if not old:
        return (Change("note", "", "the tool is new"),) if new else ()
    if not new:
        return (Change("breaking", "", "the tool is gone"),)
    return (*_name_changes(old, new), *_input_changes(old, new), *_output_changes(old, new))


def _name_changes(old: JsonObject, new: JsonObject) -> Iterator[Change]:
    if old.get("name") != new.get("name"):
        yield Change(
            "breaking",
            "/name",
            f"the tool is called {shown(new.get('name'))} instead of {shown(old.get('name'))}",
        )


def _input_changes(old: JsonObject, new: JsonObject) -> Iterator[Change]:
    yield from _property_changes(
        "parameter", "/inputSchema", _field(old, "inputSchema"), _field(new, "inputSchema")
    )


def _property_changes(
    what: str, where: str, before: JsonObject, after: JsonObject
) -> Iterator[Change]:
    known, offered = _field(before, "properties"), _field(after, "properties")
    needed, needs = as_array(before.get("required")) or (), as_array(after.get("required")) or ()
    for name, fragment in known.items():
        pointer = f"{where}/properties{pointer_of(name)}"
        if name not in offered:
            yield Change("breaking", pointer, f"the {what} `{name}` is gone")
        else:
            changed = as_object(offered[name]) or {}
            yield from _fragment_changes(name, pointer, as_object(fragment) or {}, changed)
    for name in offered:
        pointer = f"{where}/properties{pointer_of(name)}"
        if name in needs and name not in needed:
            new_one = "" if name in known else "new and "
            yield Change("breaking", pointer, f"the {what} `{name}` is {new_one}required now")
        elif name not in known:
            yield Change("note", pointer, f"the {what} `{name}` is new")
        elif name in needed and name not in needs:
            yield Change("note", pointer, f"the {what} `{name}` is not required any more")


def _fragment_changes(
    name: str, pointer: str, old: JsonObject, new: JsonObject
) -> Iterator[Change]:
    (old, lists), (new, listed) = _single(old), _single(new)
    if lists and not listed:
        yield Change("breaking", pointer, f"`{name}` takes no list of values any more")
    if listed and not lists:
        yield Change("note", pointer, f"`{name}` takes a list of values as well")
    yield from _limit_changes(name, pointer, lists, listed if lists else {})
    before, after = old.get("type"), new.get("type")
    if before != after and not (before == "integer" and after == "number"):
        yield Change(
            "breaking",
            f"{pointer}/type",
            f"`{name}` takes {after or 'other values'} instead of {before or 'several types'}",
        )
    yield from _enum_changes(name, f"{pointer}/enum", old, new)
    yield from _item_changes(name, pointer, old, new)
    yield from _limit_changes(name, pointer, old, new)
    if old.get("default") != new.get("default"):
        yield Change("note", f"{pointer}/default", f"`{name}` has another default: {_default(new)}")


def _item_changes(name: str, pointer: str, old: JsonObject, new: JsonObject) -> Iterator[Change]:
    before, after = _field(old, "items"), _field(new, "items")
    where = f"{pointer}/items"
    if "properties" in before or "properties" in after:
        yield from _property_changes(f"field of `{name}`", where, before, after)
    if before and after:
        yield from _fragment_changes(name, where, before, after)
    else:
        yield from _enum_changes(name, f"{where}/enum", before, after)


def _enum_changes(name: str, pointer: str, old: JsonObject, new: JsonObject) -> Iterator[Change]:
    before, after = as_array(old.get("enum")), as_array(new.get("enum"))
    if after is None:
        return
    if before is None:
        yield Change("breaking", pointer, f"`{name}` takes only certain values now")
        return
    gone = [each for each in before if not one_of(each, tuple(after))]
    added = [each for each in after if not one_of(each, tuple(before))]
    if gone:
        yield Change("breaking", pointer, f"`{name}` takes no {_listed(gone)} any more")
    if added:
        yield Change("note", pointer, f"`{name}` takes {_listed(added)} as well")


_NARROWER: Mapping[str, int] = {
    # Which way narrows: 1 for a larger number, -1 for a smaller one.
    "minimum": 1,
    "maximum": -1,
    "minLength": 1,
    "maxLength": -1,
    "maxItems": -1,
}


def _limit_changes(name: str, pointer: str, old: JsonObject, new: JsonObject) -> Iterator[Change]:
    for key, way in _NARROWER.items():
        before, after = old.get(key), new.get(key)
        if isinstance(after, int | float) and (
            not isinstance(before, int | float) or (after - before) * way > 0
        ):
            was = f"it was {before}" if before is not None else "there was none"
            message = f"`{name}` has a narrower {key}: {after} ({was})"
            yield Change("breaking", f"{pointer}/{key}", message)
    for key in ("multipleOf", "pattern"):
        if new.get(key) is not None and old.get(key) != new.get(key):
            message = f"`{name}` has another {key}: {shown(new.get(key))}"
            yield Change("breaking", f"{pointer}/{key}", message)


def _output_changes(old: JsonObject, new: JsonObject) -> Iterator[Change]:
    before, after = _field(old, "outputSchema"), _field(new, "outputSchema")
    promised = as_array(before.get("required")) or ()
    promises = as_array(after.get("required")) or ()
    for name in promised:
        if name not in promises:
            yield Change("breaking", "/outputSchema/required", f"answers may lack {shown(name)}")
    known, told = _field(before, "properties"), _field(after, "properties")
    for name, fragment in known.items():
        pointer = "/outputSchema/properties" + pointer_of(name)
        if name not in told:
            yield Change("breaking", pointer, f"`{name}` is gone from the answer")
        elif (as_object(fragment) or {}).get("type") != _field(told, name).get("type"):
            yield Change("breaking", pointer, f"`{name}` of the answer is of another type")


def _field(fields: JsonObject, name: str) -> JsonObject:
    return as_object(fields.get(name)) or {}


def _single(fragment: JsonObject) -> tuple[JsonObject, JsonObject]:
    """Return what one value is, and what a list of them is where one may be given, else {}."""
    match as_array(fragment.get("anyOf")):
        case [value, several]:
            about = {name: each for name, each in fragment.items() if name != "anyOf"}
            return {**(as_object(value) or {}), **about}, as_object(several) or {}
        case _:
            return fragment, {}


def _default(fragment: JsonObject) -> str:
    return shown(fragment["default"]) if "default" in fragment else "none"


def _listed(values: list[Json]) -> str:
    return ", ".join(shown(each) for each in values)
