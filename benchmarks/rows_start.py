"""Rows: cold starts, many services, and memory, against a bare server with the same tools."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.arithmetic import AtMost, AtMostTimes, Row, paired, row
from benchmarks.backend import closed_port, fresh_backend, gateway_command
from benchmarks.clock import alternate, milliseconds
from benchmarks.graphs import Picture, write_many, write_project
from benchmarks.pipe import Pipe, open_pipe

__all__ = ["memory_rows", "start_rows"]

_FEW = 10
_MANY = 1000
_BARE = Path(__file__).parent / "bare_server.py"


async def start_rows(rounds: int) -> dict[str, Row]:
    """Measure cold starts with few and many services, and many services' lists and calls."""
    rows: dict[str, Row] = {}
    with fresh_backend() as backend, tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        few = write_many(folder / "few", backend.url, _FEW)
        down = write_many(folder / "down", closed_port(), _FEW)
        many = write_many(folder / "many", backend.url, _MANY)
        bare_few, bare_many = _bare(folder / "few.json", few), _bare(folder / "many.json", many)
        starts = {
            "10 services": (bare_few, few, rounds, 1.15),
            "10 services, backend down": (bare_few, down, rounds, 1.15),
            "1,000 services": (bare_many, many, max(2, rounds // 2), 1.3),
        }
        for name, (bare, config, times, factor) in starts.items():
            for first in (True, False):
                pairs = await _cold(bare, config, times, first=first)
                title = f"{'first' if first else 'later'} cold start, {name}"
                rows[title] = row(pairs, "ms", AtMostTimes(factor))
        async with open_pipe(_serve(few)) as small, open_pipe(_serve(many)) as large:
            rows["tools/list, 1,000 services, warm"] = await _warm_list(large, rounds)
            rows["one call: 1,000 services against 10"] = await _calls(small, large, rounds * 3)
    return rows


async def memory_rows(calls: int, size: int) -> dict[str, Row]:
    """Measure resident memory: at the first list, warm, after many calls, under a large output."""
    rows: dict[str, Row] = {}
    with fresh_backend() as backend, tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        config = write_project(folder / "project", backend.url, (Picture("smallest"),))
        few = write_many(folder / "few", backend.url, _FEW)
        listed: list[tuple[float, float]] = []
        for _ in range(3):
            bare = await _memory_at_first_list(_bare(folder / "few.json", few))
            listed.append((bare, await _memory_at_first_list(_serve(few))))
        rows["memory at the first list"] = row(listed, "MiB", AtMostTimes(1.15))
        bare = paired(listed)[0]
        async with open_pipe(_serve(config)) as pipe:
            await _list(pipe)
            await _call_often(pipe, 20)
            warm = pipe.memory
            rows["memory, warm"] = Row(bare, warm, "MiB", AtMostTimes(1.6))
            await _call_often(pipe, calls)
            grown = pipe.memory - warm
            rows[f"memory added by {calls:,} calls"] = Row(None, grown, "MiB", AtMost(25))
            if backend.simulated:
                added = await _memory_under(pipe, size)
                name = f"memory added while a {size / 2**30:g} GiB output arrives"
                rows[name] = Row(None, added, "MiB", AtMost(50))
    return rows


def _serve(config: Path) -> list[str]:
    return gateway_command("serve", "--config", str(config))


def _bare(listed: Path, config: Path) -> list[str]:
    """Return the command of a bare server with the tools of a project, kept in a file."""
    if not listed.exists():
        command = gateway_command("tools", "--json", "--config", str(config))
        shown = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603
        listed.write_text(json.dumps(shown["tools"]), encoding="utf-8")
    return [sys.executable, str(_BARE), str(listed)]


async def _cold(
    bare: Sequence[str], config: Path, rounds: int, *, first: bool
) -> list[tuple[float, float]]:
    """Measure milliseconds from spawn to the first tools/list answer.

    `first`: whatever the gateway kept of an earlier start is removed before each of its starts.
    """

    async def first_list(command: Sequence[str]) -> float:
        async with open_pipe(command) as pipe:
            await _list(pipe)
            return (time.perf_counter() - pipe.started) * 1000

    async def ours() -> float:
        if first:
            shutil.rmtree(config.parent / ".gateway", ignore_errors=True)
        return await first_list(_serve(config))

    # The disk's cache is warm for both, and both list the same.
    if await _listed(bare) != await _listed(_serve(config)):
        raise RuntimeError("the bare server and the gateway do not list the same tools")
    return await alternate(lambda: first_list(bare), ours, rounds)


async def _listed(command: Sequence[str]) -> list[str]:
    async with open_pipe(command) as pipe:
        await pipe.greet()
        result = json.loads(await pipe.ask("tools/list"))["result"]
    return [tool["name"] for tool in result["tools"]]


async def _list(pipe: Pipe) -> None:
    await pipe.greet()
    await pipe.ask("tools/list")


async def _warm_list(pipe: Pipe, rounds: int) -> Row:
    await _list(pipe)
    times = [await milliseconds(lambda: pipe.ask("tools/list")) for _ in range(rounds * 2)]
    return Row(None, median(times), "ms", AtMost(12))


async def _calls(small: Pipe, large: Pipe, rounds: int) -> Row:
    await _list(small)
    await _call_often(small, 10)
    await _call_often(large, 10)

    async def timed(pipe: Pipe) -> float:
        return await milliseconds(lambda: _call_often(pipe, 1))

    pairs = await alternate(lambda: timed(small), lambda: timed(large), rounds)
    return row(pairs, "ms", AtMostTimes(1.05))


async def _call_often(pipe: Pipe, times: int) -> None:
    for _ in range(times):
        color = random.randrange(0xFFFFFF)  # noqa: S311
        result = await pipe.call("smallest", {"color": color})
        if result.get("isError"):
            raise RuntimeError(f"a call failed: {result}")


async def _memory_at_first_list(command: Sequence[str]) -> float:
    async with open_pipe(command) as pipe:
        await _list(pipe)
        return pipe.memory


async def _memory_under(pipe: Pipe, size: int) -> float:
    """Return how much more memory is in use at most while an output of `size` bytes arrives."""
    before = most = pipe.memory
    arriving = asyncio.create_task(pipe.call("big", {"size": size}))
    while not arriving.done():
        most = max(most, pipe.memory)
        await asyncio.sleep(0.01)
    result = await arriving
    if result.get("isError"):
        raise RuntimeError(f"the large output did not arrive: {result}")
    kept = result["structuredContent"]["outputs"][0]
    if kept["size_bytes"] != size:
        raise RuntimeError(f"{kept['size_bytes']} of {size} bytes arrived")
    return most - before
