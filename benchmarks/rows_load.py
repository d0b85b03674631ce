"""Rows: many calls at once, what else is answered meanwhile, and a backend that dies."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from mcp import Client

from benchmarks.arithmetic import AtLeastTimes, AtMost, Row, percentile, row
from benchmarks.backend import fresh_backend
from benchmarks.clock import alternate, milliseconds, per_second
from benchmarks.floor import Floor, open_floor
from benchmarks.gateway_side import call, open_gateway
from benchmarks.graphs import Picture, write_project

__all__ = ["busy_rows", "death_row", "throughput_rows"]

SMALLEST = Picture("smallest")
TEN = Picture("ten", seconds=0.01)
SHORT = Picture("short", seconds=0.1)
ENDLESS = Picture("endless", seconds=300)

_AT_ONCE = 100
_SLOTS = 2  # the default


async def throughput_rows(rounds: int) -> dict[str, Row]:
    """Measure prompts per second with a hundred calls in flight."""
    rows: dict[str, Row] = {}
    bounds = {SMALLEST: AtLeastTimes(0.6), TEN: AtLeastTimes(0.95)}
    names = {SMALLEST: "no time", TEN: "10 ms"}
    for picture, bound in bounds.items():
        with fresh_backend() as backend, tempfile.TemporaryDirectory() as folder:
            if picture is TEN and not backend.simulated:
                continue
            config = write_project(Path(folder) / "project", backend.url, (picture,), _SLOTS)
            async with open_floor(backend.url) as floor, open_gateway(config) as client:
                pairs = await _flood(floor, client, picture, rounds)
            rows[f"100 in flight, runs of {names[picture]}"] = row(pairs, "prompts/s", bound)
    return rows


async def _flood(
    floor: Floor, client: Client, picture: Picture, rounds: int
) -> list[tuple[float, float]]:
    async def bare() -> None:
        if await floor.run(picture) == 0:
            raise RuntimeError("a run of the bare client made nothing")

    async def ours() -> None:
        answer = await call(client, picture.name, color=random.randrange(0xFFFFFF))  # noqa: S311
        if len(answer["outputs"]) != 1:
            raise RuntimeError(f"an output was lost: {answer}")

    await bare()
    await ours()
    return await alternate(
        lambda: per_second(bare, _AT_ONCE), lambda: per_second(ours, _AT_ONCE), rounds
    )


async def busy_rows(rounds: int) -> dict[str, Row]:
    """Measure tools/list and query_job_status while 20 runs of 100 ms go on."""
    listed: list[float] = []
    asked: list[float] = []
    with fresh_backend() as backend, tempfile.TemporaryDirectory() as folder:
        if not backend.simulated:
            return {}
        config = write_project(Path(folder) / "project", backend.url, (SHORT,), _SLOTS)
        async with open_gateway(config) as client:
            job = (await _structured(client, "patient", {"color": 1}))["job_id"]

            async def ask() -> None:
                await client.call_tool("query_job_status", {"job_id": job})

            for _ in range(rounds):
                running = asyncio.gather(
                    *(call(client, SHORT.name, color=random.randrange(0xFFFFFF)) for _ in range(20))  # noqa: S311
                )
                while not running.done():
                    listed.append(await milliseconds(client.list_tools))
                    asked.append(await milliseconds(ask))
                    await asyncio.sleep(0.01)
                await running
    return {
        "tools/list p95 while 20 runs go on": Row(None, percentile(listed, 0.95), "ms", AtMost(20)),
        "query_job_status p95 while 20 runs go on": Row(
            None, percentile(asked, 0.95), "ms", AtMost(20)
        ),
    }


async def death_row(rounds: int) -> dict[str, Row]:
    """Measure how long after a backend's death a progress message names it."""
    slowest = 0.0
    for _ in range(rounds):
        with fresh_backend() as backend, tempfile.TemporaryDirectory() as folder:
            if not backend.simulated:
                return {}
            config = write_project(Path(folder) / "project", backend.url, (ENDLESS,))
            async with open_gateway(config) as client:
                slowest = max(slowest, await _seconds_until_told(client, backend.die))
    return {"the backend dies: progress names it": Row(None, slowest, "s", AtMost(1))}


async def _seconds_until_told(client: Client, die: Any) -> float:
    running, told = asyncio.Event(), asyncio.Event()
    died = False

    async def told_of(progress: float, total: float | None, message: str | None) -> None:  # noqa: ARG001
        running.set()
        if died and message is not None and "studio" in message:
            told.set()

    calling = asyncio.create_task(
        client.call_tool(ENDLESS.name, {"color": 1}, progress_callback=told_of)
    )
    async with asyncio.timeout(20):
        await running.wait()
        await asyncio.sleep(1)  # well into its run
        died = True
        die()
        started = time.perf_counter()
        await told.wait()
        took = time.perf_counter() - started
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    return took


async def _structured(client: Client, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return (await client.call_tool(name, arguments)).structured_content or {}
