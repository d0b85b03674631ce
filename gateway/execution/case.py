"""A job on its way through the dispatcher of this process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from gateway.execution.attempt import Attempt
from gateway.execution.outcome import Work
from gateway.jobs.line import Waiting

__all__ = ["Case"]


@dataclass(slots=True)
class Case:
    """A job on its way through the dispatcher.

    Attributes:
        fitting: Backends it may run on; those that refused it are taken out.
        since: When it last came into the line, on the monotonic clock.
        tries: Attempts that ComfyUI may have got.
        later: Where it may run once a run that is taken up is over or lost.
        homing: ComfyUI is done with it and its slot is free; its files are on their way.
        because: Why it runs where it does, when that was decided elsewhere.
        trial: It tries a backend that let others down.
    """

    work: Work
    waiting: Waiting
    fitting: frozenset[str]
    since: float
    later: frozenset[str]
    because: str
    tries: int = 0
    refusals: int = 0
    stopping: str = ""
    homing: bool = False
    trial: bool = False
    attempt: Attempt | None = None
    task: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None
