"""Dispatch over many machines, as a front end does it: a job goes on the board, some worker takes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from gateway.cluster.board import Board
from gateway.cluster.queues import priority_of, queue_of
from gateway.errors import GatewayError, RunTimedOut
from gateway.execution.ledger import Ledger
from gateway.execution.outcome import Work
from gateway.jobs import transitions
from gateway.jobs.job import Job
from gateway.jobs.placement import Candidate

__all__ = ["ClusterDispatcher"]


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
        self._board = board
        self._ledger = ledger
        self._candidates = candidates
        self._submitting: dict[str, asyncio.Task[None]] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, work: Work, fitting: frozenset[str], job: Job) -> None:
        """Take a job that the ledger has accepted: its row first, then the board."""
        task = self._begin(self._put(work, fitting, job))
        self._submitting[job.id] = task
        task.add_done_callback(lambda _: self._submitting.pop(job.id, None))
        if work.queue_until is not None:
            seconds = max(work.queue_until - time.monotonic(), 0)
            loop = asyncio.get_running_loop()
            self._timers[job.id] = loop.call_later(
                seconds, lambda: self._begin(self._overdue(job.id))
            )

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
        for timer in self._timers.values():
            timer.cancel()
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
            await self._board.put(job.id, queue, priority_of(job.priority, max(place, 0)))

    async def _overdue(self, job_id: str) -> None:
        self._timers.pop(job_id, None)
        job = await self._ledger.store.get(job_id)
        if job is not None and not job.runs and await self._board.withdraw(job_id):
            error = RunTimedOut(
                "No backend had a free slot before the service's queue_timeout passed.",
                code="queue-timed-out",
                mend="Try again later, or give the service a longer queue_timeout.",
            )
            await self._ledger.end_elsewhere(transitions.fail(job, time.time(), error))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
