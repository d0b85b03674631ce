"""A parsed YAML file as values: every scalar typed, everything with its line and column.

The nodes are named tuples: a file of 1,000 services makes 60,000 of them, at half the cost of a
frozen dataclass. Knows nothing of YAML's syntax, and nothing of what the file means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol, TypeAlias

from gateway.graph.json_value import Json

__all__ = [
    "Entry",
    "Located",
    "MappingNode",
    "Node",
    "Origin",
    "ScalarNode",
    "ScalarValue",
    "SequenceNode",
    "to_json",
    "written",
]

ScalarValue: TypeAlias = bool | int | float | str | None


class Located(Protocol):
    """Anything with a spot in the file; line and column count from 1."""

    @property
    def line(self) -> int:
        """Line, from 1."""
        ...

    @property
    def column(self) -> int:
        """Column, from 1."""
        ...


class Origin(NamedTuple):
    """How a scalar with variables came by its text.

    Attributes:
        written: The text as it stands in the file; the filled-in one may be secret.
        missing: A variable has no value, which has been reported; the scalar means nothing.
        all_empty: Every variable in it is empty.
    """

    written: str
    missing: bool = False
    all_empty: bool = False


class ScalarNode(NamedTuple):
    """A single value; `text` is its spelling, `value` what YAML 1.2 takes it for."""

    text: str
    value: ScalarValue
    line: int
    column: int
    origin: Origin | None = None


class SequenceNode(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    line: int
    column: int


class Entry(NamedTuple):
    """One entry of a mapping; line and column are the key's."""

    name: str
    node: Node
    line: int
    column: int


class MappingNode(NamedTuple):
    """A mapping, in the file's order."""

    entries: Mapping[str, Entry]
    line: int
    column: int


_CREDENTIALS = re.compile(r"://[^/\s\"]*@")

Node: TypeAlias = ScalarNode | SequenceNode | MappingNode


def to_json(node: Node) -> Json:
    """Return the plain value of a node."""
    match node:
        case ScalarNode():
            return node.value
        case SequenceNode():
            return [to_json(item) for item in node.items]
        case _:
            return {name: to_json(entry.node) for name, entry in node.entries.items()}


def written(node: Node) -> str:
    """Return what stood in the file, short enough for a line, never a variable's value or a password."""
    match node:
        case ScalarNode(origin=Origin(written=text)):
            return _shortened(f'"{text}"')
        case ScalarNode(value=None):
            return "nothing"
        case ScalarNode(value=str()):
            return _shortened(f'"{node.text}"')
        case ScalarNode():
            return _shortened(node.text)
        case SequenceNode():
            return "a list" if node.items else "an empty list"
        case _:
            keys = ", ".join(node.entries)
            return _shortened(f"a mapping with {keys}" if keys else "an empty mapping")


def _shortened(text: str) -> str:
    line = " ".join(_CREDENTIALS.sub("://…@", text).split())
    return line if len(line) <= 80 else f"{line[:76]} …"
