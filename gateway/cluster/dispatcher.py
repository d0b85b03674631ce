"""Dispatch over many machines, as a front end does it: a job goes on the board, some worker takes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from gateway.cluster.board import Board
from gateway.cluster.queues import priority_of, queue_of, warm_queue
from gateway.errors import GatewayError, RunTimedOut
from gateway.execution.ledger import Ledger
from gateway.execution.outcome import Work
from gateway.jobs import transitions
from gateway.jobs.job import Job
from gateway.jobs.placement import Candidate
from gateway.services.bound import BoundService

__all__ = ["ChooseWarm", "ClusterDispatcher"]

ChooseWarm = Callable[[BoundService, Job, frozenset[str]], str | None]
"""Returns the backend that a job would like among those it may run on, or None."""

_WARM_FOR = 2.0
"""Seconds for which a job waits for the backend that it would like; then any that fits may have it."""


class ClusterDispatcher:
    """Puts jobs on the board, and withdraws them; implements `Dispatching`.

    Args:
        board: Where jobs wait.
        ledger: The jobs as this process knows them.
        candidates: Returns every declared backend.
    """

    def __init__(
        self, board: Board, ledger: Ledger, candidates: Callable[[], list[Candidate]]
    ) -> None:
        self.choose_warm: ChooseWarm = _nowhere
        self._board = board
        self._ledger = ledger
        self._candidates = candidates
        self._submitting: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, work: Work, fitting: frozenset[str], job: Job) -> None:
        """Take a job that the ledger has accepted: its row first, then the board."""
        task = self._begin(self._put(work, fitting, job))
        self._submitting[job.id] = task
        task.add_done_callback(lambda _: self._submitting.pop(job.id, None))
        if work.queue_until is not None:
            self._later(max(work.queue_until - time.monotonic(), 0), self._overdue(job.id))

    async def stop(self, job_id: str, reason: str) -> None:
        """Withdraw a job, or have its worker stop it."""
        if submitting := self._submitting.get(job_id):
            await asyncio.wait([submitting])
        await self._ledger.store.ask_to_stop(job_id, reason)
        if not await self._board.withdraw(job_id) and await self._board.abort(job_id):
            return
        job = await self._ledger.store.get(job_id)
        if job is not None:
            await self._ledger.end_elsewhere(transitions.cancel(job, time.time(), reason))

    def position(self, job_id: str) -> int | None:
        """Return None: the place in line changes with every other gateway's jobs."""
        del job_id

    async def settle(self) -> None:
        """Wait until what was accepted is on the board; workers do the rest."""
        if self._submitting:
            await asyncio.wait(list(self._submitting.values()))

    async def close(self) -> None:
        """Let go; jobs stay on the board."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _put(self, work: Work, fitting: frozenset[str], job: Job) -> None:
        queue = queue_of(work.bound.service.backend, fitting, self._candidates())
        with suppress(GatewayError):  # what is not on the board by now is put there by the sweep
            try:
                # Asked after the row was begun, so answered after it is kept; it counts itself.
                counts = await self._ledger.store.counts(job.caller)
            finally:
                self._ledger.hand_over(job.id)
            place = counts.get("pending", 0) + counts.get("running", 0) - 1
            urgency = priority_of(job.priority, max(place, 0))
            warm = self.choose_warm(work.bound, job, fitting)
            await self._board.put(job.id, warm_queue(warm) if warm else queue, urgency)
            if warm:
                self._later(_WARM_FOR, self._board.move(job.id, queue))

    async def _overdue(self, job_id: str) -> None:
        job = await self._ledger.store.get(job_id)
        if job is not None and not job.runs and await self._board.withdraw(job_id):
            error = RunTimedOut(
                "No backend had a free slot before the service's queue_timeout passed.",
                code="queue-timed-out",
                mend="Try again later, or give the service a longer queue_timeout.",
            )
            await self._ledger.end_elsewhere(transitions.fail(job, time.time(), error))

    def _later(self, seconds: float, work: Coroutine[Any, Any, None]) -> None:
        self._begin(_after(seconds, work))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _after(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        work.close()
        raise
    with suppress(GatewayError):  # the sweep does it as well
        await work


def _nowhere(bound: BoundService, job: Job, fitting: frozenset[str]) -> None:
    del bound, job, fitting
