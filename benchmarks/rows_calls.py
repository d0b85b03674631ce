"""Rows: one call at a time against the bare client, and a failure's way to the caller."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from mcp import Client

from benchmarks.arithmetic import AtMostAdded, AtMostTimes, Row, row
from benchmarks.backend import fresh_backend
from benchmarks.clock import alternate, milliseconds
from benchmarks.floor import Floor, open_floor
from benchmarks.gateway_side import call, open_gateway, outputs_of
from benchmarks.graphs import Picture, write_project
from gateway.media.pictures import make_preview

__all__ = ["call_rows", "failure_row"]

SMALLEST = Picture("smallest")
SHORT = Picture("short", seconds=0.1)
LARGE = Picture("large", side=1024, seconds=0.1)
FAILING = Picture("failing", fails=True)

_WARM_UP = 10
_PREVIEW_SIDE = 512


async def call_rows(rounds: int) -> dict[str, Row]:
    """Measure calls one at a time."""
    rows: dict[str, Row] = {}
    pictures = (SMALLEST, SHORT, LARGE)
    with fresh_backend() as backend, tempfile.TemporaryDirectory() as folder:
        config = write_project(Path(folder) / "project", backend.url, pictures)
        async with open_floor(backend.url) as floor, open_gateway(config) as client:
            for picture in pictures if backend.simulated else (SMALLEST,):
                times = rounds * 3 if picture is SMALLEST else rounds
                pairs = await _compare(floor, client, picture, times)
                if picture is SMALLEST:
                    rows["smallest graph, 64 px: one call"] = row(pairs, "ms", AtMostAdded(2))
                elif picture is SHORT:
                    rows["100 ms run, 64 px: one call"] = row(pairs, "ms", AtMostTimes(1.05))
                else:
                    more = await _preview_milliseconds(client) + 3
                    rows["100 ms run, 1024 px: one call"] = row(pairs, "ms", AtMostAdded(more))
    return rows


async def failure_row(rounds: int) -> dict[str, Row]:
    """Measure how much later than a bare client a caller knows that a node raised."""
    with fresh_backend() as backend, tempfile.TemporaryDirectory() as folder:
        if not backend.simulated:
            return {}
        pictures = (SMALLEST, FAILING)
        config = write_project(Path(folder) / "project", backend.url, pictures)
        async with open_floor(backend.url) as floor, open_gateway(config) as client:
            await call(client, SMALLEST.name, color=1)

            async def bare() -> None:
                _must_hold("on purpose", await floor.fail(FAILING))

            async def ours() -> None:
                result = await client.call_tool(FAILING.name, {"color": _color()})
                answer: dict[str, dict[str, str]] = result.structured_content or {}
                _must_hold("on purpose", answer["error"]["message"])
                _must_hold("4", answer["error"]["where"])

            pairs = await alternate(_timed(bare), _timed(ours), rounds)
    return {"a node raises: the caller knows": row(pairs, "ms", AtMostAdded(50))}


async def _compare(
    floor: Floor, client: Client, picture: Picture, rounds: int
) -> list[tuple[float, float]]:
    async def bare() -> object:
        return await floor.run(picture)

    async def ours() -> object:
        return await call(client, picture.name, color=_color())

    for _ in range(_WARM_UP):
        await bare()
        await ours()
    return await alternate(_timed(bare), _timed(ours), rounds)


async def _preview_milliseconds(client: Client) -> float:
    """Return how long the preview of a 1024 px output takes by itself, in this process.

    Each after a pause as long as the run before a call's preview: a processor that has rested takes
    1 to 3 ms longer.
    """
    path = outputs_of(await call(client, LARGE.name, color=_color()))[0]["path"]
    times: list[float] = []
    for _ in range(20):
        await asyncio.sleep(LARGE.seconds)
        started = time.perf_counter()
        make_preview(path, _PREVIEW_SIDE)
        times.append((time.perf_counter() - started) * 1000)
    return median(times)


def _timed(work: Callable[[], Awaitable[object]]) -> Callable[[], Awaitable[float]]:
    return lambda: milliseconds(work)


def _color() -> int:
    """Return a color for a picture no run has made before."""
    return random.randrange(0xFFFFFF)  # noqa: S311


def _must_hold(part: str, text: str) -> None:
    if part not in text:
        raise RuntimeError(f"{part!r} is missing from {text!r}")
