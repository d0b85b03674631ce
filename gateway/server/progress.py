"""A job's progress as MCP tells it: numbers that only grow, and a short message.

Knows nothing of transports; `report` is given to it. Each number is greater than the one before,
because clients drop what is not; a silent job is told again every few seconds, because some clients
give a call up that says nothing for long.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeAlias

from gateway.jobs.job import Job

__all__ = ["PULSE", "Send", "Step", "advance", "describe", "reporting"]

PULSE = 5.0
"""Seconds of silence after which the last message is told again."""

TICK = 0.001
"""What a number grows by when the job has not moved."""

Send: TypeAlias = Callable[[float, float | None, str | None], Awaitable[None]]
"""Sends (progress, total, message)."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was told last.

    Attributes:
        base: The number at which the node that runs began.
        node: Its id.
    """

    number: float = 0.0
    total: float | None = None
    message: str = ""
    base: float = 0.0
    node: str | None = None


def describe(job: Job) -> str:
    """Return a job's state in a few words: `queued, 2 before it`, `KSampler 5/20`."""
    text = _state(job)
    return f"{text} ({job.progress.note})" if job.progress.note else text


def advance(step: Step, job: Job) -> Step:
    """Return what to tell of a job's newest state; its number is greater than the last."""
    progress = job.progress
    base = step.base if progress.node == step.node else float(math.floor(step.number))
    number = base + progress.current
    if number <= step.number:
        number = round(step.number + TICK, 3)
    total = max(base + progress.maximum, number) if progress.maximum else None
    return Step(number, total, describe(job), base, progress.node)


@asynccontextmanager
async def reporting(
    send: Send, pulse: float = PULSE
) -> AsyncGenerator[Callable[[Job], Awaitable[None]]]:
    """Yield what a job's newest states are told to while a call blocks.

    Args:
        send: Where to.
        pulse: Seconds of silence after which the last message is told again.
    """
    told = _Told(send)
    repeating = asyncio.create_task(told.repeat(pulse))
    try:
        yield told.report
    finally:
        repeating.cancel()


class _Told:
    """What one caller was told, and when."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._step = Step(message="accepted")
        self._at = asyncio.get_running_loop().time()

    async def report(self, job: Job) -> None:
        await self._tell(advance(self._step, job))

    async def repeat(self, pulse: float) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(max(self._at + pulse - clock(), TICK))
            if clock() - self._at >= pulse:
                await self._tell(_again(self._step))

    async def _tell(self, step: Step) -> None:
        self._step = step
        self._at = asyncio.get_running_loop().time()
        await self._send(step.number, step.total, step.message)


def _again(step: Step) -> Step:
    number = round(step.number + TICK, 3)
    total = None if step.total is None else max(step.total, number)
    return replace(step, number=number, total=total)


def _state(job: Job) -> str:
    progress = job.progress
    if job.finished:
        return job.status
    if progress.queue_position is not None:
        ahead = progress.queue_position
        return f"queued, {ahead} before it" if ahead else "queued, next in line"
    if job.status == "pending":
        return "queued"
    title = progress.title or (f"node {progress.node}" if progress.node else "running")
    # Of several jobs no node runs, and the title says how many are done.
    counts = progress.maximum and progress.node is not None
    text = f"{title} {progress.current:g}/{progress.maximum:g}" if counts else title
    return f"{text}, {progress.left}" if progress.left else text
