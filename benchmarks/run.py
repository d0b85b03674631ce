"""Measures the gateway against bare clients and servers, in one run, side by side.

Usage: python benchmarks/run.py [--quick] [--only PART …] [--output FILE]

Starts simulated ComfyUIs of its own, or uses the one at COMFYUI_URL (rows that need nodes only the
simulator has are left out then). Prints a table; a whole run also writes results.json and the table in docs/performance.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.arithmetic import Row, as_table, with_table
from benchmarks.rows_calls import call_rows, failure_row
from benchmarks.rows_jobs import dispatch_rows, fleet_rows, history_rows, idle_row, store_rows
from benchmarks.rows_load import busy_rows, death_row, throughput_rows
from benchmarks.rows_mcp import mcp_rows
from benchmarks.rows_start import memory_rows, start_rows

_HERE = Path(__file__).resolve().parent
_RESULTS = _HERE / "results.json"
_PAGE = _HERE.parent / "docs" / "performance.md"

Part = Callable[[], Awaitable[dict[str, Row]]]


def _parts(quick: bool) -> dict[str, Part]:
    """Return what can be measured, by name; `quick` only tells whether everything still works."""
    rounds = 2 if quick else 40
    few = 1 if quick else 7
    calls, size = (20, 2**24) if quick else (1000, 2**30)
    return {
        "calls": lambda: call_rows(rounds),
        "failure": lambda: failure_row(rounds),
        "throughput": lambda: throughput_rows(few),
        "mcp": lambda: mcp_rows(rounds, few),
        "busy": lambda: busy_rows(1 if quick else 3),
        "death": lambda: death_row(1 if quick else 3),
        "start": lambda: start_rows(2 if quick else 14),
        "memory": lambda: memory_rows(calls, size),
        "stores": lambda: store_rows(rounds),
        "dispatch": lambda: dispatch_rows(1 if quick else 3, 200 if quick else 3000),
        "fleet": lambda: fleet_rows(1 if quick else 3),
        "idle": lambda: idle_row(2 if quick else 20),
        "history": lambda: history_rows(rounds, *((2000, 200) if quick else (200_000, 20_000))),
    }


async def _measure(parts: dict[str, Part], only: list[str]) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for name, part in parts.items():
        if not only or name in only:
            print(f"measuring: {name}", file=sys.stderr)
            rows.update(await part())
    return rows


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a few rounds, nothing is written")
    parser.add_argument("--only", nargs="+", default=[], choices=list(_parts(quick=True)))
    parser.add_argument("--output", type=Path, help=f"default: {_RESULTS.name} beside this file")
    given = parser.parse_args()
    rows = asyncio.run(_measure(_parts(given.quick), given.only))
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    backend = os.environ.get("COMFYUI_URL", "simulated ComfyUI")
    told = f"{as_table(rows)}\n{backend}; {os.cpu_count()} cores; load average at the end {load}"
    print(told)
    whole = not given.quick and not given.only
    output = given.output or (_RESULTS if whole else None)
    if output is not None:
        results = {name: each.as_json() for name, each in rows.items()}
        output.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    if output == _RESULTS:
        page = _PAGE.read_text(encoding="utf-8")
        _PAGE.write_text(with_table(page, told), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
