"""Working for backends: taking jobs off the board, one at a time for each slot, and seeing them to their end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from procrastinate import JobContext
from procrastinate.job_context import AbortReason
from procrastinate.worker import Worker

from gateway.cluster.board import Board, PassOn, Terms
from gateway.cluster.queues import WARM, own_queue, queue_of, queues_of
from gateway.errors import ArgumentError, GatewayError
from gateway.execution.dispatch import Dispatcher
from gateway.execution.executor import Executor, Placement
from gateway.jobs.backend import Backend
from gateway.jobs.job import Job
from gateway.jobs.placement import fitting_backends
from gateway.jobs.standing import runs_on
from gateway.jobs.store import LastingJobStore
from gateway.services.bound import BoundService

__all__ = ["Crew", "Workers"]

_LOOK_EVERY = 0.5
_PAUSE = 0.2
_LONGEST_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class Crew:
    """What the workers of a process share.

    Attributes:
        executor: Over a dispatcher of this process, and the same ledger as the front end's.
        services: Returns the services as they are now, by name.
        report: Is told of faults: a backend's or job's name, and the exception.
        lease: Seconds without a sign of life after which others take over a worker's jobs.
    """

    executor: Executor
    dispatcher: Dispatcher
    store: LastingJobStore
    services: Callable[[], Mapping[str, BoundService]]
    report: Callable[[str, BaseException], None]
    lease: float


class Workers:
    """One worker for each backend that this process works for."""

    def __init__(self, board: Board, crew: Crew, backends: Mapping[str, Backend]) -> None:
        self._board = board
        self._crew = crew
        self._working: dict[str, Worker] = {}
        self._tasks = [
            asyncio.create_task(self._work_for_ever(name, each)) for name, each in backends.items()
        ]

    async def close(self) -> None:
        """Go home: what is under way goes back on the board, and on in ComfyUI meanwhile."""
        await self._crew.dispatcher.close()
        for each in self._working.values():
            each.stop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _work_for_ever(self, name: str, backend: Backend) -> None:
        terms = Terms(name, queues_of(name, backend.labels), backend.slots, self._crew.lease)
        while True:
            await self._until_it_takes_jobs(name, backend)
            worker = self._working[name] = self._board.worker(
                terms, lambda context, job_id: self._run(name, context, job_id)
            )
            watching = asyncio.create_task(self._stop_when_out(name, worker))
            try:
                await worker.run()
            except Exception as fault:  # noqa: BLE001 (a database that is away: it is tried again)
                self._crew.report(name, fault)
            finally:
                watching.cancel()
                del self._working[name]
            await asyncio.sleep(_PAUSE)

    async def _until_it_takes_jobs(self, name: str, backend: Backend) -> None:
        pause = _PAUSE
        while await self._is_out(name) or not (await backend.health()).reachable:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _stop_when_out(self, name: str, worker: Worker) -> None:
        """Have no more jobs taken for a backend that does nothing for us."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            if await self._is_out(name):
                worker.stop()

    async def _is_out(self, name: str) -> bool:
        """Tell whether a backend does not do its part, or is drained and has nothing left to finish."""
        crew = self._crew
        if crew.dispatcher.is_silent(name):
            return True
        if not crew.executor.fleet.standing(name).drained:
            return False
        with suppress(GatewayError):  # a database that is away is asked again
            return not runs_on(await crew.store.under_way()).get(name)
        return False

    async def _run(self, name: str, context: JobContext, job_id: str) -> None:
        """See a job that this backend's worker took off the board to its end."""
        crew = self._crew
        job = await crew.store.get(job_id)
        if job is None or job.finished:
            return
        bound = crew.services().get(job.service)
        if bound is not None and not _is_under_way(job):
            self._pass_on(name, bound, job)
        with crew.executor.ledger.watch(job) as watch:
            because = "has its models loaded" if _is_warm(context) else "its worker was free"
            placed = Placement(frozenset({name}), because)
            resuming = asyncio.create_task(crew.executor.resume(bound, job, placed))
            try:
                await asyncio.shield(resuming)
                while not watch.job.finished:
                    await watch.end(_LOOK_EVERY)
                    self._pass_on_from_a_silent_one(name, bound, job)
            except asyncio.CancelledError:
                await asyncio.wait([resuming])
                if context.abort_reason() is not AbortReason.USER_REQUEST:
                    crew.executor.ledger.hand_over(job_id)
                    raise
                asked = await crew.store.asked_to_stop()
                reason = asked.get(job_id, "Cancelled by its caller.")
                await crew.executor.stop(job, reason)

    def _pass_on(self, name: str, bound: BoundService, job: Job) -> None:
        """Hand a job that has not begun to a backend that fits, when this one does not or is drained."""
        fleet = self._crew.executor.fleet
        candidates = self._crew.executor.catalog.candidates()
        try:
            fitting = fitting_backends(bound, job.arguments, candidates)
        except ArgumentError:
            return  # it fits nowhere any more: its end says so
        if not fitting:
            return
        drained = fleet.standing(name).drained
        others = [each for each in fitting - {name} if not fleet.standing(each).drained]
        if drained and not others:
            raise PassOn(queue_of(bound.service.backend, fitting, candidates), _LONGEST_PAUSE)
        if drained or name not in fitting:
            raise PassOn(own_queue(min(others or fitting)))

    def _pass_on_from_a_silent_one(self, name: str, bound: BoundService | None, job: Job) -> None:
        crew = self._crew
        if bound is None or not crew.dispatcher.is_silent(name):
            return
        candidates = crew.executor.catalog.candidates()
        fitting = fitting_backends(bound, job.arguments, candidates)
        if fitting - {name} and crew.dispatcher.take_back(job.id):
            crew.executor.ledger.hand_over(job.id)
            raise PassOn(queue_of(bound.service.backend, fitting, candidates))


def _is_warm(context: JobContext) -> bool:
    return context.job.queue.startswith(WARM)


def _is_under_way(job: Job) -> bool:
    return job.run is not None and job.run.ended_at is None
