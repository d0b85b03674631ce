"""Timing two sides alternately, in random order. Knows nothing of what is timed."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

__all__ = ["Work", "alternate", "milliseconds", "per_second"]

Work: TypeAlias = Callable[[], Awaitable[object]]


async def milliseconds(work: Work) -> float:
    """Return how long something takes."""
    started = time.perf_counter()
    await work()
    return (time.perf_counter() - started) * 1000


async def per_second(work: Work, count: int) -> float:
    """Return how many of `count` at a time are done per second."""
    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(count)))
    return count / (time.perf_counter() - started)


async def alternate(
    one: Callable[[], Awaitable[float]], other: Callable[[], Awaitable[float]], rounds: int
) -> list[tuple[float, float]]:
    """Measure both in each round, in random order, and return (one, other) of each round."""
    pairs: list[tuple[float, float]] = []
    for _ in range(rounds):
        if random.random() < 0.5:  # noqa: S311
            first = await one()
            pairs.append((first, await other()))
        else:
            second = await other()
            pairs.append((await one(), second))
    return pairs
