"""Rows: what keeping jobs costs, how many a second go through, and what a long history changes."""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import psutil

from benchmarks.arithmetic import AtLeast, AtLeastTimes, AtMost, AtMostAdded, AtMostTimes, Row, row
from benchmarks.backend import closed_port, fresh_backend, gateway_command
from benchmarks.clock import alternate, milliseconds, per_second
from benchmarks.gateway_side import call as call_tool
from benchmarks.gateway_side import open_gateway
from benchmarks.graphs import Picture, write_project
from benchmarks.history import fill, queued_id
from benchmarks.pipe import open_pipe
from benchmarks.stores import SMALLEST, Kind, begin, call, database_server, opened, write_fleet
from gateway.tools.running import Running

__all__ = ["dispatch_rows", "fleet_rows", "history_rows", "idle_row", "store_rows"]

_BOUNDS: dict[Kind, float] = {"sqlite": 0.5, "postgresql": 3.0, "cluster": 8.0}
_NAMES: dict[Kind, str] = {"sqlite": "SQLite", "postgresql": "PostgreSQL", "cluster": "the cluster"}
_WARM_UP = 10
_AT_ONCE = 100
SHORT = Picture("short", seconds=0.1)


async def store_rows(rounds: int) -> dict[str, Row]:
    """Measure a call on each lasting store against one on the memory store."""
    rows: dict[str, Row] = {}
    with fresh_backend() as backend, database_server() as new_database, _folder() as folder:
        async with AsyncExitStack() as stack:
            gateways: dict[Kind, Running] = {}
            for kind in ("memory", *_BOUNDS):
                config = write_fleet(folder / kind, [backend.url], [SMALLEST], kind, 4)
                url = new_database() if kind in {"postgresql", "cluster"} else ""
                gateways[kind] = await stack.enter_async_context(opened(config, kind, url))
                for _ in range(_WARM_UP):
                    await call(gateways[kind], SMALLEST.name)
            for kind, bound in _BOUNDS.items():
                pairs = await alternate(_one(gateways["memory"]), _one(gateways[kind]), rounds * 3)
                rows[f"jobs in {_NAMES[kind]}, not in memory: one call"] = row(
                    pairs, "ms", AtMostAdded(bound)
                )
    return rows


def _one(running: Running) -> Callable[[], Awaitable[float]]:
    return lambda: milliseconds(lambda: call(running, SMALLEST.name))


