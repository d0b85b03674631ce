"""What is read from a mapping of services.yaml: typed keys, and the values found under them.

A `Key` carries the type of its value, so `fields[SLOTS]` is an int to the type checker, too.
Knows nothing of YAML and of what any key means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from gateway.services.tree import Entry, Located, written

__all__ = ["NOTHING", "Fields", "Group", "Key", "Named", "Reads"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Reads(Generic[T_co]):
    """Marks a shape with the type of what is read from it."""

    __slots__ = ()

    def says(self) -> str:
        """Say what is valid, to follow "must be"."""
        return "a value"

    def bounds(self) -> str:
        """Say how far a value of the right type may go, where `says` does not."""
        return ""

    def sample(self) -> str:
        """Show how to write it, to follow "Write"."""
        return self.says()


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """One key of a mapping.

    Attributes:
        shape: What may stand under it.
        description: What it is for, as editors show it.
        default: What reading it gives when it is left out or wrong.
        sample: How to write it; given for a key that may not be left out.
    """

    name: str
    shape: Reads[T]
    description: str
    default: T
    sample: str = ""

    @property
    def required(self) -> bool:
        """Whether it may not be left out."""
        return self.sample != ""


class Fields:
    """The values of a mapping that are right; where its keys stand, right or wrong."""

    __slots__ = ("_entries", "_values", "column", "line")

    def __init__(
        self, at: Located, entries: Mapping[str, Entry], values: Mapping[str, Any]
    ) -> None:
        self.line = at.line
        self.column = at.column
        self._entries = entries
        self._values = values

    def __getitem__(self, key: Key[T]) -> T:
        return self._values.get(key.name, key.default)

    def __contains__(self, key: Key[Any]) -> bool:
        """Tell whether the key is written, be its value right or wrong."""
        return key.name in self._entries

    def has_any(self, names: frozenset[str]) -> bool:
        """Tell whether any of these keys is written."""
        return not names.isdisjoint(self._entries)

    def get(self, key: Key[T], otherwise: T) -> T:
        """Return the value under a key, or `otherwise` when the key is left out."""
        is_written = key in self
        return self[key] if is_written else otherwise

    def at(self, *keys: Key[Any]) -> Located:
        """Return where the first of these keys stands that is written, else the mapping itself."""
        written_ones = (self._entries[key.name] for key in keys if key.name in self._entries)
        return next(written_ones, self)

    def found(self, key: Key[Any]) -> str | None:
        """Return what stands under a key, fit for a finding."""
        entry = self._entries.get(key.name)
        return written(entry.node) if entry else None

    def spots(self) -> Mapping[str, Located]:
        """Return where each written key stands."""
        return self._entries


class _Nowhere(NamedTuple):
    line: int = 1
    column: int = 1


NOTHING = Fields(_Nowhere(), {}, {})
"""The fields of a mapping that is not there: every key has its default."""


class Named(NamedTuple, Generic[T]):
    """One entry of a mapping whose keys are free names; line and column are the name's."""

    name: str
    value: T
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Group(Generic[T]):
    """A mapping whose keys are free names."""

    members: tuple[Named[T], ...] = ()
    line: int = 1
    column: int = 1
