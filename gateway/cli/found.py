"""What was found in a workflow as a table, and the question what of it to keep."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.errors import GatewayError
from gateway.intake.inspection import plain
from gateway.services.bound import BoundParameter, BoundService
from gateway.services.constraint import constraint_of
from gateway.services.model import Drawn, Required
from gateway.services.values import LARGEST_SAFE, shown

__all__ = ["chosen_names", "parameter_table", "print_wide", "table_of"]

_RANGE = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")
_LONGEST = 24
_MOST_CHOICES = 4
_WIDE = 160


def table_of(*headings: str) -> Table:
    """Return an empty table in the style of all commands."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def print_wide(table: Table) -> None:
    """Print a table; where nobody reads it in a terminal, its lines are not broken for one."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDE)
    console.print(table)


def parameter_table(bound: BoundService) -> Table:
    """Return a line for each parameter: its name, where it goes, and what it takes."""
    table = table_of("#", "parameter", "node", "widget", "type", "default", "takes")
    table.columns[0].justify = "right"
    for number, each in enumerate(bound.parameters, start=1):
        widget = each.widgets[0]
        title = bound.prompt[widget.node_id].title or widget.class_type
        nodes = dict.fromkeys(plain(each.node_id) for each in each.widgets)
        widgets = dict.fromkeys(plain(each.widget) for each in each.widgets)
        cells = (
            str(number),
            each.name,
            f"{', '.join(nodes)} {plain(title)}",
            ", ".join(widgets),
            each.type,
            _default(each),
            _taken(each),
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table


def chosen_names(names: Sequence[str]) -> frozenset[str]:
    """Ask which parameters to keep until the answer can be understood.

    Raises:
        GatewayError: Nobody answers.
    """
    while True:
        sys.stderr.write("Keep which? [Enter: all; 1 3 5-7; 0: none] ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
        if not answer:
            raise GatewayError("nothing was added", code="wrong-use", mend="Answer, or use --yes.")
        chosen = _understood(answer, len(names))
        if chosen is not None:
            return frozenset(names[number - 1] for number in chosen if number)
        sys.stderr.write(f"Write numbers from 1 to {len(names)}, such as 1 3 5-7.\n")


def _understood(answer: str, count: int) -> list[int] | None:
    words = answer.replace(",", " ").split()
    if not words:
        return list(range(1, count + 1))
    numbers: list[int] = []
    for word in words:
        match = _RANGE.fullmatch(word)
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if first > last or last > count:
            return None
        numbers += range(first, last + 1)
    return numbers


def _default(bound: BoundParameter) -> str:
    match bound.parameter.supply:
        case Required():
            return "(required)"
        case Drawn():
            return "random"
        case _:
            told = plain(shown(bound.widgets[0].current))
            return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"


def _taken(bound: BoundParameter) -> str:
    """Return what it takes, as far as its type does not say so."""
    limits = constraint_of(bound)
    if bound.lives_on_backend:
        return "a file of the backend"
    if limits.options is not None:
        named = ", ".join(plain(str(each)) for each in limits.options[:_MOST_CHOICES])
        return f"{named}, …" if len(limits.options) > _MOST_CHOICES else named
    if limits.minimum is None and limits.maximum is None:
        return ""
    ends = (limits.minimum, limits.maximum)
    low, high = ("" if each is None or abs(each) > LARGEST_SAFE else f"{each:g}" for each in ends)
    return f"{low} … {high}".strip()
