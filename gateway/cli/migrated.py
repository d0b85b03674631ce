"""What a migration came to, as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.services.bound import BoundParameter, BoundService
from gateway.services.model import Defaulted, Drawn, Fixed, GraphFile, Required
from gateway.services.values import shown

__all__ = ["as_table"]

_Row = tuple[str, str, str, str]


def as_table(services: Sequence[BoundService]) -> str:
    """Return services with their parameters: name, target, type, and what holds when left out."""
    lines: list[str] = []
    for bound in services:
        lines.append(f"{bound.name}: workflows/{bound.service.workflow}")
        rows = [_row(each) for each in bound.parameters]
        rows += [
            (each.name, f"node {each.node_id}", each.kind or "any", "an output")
            for each in bound.outputs
        ]
        lines += [f"  {line}" for line in _aligned(rows)]
    return "".join(f"{_plain(line)}\n" for line in lines)


def _plain(line: str) -> str:
    """Return a line without what a terminal takes for commands: ids and values are anybody's."""
    return "".join(each if each.isprintable() else "\ufffd" for each in line)


def _row(bound: BoundParameter) -> _Row:
    targets = ", ".join(f"{each.node_id}.{each.widget}" for each in bound.widgets)
    return (bound.name, targets, bound.type, _left_out(bound))


def _left_out(bound: BoundParameter) -> str:
    match bound.parameter.supply:
        case Required():
            return "required"
        case Defaulted(value) | Fixed(value):
            return f"default {shown(value)}"
        case Drawn():
            return "default random"
        case GraphFile():
            return "default: the graph's file"
        case _:
            return f"else {shown(bound.widgets[0].current)}"


def _aligned(rows: Sequence[_Row]) -> Iterator[str]:
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    for *cells, last in rows:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield "  ".join((*padded, last))
