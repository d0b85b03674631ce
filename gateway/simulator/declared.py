"""The inputs a node takes right now: dynamic combos and growing lists flattened to dotted names.

Knows no value's rules; those are in `coercion`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = ["Declared", "declared_inputs"]


@dataclass(frozen=True, slots=True)
class Declared:
    """One input as the definition has it.

    Attributes:
        name: Dotted name, as in the graph.
        leaf: Its last part, as error details name it.
        spec: `[type, options]`.
    """

    name: str
    leaf: str
    spec: Sequence[Json]
    is_required: bool

    @property
    def kind(self) -> Json:
        """The type: a name, or a list of options in the old form."""
        return self.spec[0]

    @property
    def options(self) -> JsonObject:
        """What stands beside the type."""
        return (as_object(self.spec[1]) if len(self.spec) > 1 else None) or {}


def declared_inputs(document: JsonObject, given: Mapping[str, Json]) -> tuple[Declared, ...]:
    """Return the inputs of a definition for what a node of it holds."""
    inputs = as_object(document["input"]) or {}
    found: list[Declared] = []
    for part in ("required", "optional"):
        for name, spec in (as_object(inputs.get(part)) or {}).items():
            found.extend(_flatten(name, name, spec, given, part == "required"))
    return tuple(found)


def _flatten(
    name: str, leaf: str, raw: Json, given: Mapping[str, Json], is_required: bool
) -> Iterator[Declared]:
    declared = Declared(name, leaf, as_array(raw) or [], is_required)
    if declared.kind == "COMFY_AUTOGROW_V3":
        yield from _grown(declared, given)
        return
    if declared.kind != "COMFY_DYNAMICCOMBO_V3":
        yield declared
    elif name in given:
        # One that is left out is not missed by validation; the run fails on it.
        yield declared
        yield from _chosen(declared, given)


def _chosen(declared: Declared, given: Mapping[str, Json]) -> Iterator[Declared]:
    key = given.get(declared.name)
    for option in as_array(declared.options.get("options")) or ():
        entry = as_object(option) or {}
        if entry.get("key") != key:
            continue
        inputs = as_object(entry.get("inputs")) or {}
        for part in ("required", "optional"):
            for leaf, spec in (as_object(inputs.get(part)) or {}).items():
                is_required = part == "required"
                yield from _flatten(f"{declared.name}.{leaf}", leaf, spec, given, is_required)


def _grown(declared: Declared, given: Mapping[str, Json]) -> Iterator[Declared]:
    template = as_object(declared.options.get("template")) or {}
    inner = as_object((as_object(template.get("input")) or {}).get("required")) or {}
    spec = as_array(next(iter(inner.values()))) or []
    least = template.get("min")
    least = least if isinstance(least, int) else 0
    for index, leaf in enumerate(_names(template)):
        name = f"{declared.name}.{leaf}"
        if index < least or name in given:
            yield Declared(name, leaf, spec, index < least)


def _names(template: JsonObject) -> list[str]:
    names = as_array(template.get("names"))
    if names is not None:
        return [str(name) for name in names]
    most = template.get("max")
    count = most if isinstance(most, int) else 100
    return [f"{template.get('prefix')}{index}" for index in range(count)]
