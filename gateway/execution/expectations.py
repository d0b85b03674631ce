"""How long runs usually take, learned from those that were: per service, and per backend once there is one.

Asked while calls are under way, so it answers from memory: the store is asked at the first question
after a service and then now and then, because other gateways' jobs end too.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median

from gateway.errors import GatewayError
from gateway.jobs.job import Job
from gateway.jobs.store import JobStore, Ran

__all__ = ["Expectations"]

_REMEMBERED = 100
_LOOK_AGAIN = 300.0


@dataclass(slots=True)
class _Known:
    """A service's newest runs; `usual` is what was worked out since the last one ended."""

    runs: deque[Ran] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    usual: dict[str, float | None] = field(default_factory=dict[str, float | None])
    asked_at: float = -_LOOK_AGAIN


class Expectations:
    """What to expect of each service.

    Args:
        store: Has the history.
    """

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._services: dict[str, _Known] = {}
        self._asking: set[asyncio.Task[None]] = set()

    def learn(self, job: Job) -> None:
        """Take in how long a job ran, if it completed."""
        if (
            job.status == "completed"
            and job.started_at is not None
            and job.completed_at is not None
        ):
            known = self._services.setdefault(job.service, _Known())
            backend = job.run.backend if job.run is not None else ""
            known.runs.append(Ran(backend, job.completed_at - job.started_at))
            known.usual.clear()

    def seconds(self, job: Job) -> float | None:
        """Return how long this job's run should take, as far as is known now."""
        known = self._services.get(job.service)
        if known is None:
            return None
        run = job.run
        backend = run.backend if run is not None and run.ended_at is None else ""
        if backend not in known.usual:
            here = [each.seconds for each in known.runs if each.backend == backend]
            # Where it has never run, what it takes elsewhere is the best guess there is.
            known.usual[backend] = _median(here or (each.seconds for each in known.runs))
        return known.usual[backend]

    def left(self, job: Job, now: float) -> float | None:
        """Return how many more seconds a job that runs should take; None when nobody knows."""
        if job.status != "running" or job.started_at is None:
            return None
        expected = self.seconds(job)
        return None if expected is None else max(job.started_at + expected - now, 0.0)

    async def know(self, service: str) -> None:
        """See to it that the history of a service is known; a store that is away leaves it unknown."""
        known = self._services.setdefault(service, _Known())
        now = time.monotonic()
        if now - known.asked_at < _LOOK_AGAIN:
            return
        known.asked_at = now
        with suppress(GatewayError):
            runs = await self._store.newest_runs(service)
            known.runs = deque(runs, maxlen=_REMEMBERED)
            known.usual.clear()

    def know_soon(self, service: str) -> None:
        """Do the same while the caller goes on."""
        known = self._services.get(service)
        if known is None or time.monotonic() - known.asked_at >= _LOOK_AGAIN:
            asking = asyncio.create_task(self.know(service))
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)


def _median(seconds: Iterable[float]) -> float | None:
    known = list(seconds)
    return median(known) if known else None
