"""Shapes: what may stand in services.yaml, as data that two interpreters read.

`gateway.services.reading` checks a file against a shape and reads its values;
`gateway.services.editor_schema` turns the same shape into the JSON Schema that editors complete and
check with. Knows no YAML, no JSON Schema and no key of services.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from gateway.services.fields import Fields, Group, Key, Reads
from gateway.services.scalar_shapes import Form

__all__ = [
    "Clash",
    "EitherOf",
    "ListOf",
    "MapOf",
    "Needs",
    "Record",
    "Rule",
    "Shape",
    "record",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ListOf(Reads[tuple[T, ...]], Generic[T]):
    """A list; `filled`: with one entry at least."""

    item: Reads[T]
    filled: bool = False

    def says(self) -> str:
        """Say what is valid."""
        return "a list that is not empty" if self.filled else "a list"

    def sample(self) -> str:
        """Show how to write it."""
        return "a list such as [a, b]"


@dataclass(frozen=True, slots=True)
class MapOf(Reads[Group[T]], Generic[T]):
    """A mapping whose keys are free names.

    Attributes:
        item: What may stand under each.
        names: What the names must look like.
        own: Names with a meaning of their own, and what may stand under these.
        filled: Whether it has one entry at least.
        subject: Whose name a key is; findings in its value carry it.
    """

    item: Reads[T]
    names: Form | None = None
    filled: bool = False
    subject: Literal["service", "parameter"] | None = None
    own: Record | None = None

    def says(self) -> str:
        """Say what is valid."""
        return "a mapping that is not empty" if self.filled else "a mapping"

    def sample(self) -> str:
        """Show how to write it."""
        return "`name: value` entries under it"


@dataclass(frozen=True, slots=True)
class EitherOf(Reads[T], Generic[T]):
    """One shape for a single value, one for a list, one for a mapping; None where none is valid."""

    scalar: Reads[T] | None = None
    listing: Reads[T] | None = None
    mapping: Reads[T] | None = None

    def says(self) -> str:
        """Say what is valid."""
        return " or ".join(part.says() for part in self._parts())

    def sample(self) -> str:
        """Show how to write it."""
        return self._parts()[0].sample()

    def _parts(self) -> list[Reads[T]]:
        return [part for part in (self.scalar, self.listing, self.mapping) if part is not None]


@dataclass(frozen=True, slots=True)
class Clash:
    """A key that stands by none of `others`: when it is written, is true, holds a mapping, or says `count`."""

    key: str
    others: tuple[str, ...]
    message: str
    mend: str
    when: Literal["written", "true", "mapping", "count"] = "written"


@dataclass(frozen=True, slots=True)
class Needs:
    """A key that stands with one of `others` only; no key: the mapping itself needs one."""

    key: str | None
    others: tuple[str, ...]
    mend: str


Rule: TypeAlias = Clash | Needs


@dataclass(frozen=True, slots=True)
class Record(Reads[Fields]):
    """A mapping with known keys.

    Attributes:
        noun: Its name in findings, such as "a service".
        keys: Name → key.
        needed: The names that may not be left out.
    """

    noun: str
    keys: Mapping[str, Key[Any]]
    needed: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    def says(self) -> str:
        """Say what is valid."""
        return f"a mapping with {', '.join(self.keys)}"

    def sample(self) -> str:
        """Show how to write it."""
        return "`key: value` entries under it"


def record(noun: str, keys: Sequence[Key[Any]], rules: Sequence[Rule] = ()) -> Record:
    """Return the record of these keys."""
    needed = tuple(key.name for key in keys if key.required)
    return Record(noun, {key.name: key for key in keys}, needed, tuple(rules))


Shape: TypeAlias = Reads[Any]
"""Any shape: those of this module and of `gateway.services.scalar_shapes`."""
