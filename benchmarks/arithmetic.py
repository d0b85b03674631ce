"""From measured numbers to rows, bounds and a table. Pure: measures nothing itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

__all__ = [
    "AtLeast",
    "AtLeastTimes",
    "AtMost",
    "AtMostAdded",
    "AtMostTimes",
    "Bound",
    "Row",
    "Told",
    "as_table",
    "paired",
    "percentile",
    "row",
    "with_table",
]


@dataclass(frozen=True, slots=True)
class AtMostTimes:
    """The gateway needs at most `factor` times what the floor needs."""

    factor: float

    def __str__(self) -> str:
        return f"<= {self.factor:g} x floor"


@dataclass(frozen=True, slots=True)
class AtLeastTimes:
    """The gateway does at least `factor` times what the floor does."""

    factor: float

    def __str__(self) -> str:
        return f">= {self.factor:g} x floor"


@dataclass(frozen=True, slots=True)
class AtMostAdded:
    """The gateway adds at most `more` to the floor."""

    more: float

    def __str__(self) -> str:
        return f"<= floor + {self.more:.3g}"


@dataclass(frozen=True, slots=True)
class AtMost:
    """The gateway needs at most this; there is no floor to compare with."""

    most: float

    def __str__(self) -> str:
        return f"<= {self.most:g}"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The gateway does at least this; there is no floor to compare with."""

    least: float

    def __str__(self) -> str:
        return f">= {self.least:g}"


@dataclass(frozen=True, slots=True)
class Told:
    """No bound: the row only tells."""

    def __str__(self) -> str:
        return "none: it tells"


_START, _END = "<!-- results -->", "<!-- end of results -->"

Bound: TypeAlias = AtMostTimes | AtLeastTimes | AtMostAdded | AtMost | AtLeast | Told


@dataclass(frozen=True, slots=True)
class Row:
    """One line of results; `floor` and `ratio` are None where there is nothing to compare with."""

    floor: float | None
    gateway: float
    unit: str
    bound: Bound

    @property
    def ratio(self) -> float | None:
        """The gateway's figure as a multiple of the floor's."""
        return self.gateway / self.floor if self.floor else None

    @property
    def met(self) -> bool:
        """Whether the bound is kept."""
        match self.bound:
            case Told():
                return True
            case AtMost(most=most):
                return self.gateway <= most
            case AtLeast(least=least):
                return self.gateway >= least
            case AtMostTimes(factor=factor):
                return self.floor is not None and self.gateway <= factor * self.floor
            case AtLeastTimes(factor=factor):
                return self.floor is not None and self.gateway >= factor * self.floor
            case AtMostAdded(more=more):
                return self.floor is not None and self.gateway - self.floor <= more

    def as_json(self) -> dict[str, float | str | bool | None]:
        """Return the entry of results.json."""
        return {
            "floor": _short(self.floor),
            "gateway": _short(self.gateway),
            "ratio": _short(self.ratio),
            "unit": self.unit,
            "bound": str(self.bound),
            "met": self.met,
        }


def row(pairs: Sequence[tuple[float, float]], unit: str, bound: Bound) -> Row:
    """Return the row of measurements taken alternately: (floor, gateway) of each round."""
    floor, gateway = paired(pairs)
    return Row(floor, gateway, unit, bound)


def paired(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the median of the floor, and that plus the median difference within a pair.

    A machine that is slow for a while is slow for both of a pair, so their difference says more
    than the difference of two medians.
    """
    floor = median(one for one, _ in pairs)
    return floor, floor + median(other - one for one, other in pairs)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that at least this share (0…1) of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def as_table(rows: dict[str, Row]) -> str:
    """Return the rows as a table of plain text."""
    head = ("", "floor", "gateway", "ratio", "unit", "bound", "met")
    lines = [head, *(_cells(name, each) for name, each in rows.items())]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in {0, 4, 5, 6} else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def with_table(page: str, table: str) -> str:
    """Return a page of Markdown with this table in the place of the one between its marks.

    Raises:
        ValueError: The page has no marks.
    """
    before, start, rest = page.partition(_START)
    _, end, after = rest.partition(_END)
    if not start or not end:
        raise ValueError(f"the page has no {_START} … {_END}")
    return f"{before}{start}\n\n```text\n{table}\n```\n\n{end}{after}"


def _cells(name: str, each: Row) -> tuple[str, ...]:
    shown = (_shown(each.floor), _shown(each.gateway), _shown(each.ratio))
    return (name, *shown, each.unit, str(each.bound), _verdict(each))


def _verdict(each: Row) -> str:
    if isinstance(each.bound, Told):
        return "-"
    return "yes" if each.met else "NO"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
