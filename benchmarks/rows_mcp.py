"""Rows without a bound: how much of a call MCP alone takes, on this machine in this run."""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from mcp import Client

from benchmarks.arithmetic import Row, Told, row
from benchmarks.backend import fresh_backend
from benchmarks.clock import alternate, milliseconds, per_second
from benchmarks.gateway_side import call, open_gateway, open_program
from benchmarks.graphs import Picture, write_project

__all__ = ["mcp_rows"]

SMALLEST = Picture("smallest")

_RUNNER = "benchmarks.bare_runner"
_AT_ONCE = 100
_WARM_UP = 10


async def mcp_rows(rounds: int, few: int) -> dict[str, Row]:
    """Compare with a bare MCP server that runs the bare client's run."""
    with fresh_backend() as backend, tempfile.TemporaryDirectory() as folder:
        config = write_project(Path(folder) / "project", backend.url, (SMALLEST,))
        bare_words = (sys.executable, "-m", _RUNNER, backend.url)
        async with open_program(bare_words) as bare, open_gateway(config) as ours:
            for _ in range(_WARM_UP):
                await _run(bare)
                await _run(ours)
            one = await alternate(
                lambda: milliseconds(lambda: _run(bare)),
                lambda: milliseconds(lambda: _run(ours)),
                rounds * 3,
            )
            many = await alternate(
                lambda: per_second(lambda: _run(bare), _AT_ONCE),
                lambda: per_second(lambda: _run(ours), _AT_ONCE),
                few,
            )
    return {
        "floor behind a bare MCP server: one call": row(one, "ms", Told()),
        "floor behind a bare MCP server: 100 in flight": row(many, "prompts/s", Told()),
    }


async def _run(client: Client) -> object:
    return await call(client, SMALLEST.name, color=random.randrange(0xFFFFFF))  # noqa: S311
