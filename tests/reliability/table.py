"""Runs the crash matrix and writes its table into docs/reliability.md: `python -m tests.reliability.table`.

Exit status 1 when an outcome is not what it must be; the table shows it all the same.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.marked import with_block
from gateway.execution import points
from gateway.simulator.server import Simulator
from tests.database.server import new_database_on, running_postgresql
from tests.reliability.matrix import CELLS, POINTS, Cell, Comfy, Outcome, crash, expected

__all__ = ["PAGE", "meanings", "rows"]

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "reliability.md"
_HEAD = (
    "killed when",
    "",
    "SQLite",
    "PostgreSQL",
    "SQLite, ComfyUI restarts too",
    "PostgreSQL, ComfyUI restarts too",
)
_STORES = ("SQLite", "PostgreSQL")
_COMFY: tuple[Comfy, ...] = ("stays", "restarts")


def meanings() -> Mapping[str, str]:
    """Return what each point means: the words beside its name in the source."""
    source = Path(points.__file__).read_text(encoding="utf-8")
    return dict(re.findall(r'^ {4}"([a-z-]+)",  # (.+)$', source, re.MULTILINE))


def rows(outcomes: Mapping[tuple[str, Cell], Outcome]) -> list[str]:
    """Return the table; a cell that was not run is a dash."""
    said = meanings()
    lines = [f"| {' | '.join(_HEAD)} |", "| " + " | ".join("---" for _ in _HEAD) + " |"]
    for point in POINTS:
        cells = [
            _told(Cell(point, comfy), outcomes.get((store, Cell(point, comfy))))
            for comfy in _COMFY
            for store in _STORES
        ]
        lines.append(f"| {' | '.join((f'`{point}`', said[point], *cells))} |")
    return lines


def _told(cell: Cell, outcome: Outcome | None) -> str:
    if outcome is None:
        return "–"
    if outcome != expected(cell):
        return f"**WRONG** {outcome}"
    if not outcome.status:
        return "not taken on, as nobody was told"
    again = "" if outcome.posted == 1 else ", run again"
    return f"{outcome.status}{again}"


def main() -> int:
    """Run every cell, one after the other, and write the table."""
    outcomes: dict[tuple[str, Cell], Outcome] = {}
    with running_postgresql() as server:
        for cell in CELLS:
            for store in _STORES:
                place = ".gateway/jobs.db" if store == "SQLite" else new_database_on(server)
                outcomes[store, cell] = asyncio.run(_cell(place, cell))
                sys.stderr.write(f"{store} {cell.point}, ComfyUI {cell.comfy}\n")
    page = PAGE.read_text(encoding="utf-8")
    table = "\n".join(rows(outcomes))
    PAGE.write_text(with_block(page, "crash-matrix", table), encoding="utf-8")
    return int(any(each != expected(cell) for (_, cell), each in outcomes.items()))


async def _cell(place: str, cell: Cell) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        async with Simulator() as simulator:
            return await crash(Path(folder), place, cell, simulator)


if __name__ == "__main__":
    sys.exit(main())
