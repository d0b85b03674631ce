"""What a crash left undone between a job's row, the board and a worker, done again by any process."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from gateway.cluster.board import Board
from gateway.cluster.queues import WARM, priority_of, queue_of
from gateway.errors import ArgumentError, GatewayError
from gateway.jobs.job import Job
from gateway.jobs.placement import Candidate, fitting_backends
from gateway.jobs.store import LastingJobStore
from gateway.services.bound import BoundService
from gateway.services.model import AnyBackend

__all__ = ["Sweep"]

_FORGET_EVERY = 3600.0
_ALL_EVERY = 60.0
_BEHIND = 50_000
"""Place in line of a job put on the board again: its caller's own place is not known any more."""


class Sweep:
    """Looks now and then for jobs that nobody will run.

    Args:
        board: Where jobs wait.
        store: Their rows.
        candidates: Returns every declared backend.
        services: Returns the services as they are now, by name.
        lease: Seconds after which a silent worker is taken for dead, and an unposted job for forgotten.
    """

    def __init__(
        self,
        board: Board,
        store: LastingJobStore,
        candidates: Callable[[], list[Candidate]],
        services: Callable[[], Mapping[str, BoundService]],
        lease: float,
    ) -> None:
        self._board = board
        self._store = store
        self._candidates = candidates
        self._services = services
        self._lease = lease
        self._all_at = 0.0

    async def look(self) -> int:
        """Look once; return how many jobs were put back on the board."""
        back = await self._board.take_back(self._lease)
        now = time.time()
        waiting = await self._store.unfinished(self._since(now), now - self._lease)
        there = await self._board.known(waiting) if waiting else frozenset[str]()
        for job_id in waiting:
            job = None if job_id in there else await self._store.get(job_id)
            if job is not None and not job.finished:
                await self._board.put(job.id, self._queue(job), priority_of(job.priority, _BEHIND))
                back += 1
        return back + await self._move_on(now)

    async def _move_on(self, now: float) -> int:
        """Let jobs that still wait for the backend they would like go anywhere; return how many."""
        moved = 0
        for job_id in await self._board.waiting_for(WARM):
            job = await self._store.get(job_id)
            if job is not None and job.created_at < now - self._lease:
                await self._board.move(job_id, self._queue(job))
                moved += 1
        return moved

    def _since(self, now: float) -> float:
        """Return from when on to look at jobs: at all of them only now and then."""
        if time.monotonic() < self._all_at:
            return now - 4 * self._lease
        self._all_at = time.monotonic() + _ALL_EVERY
        return 0.0

    def _queue(self, job: Job) -> str:
        candidates = self._candidates()
        bound = self._services().get(job.service)
        if bound is None:
            return queue_of(AnyBackend(), (), candidates)  # whoever takes it tells what is wrong
        with suppress(ArgumentError):
            fitting = fitting_backends(bound, job.arguments, candidates)
            return queue_of(bound.service.backend, fitting, candidates)
        return queue_of(bound.service.backend, (), candidates)

    async def look_for_ever(self) -> None:
        """Look several times a lease, until cancelled; a database that is away is looked at again."""
        forget_at = 0.0
        while True:
            with suppress(GatewayError):
                await self.look()
                if time.monotonic() >= forget_at:
                    forget_at = time.monotonic() + _FORGET_EVERY
                    await self._board.forget()
            # Not all processes at the same moment.
            await asyncio.sleep(self._lease / 3 * random.uniform(0.7, 1.3))  # noqa: S311