async def dispatch_rows(rounds: int, jobs: int) -> dict[str, Row]:
    """Measure jobs per second: with a backend that does nothing, and with a real one."""
    rows: dict[str, Row] = {}
    bounds: dict[Kind, tuple[float, float]] = {"sqlite": (5000, 250), "cluster": (300, 150)}
    for kind, (alone, whole) in bounds.items():
        with fresh_backend() as backend, database_server() as new_database, _folder() as folder:
            url = new_database() if kind == "cluster" else ""
            config = write_fleet(folder / "alone", [closed_port()], [SMALLEST], kind, 64)
            async with opened(config, kind, url, does_nothing=True) as running:
                best = await _rate(running, rounds, jobs, begin)
            rows[f"{_way(kind)}, store and dispatch alone"] = Row(
                None, best, "jobs/s", AtLeast(alone)
            )
            url = new_database() if kind == "cluster" else ""
            config = write_fleet(folder / "whole", [backend.url], [SMALLEST], kind, 4)
            async with opened(config, kind, url) as running:
                best = await _rate(running, rounds, jobs // 2, call)
            rows[f"{_way(kind)}, through HTTP, WebSocket and files"] = Row(
                None, best, "jobs/s", AtLeast(whole)
            )
    return rows


def _way(kind: Kind) -> str:
    return "a cluster" if kind == "cluster" else "one gateway"


async def _rate(
    running: Running, rounds: int, jobs: int, work: Callable[[Running, str], Awaitable[None]]
) -> float:
    """Return the best of some rounds of jobs per second, so many in flight."""
    gate = asyncio.Semaphore(_AT_ONCE * 2)

    async def one() -> None:
        async with gate:
            await work(running, SMALLEST.name)

    await per_second(one, _AT_ONCE)
    return max([await per_second(one, jobs) for _ in range(rounds)])


async def fleet_rows(rounds: int) -> dict[str, Row]:
    """Measure runs of 100 ms on 1, 2, 4 and 8 backends with one gateway."""
    with ExitStack() as stack:
        folder = stack.enter_context(_folder())
        backends = [stack.enter_context(fresh_backend()) for _ in range(8)]
        if not backends[0].simulated:
            return {}
        rates: dict[int, float] = {}
        for count in (1, 2, 4, 8):
            urls = [each.url for each in backends[:count]]
            config = write_fleet(folder / str(count), urls, [SHORT], "sqlite")
            async with opened(config, "sqlite") as running:

                async def one(running: Running = running) -> None:
                    await call(running, SHORT.name)

                await per_second(one, count * 2)
                rates[count] = max([await per_second(one, count * 10) for _ in range(rounds)])
    return {
        f"runs of 100 ms on {count} backends against one": Row(
            rates[1] * count, rates[count], "runs/s", AtLeastTimes(0.9)
        )
        for count in (2, 4, 8)
    }


async def idle_row(seconds: float) -> dict[str, Row]:
    """Measure the processor's share of a gateway that waits, after a call."""
    with fresh_backend() as backend, _folder() as folder:
        config = write_project(folder / "project", backend.url, (SMALLEST,))
        async with open_gateway(config) as client:
            await call_tool(client, SMALLEST.name, color=1)
            [ours] = [
                each
                for each in psutil.Process().children(recursive=True)
                if "serve" in each.cmdline() and str(config) in each.cmdline()
            ]
            await asyncio.sleep(1)
            before = ours.cpu_times()
            await asyncio.sleep(seconds)
            after = ours.cpu_times()
    used = after.user + after.system - before.user - before.system
    return {"processor, idle": Row(None, used / seconds * 100, "%", AtMost(1))}


async def history_rows(rounds: int, finished: int, queued: int) -> dict[str, Row]:
    """Measure a call, and a start, with a long history and a long line of jobs beside an empty one."""
    title = f"{finished:,} finished and {queued:,} queued jobs"
    with fresh_backend() as backend, fresh_backend() as busy, _folder() as folder:
        configs: list[Path] = []
        for name in ("empty", "full"):
            urls = [backend.url, busy.url]
            config = write_fleet(
                folder / name, urls, [SMALLEST, Picture("long", seconds=600)], "sqlite"
            )
            # The long ones run on b1 alone, the short ones on b0.
            text = config.read_text(encoding="utf-8").replace(
                '"workflow": "long.json"', '"workflow": "long.json", "backend": "b1"'
            )
            text = text.replace(
                '"workflow": "smallest.json"', '"workflow": "smallest.json", "backend": "b0"'
            )
            config.write_text(text, encoding="utf-8")
            configs.append(config)
        async with opened(configs[1], "sqlite") as running:
            await call(running, SMALLEST.name)
        fill(configs[1].parent / ".gateway" / "jobs.db", finished, queued)
        starts = await alternate(
            lambda: _first_call(configs[0]), lambda: _first_call(configs[1]), max(2, rounds // 10)
        )
        async with opened(configs[0], "sqlite") as empty, opened(configs[1], "sqlite") as full:
            await _until_in_line(full, queued)
            for each in (empty, full):
                for _ in range(_WARM_UP):
                    await call(each, SMALLEST.name)
            calls = await alternate(_one(empty), _one(full), rounds * 2)
    return {
        f"one call, {title}": row(calls, "ms", AtMostTimes(1.1)),
        f"start to the first answer, {title}": row(starts, "ms", AtMostTimes(1.3)),
    }


async def _until_in_line(running: Running, queued: int) -> None:
    """Wait until a gateway has taken over what another one left queued."""
    print(f"taking over {queued:,} jobs", file=sys.stderr)
    began = time.monotonic()
    while time.monotonic() - began < 120:
        last = await running.job(queued_id(queued - 1), "local")
        if last.progress.queue_position is not None or last.status == "running":
            return
        await asyncio.sleep(0.2)
    raise RuntimeError("the queued jobs were not taken over")


async def _first_call(config: Path) -> float:
    async with open_pipe(gateway_command("serve", "--config", str(config))) as pipe:
        await pipe.greet()
        await pipe.ask("tools/list")
        color = random.randrange(0xFFFFFF)  # noqa: S311
        await pipe.ask("tools/call", {"name": SMALLEST.name, "arguments": {"color": color}})
        return (time.perf_counter() - pipe.started) * 1000


class _folder(tempfile.TemporaryDirectory[str]):  # noqa: N801
    """A folder for a while, as a path."""

    def __enter__(self) -> Path:  # type: ignore[override]
        return Path(super().__enter__())
