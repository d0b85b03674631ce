"""Node classes that a ComfyUI runs under another name: what `GET /node_replacements` tells.

A graph that names a class which is not there any more is run with the new one, its inputs renamed, and
nobody is told (0.33 on). Knows no service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gateway.graph.definitions import Definitions
from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = ["Replacement", "Replacements", "parse_replacements", "replacement_on"]


@dataclass(frozen=True, slots=True)
class Replacement:
    """How a node of an old class becomes one of a new class.

    Attributes:
        renamed: Old input → new input.
        given: New input → the value that it gets.
    """

    old: str
    new: str
    renamed: Mapping[str, str]
    given: Mapping[str, Json]

    @property
    def sentence(self) -> str:
        """What becomes of the inputs, in a few words; empty when they stay as they are."""
        moved = [f"`{old}` becomes `{new}`" for old, new in self.renamed.items() if old != new]
        set_to = [f"`{name}` is {value!r}" for name, value in self.given.items()]
        return ", ".join([*moved, *set_to])


Replacements: TypeAlias = Mapping[str, tuple[Replacement, ...]]
"""Old class → what may stand for it, the first that is there wins."""


def parse_replacements(raw: Json) -> Replacements:
    """Read an answer of `/node_replacements`; what has another shape is left out."""
    found: dict[str, tuple[Replacement, ...]] = {}
    for old, entries in (as_object(raw) or {}).items():
        read = [_replacement(old, as_object(each) or {}) for each in as_array(entries) or ()]
        if known := tuple(each for each in read if each is not None):
            found[old] = known
    return found


def replacement_on(
    class_type: str, replacements: Replacements, definitions: Definitions
) -> Replacement | None:
    """Return what stands for a class on a ComfyUI that has these definitions."""
    fitting = (each for each in replacements.get(class_type, ()) if each.new in definitions)
    return next(fitting, None)


def _replacement(old: str, entry: JsonObject) -> Replacement | None:
    new = entry.get("new_node_id")
    if not isinstance(new, str) or not new:
        return None
    mapping = [as_object(each) or {} for each in as_array(entry.get("input_mapping")) or ()]
    named = [(each.get("new_id"), each) for each in mapping]
    return Replacement(
        old,
        new,
        renamed={
            before: name
            for name, each in named
            if isinstance(name, str) and isinstance(before := each.get("old_id"), str)
        },
        given={
            name: each["set_value"]
            for name, each in named
            if isinstance(name, str) and "set_value" in each
        },
    )
