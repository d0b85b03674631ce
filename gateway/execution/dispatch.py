"""Dispatch in this process: a job that can run starts at once, the others stand in line. Nothing polls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from gateway.errors import (
    BackendError,
    BackendUnreachable,
    GatewayError,
    PromptRejected,
    RunTimedOut,
)
from gateway.execution.attempt import Attempt
from gateway.execution.case import Case
from gateway.execution.fleet import Fleet
from gateway.execution.outcome import (
    Done,
    Failed,
    HandedOver,
    Lost,
    Outcome,
    Stopped,
    TryAgain,
    Work,
    Workshop,
    paid_run_lost,
)
from gateway.jobs import transitions
from gateway.jobs.job import Job
from gateway.jobs.line import Line, Slots, Waiting
from gateway.jobs.models import models_of
from gateway.jobs.placement import reason_for
from gateway.jobs.store import JobTaken

__all__ = ["Dispatcher"]

_FIRST_PAUSE = 0.1
_HOMING_AT_MOST = 16
"""Jobs of one backend whose files come home beside its slots; more would be a flood of downloads."""


class Dispatcher:
    """Places jobs on backends as slots come free, and ends each one truthfully; implements `Dispatching`.

    `report` is told of faults of the gateway's own: a job's id, and the exception.
    """

    def __init__(
        self,
        fleet: Fleet,
        workshop: Workshop,
        attempts: int,
        report: Callable[[str, BaseException], None],
    ) -> None:
        self._fleet = fleet
        self._workshop = workshop
        self._ledger = workshop.ledger
        self._attempts = attempts
        self._report = report
        self._slots = {name: Slots(each.slots) for name, each in fleet.backends.items()}
        self._homing = dict.fromkeys(fleet.backends, 0)
        self._line = Line()
        self._cases: dict[str, Case] = {}
        self._closing = False
        fleet.listen(self._tell_stranded, self._give_up_overdue, self._place)

    # --- from outside ---

    def submit(self, work: Work, fitting: frozenset[str], job: Job) -> None:
        """Take a job that the ledger has accepted; one that is taken up goes to its own backend."""
        later = fitting
        if work.resuming and job.run is not None:
            fitting = frozenset({job.run.backend})
        waiting = Waiting(
            urgency=-job.priority,
            place=self._ledger.unfinished(job.caller) - 1,
            since=job.created_at,
            job_id=job.id,
            fitting=fitting,
            models=models_of(work.bound, job.arguments),
        )
        case = Case(work, waiting, fitting, time.monotonic(), later, work.because, _made(work, job))
        self._cases[job.id] = case
        self._expect_start(case)
        self._enqueue(case)

    async def stop(self, job_id: str, reason: str) -> None:
        """Stop a job and wait until it has ended; one of another gateway's, ask that one to stop."""
        case = self._cases.get(job_id)
        if case is None:
            await self._ledger.store.ask_to_stop(job_id, reason)
            return
        case.stopping = reason
        if case.attempt is not None:
            case.attempt.stop(reason)
        if self._line.remove(job_id) is not None:
            await self._end(case, transitions.cancel(self._job(case), time.time(), reason))
        elif case.task is not None:
            await asyncio.wait([case.task])

    def take_back(self, job_id: str) -> bool:
        """Forget a job that waits in line, without an end; False when it does not wait."""
        if self._line.remove(job_id) is None:
            return False
        case = self._cases.pop(job_id)
        if case.timer is not None:
            case.timer.cancel()
        return True

    def is_silent(self, name: str) -> bool:
        """Tell whether a backend does not do its part now."""
        return self._fleet.is_open({name})

    def position(self, job_id: str) -> int | None:
        """Return how many jobs are before this one in our line; None when it is not in line."""
        return self._line.position(job_id)

    async def settle(self) -> None:
        """Wait until every job has ended."""
        while self._cases:
            tasks = [case.task for case in self._cases.values() if case.task is not None]
            if tasks:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(_FIRST_PAUSE)

    async def close(self) -> None:
        """Let go: runs go on in ComfyUI, nothing more is started here."""
        self._closing = True
        tasks = [case.task for case in self._cases.values() if case.task is not None]
        for case in self._cases.values():
            if case.timer is not None:
                case.timer.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._fleet.close()

    # --- the line ---

    def _enqueue(self, case: Case) -> None:
        case.since = time.monotonic()
        case.waiting = replace(case.waiting, fitting=case.fitting)
        if self._fleet.is_out(case.fitting):
            self._tell_out(case)
        begun = self._job(case).run if case.work.resuming else None
        if begun is not None:
            # ComfyUI has this run already, so it needs no slot that is free; and a backend that is
            # drained finishes what it has.
            self._begin(case, begun.backend)
            return
        self._line.add(case.waiting)
        self._place()

    def _place(self) -> None:
        """Start every job that a free slot is there for."""
        while not self._closing:
            taking = {
                name: each for name, each in self._slots.items() if self._fleet.takes_runs(name)
            }
            placed = self._line.place(taking, self._fleet.models())
            if placed is None:
                return
            case = self._cases[placed.waiting.job_id]
            choice = case.work.bound.service.backend
            because = case.because or reason_for(choice, self._fleet.candidates, placed)
            case.work = replace(case.work, because=because)
            self._begin(case, placed.backend)

    def _begin(self, case: Case, name: str) -> None:
        self._take_slots(name, 1)
        case.trial = self._fleet.begin(name)
        case.attempt = Attempt(
            case.work,
            self._fleet.backends[name],
            self._workshop,
            lambda: self._fleet.took(name, case.waiting.models),
            lambda: self._come_home(case, name),
        )
        case.task = asyncio.create_task(self._serve(case, case.attempt, name))

    def _take_slots(self, name: str, more: int) -> None:
        slots = self._slots[name]
        self._slots[name] = replace(slots, taken=slots.taken + more)

    def _come_home(self, case: Case, name: str) -> None:
        """Free the slot of a job that ComfyUI is done with, so that the next one need not wait."""
        if self._homing[name] < _HOMING_AT_MOST:
            self._homing[name] += 1
            case.homing = True
            self._take_slots(name, -1)
            self._place()

    async def _serve(self, case: Case, attempt: Attempt, name: str) -> None:
        try:
            outcome = await self._outcome(case, attempt)
        finally:
            if case.homing:
                self._homing[name] -= 1
            else:
                self._take_slots(name, -1)
            self._fleet.end(name, trial=case.trial)
            case.homing = False
            case.attempt = None
        self._judge(name, outcome)
        await self._settle(case, name, outcome)
        self._place()

    async def _outcome(self, case: Case, attempt: Attempt) -> Outcome:
        try:
            return await attempt.run()
        except JobTaken:
            return HandedOver()
        except GatewayError as error:
            return Failed(error)
        except asyncio.CancelledError:
            if self._closing or case.task is None:
                raise
            # Stopped again while it was stopping: the job must end all the same.
            case.task.uncancel()
            return Stopped(case.stopping)
        except Exception as fault:  # noqa: BLE001 (the one supervisor of jobs in the background)
            self._report(case.work.job_id, fault)
            return Failed(_internal(fault))

    def _judge(self, name: str, outcome: Outcome) -> None:
        """Note whether the backend did its part."""
        match outcome:
            case TryAgain(fault=BackendError() as fault) | Failed(BackendError() as fault):
                self._fleet.let_down(name, fault)
            case Lost(fault):
                self._fleet.let_down(name, fault)
            case Failed(PromptRejected()):
                self._fleet.took(name, frozenset())  # it read it, which is its part
            case _:
                pass

    async def _settle(self, case: Case, name: str, outcome: Outcome) -> None:
        now = time.time()
        match outcome:
            case Done(outputs, spans):
                await self._end(case, transitions.complete(self._job(case), now, outputs, spans))
            case Failed(error, outputs):
                await self._end(case, transitions.fail(self._job(case), now, error, outputs))
            case Stopped(reason, outputs):
                await self._end(case, transitions.cancel(self._job(case), now, reason, outputs))
            case TryAgain(error, submitted=True) | Lost(error) if case.work.bound.runs_once:
                paid = paid_run_lost(case.work.bound, error)
                await self._end(case, transitions.fail(self._job(case), now, paid))
            case Lost(error, outputs) if not self._leave(case, name):
                await self._end(case, transitions.fail(self._job(case), now, error, outputs))
            case Lost(error):
                await self._retry(case, name, TryAgain(error, submitted=True))
            case TryAgain():
                await self._retry(case, name, outcome)
            case HandedOver():
                self._forget(case)

    def _leave(self, case: Case, name: str) -> bool:
        """Have a job whose backend went away with its run go on elsewhere; False when nowhere can it."""
        others = frozenset(
            each for each in (case.fitting | case.later) - {name} if self._fleet.takes_runs(each)
        )
        if others:
            case.fitting = case.later = others
        return bool(others) or case.work.elsewhere

    async def _retry(self, case: Case, name: str, outcome: TryAgain) -> None:
        error = outcome.error
        if case.work.resuming:
            # The run is over or lost: from now on any fitting backend will do.
            case.fitting = case.later
        case.work = replace(case.work, again=outcome.again, resuming=False)
        if outcome.submitted:
            case.tries += 1
        elif not isinstance(error, BackendUnreachable):
            # It answered, but not as it should: another backend may do better, and so may a moment.
            case.refusals += 1
            case.fitting = (case.fitting - {name}) or case.fitting
        if max(case.tries, case.refusals) >= self._attempts:
            await self._end(case, transitions.fail(self._job(case), time.time(), error))
            return
        job = transitions.requeue(self._job(case), time.time(), error.code)
        try:
            await self._ledger.record(
                transitions.note(job, f"{error.message} Trying again.", time.time())
            )
        except JobTaken:
            self._forget(case)
            return
        except GatewayError as unkept:
            await self._end(case, transitions.fail(self._job(case), time.time(), unkept))
            return
        self._ledger.reached("requeued", job.id)
        if case.refusals:
            self._place()  # others need not wait for this one's pause
            await asyncio.sleep(_FIRST_PAUSE * 4 ** (case.refusals - 1))
        if case.stopping:
            await self._end(case, transitions.cancel(self._job(case), time.time(), case.stopping))
        else:
            self._enqueue(case)

    async def _end(self, case: Case, job: Job) -> None:
        self._forget(case)
        try:
            await self._ledger.record(job)
        except GatewayError as error:
            self._report(job.id, error)  # its watchers know how it ended; the store will not

    def _forget(self, case: Case) -> None:
        if case.timer is not None:
            case.timer.cancel()
        del self._cases[case.work.job_id]

    def _job(self, case: Case) -> Job:
        job = self._ledger.live(case.work.job_id)
        if job is None:
            raise AssertionError("a job in the dispatcher is unfinished")
        return job

    # --- time in line ---

    def _expect_start(self, case: Case) -> None:
        if case.work.queue_until is not None:
            seconds = case.work.queue_until - time.monotonic()
            loop = asyncio.get_running_loop()
            case.timer = loop.call_later(max(seconds, 0), self._overdue, case)

    def _overdue(self, case: Case) -> None:
        if self._line.remove(case.work.job_id) is not None:
            error = RunTimedOut(
                "No backend had a free slot before the service's queue_timeout passed.",
                code="queue-timed-out",
                mend="Try again later, or give the service a longer queue_timeout.",
            )
            self._fail_soon(case, error)

    def _fail_soon(self, case: Case, error: GatewayError) -> None:
        case.task = asyncio.create_task(
            self._end(case, transitions.fail(self._job(case), time.time(), error))
        )

    # --- backends that take no runs ---

    def _stranded(self, out: Callable[[frozenset[str]], bool]) -> list[Case]:
        """Return the jobs in line for which all backends are out."""
        return [self._cases[each.job_id] for each in self._line if out(each.fitting)]

    def _tell_stranded(self) -> None:
        for case in self._stranded(self._fleet.is_out):
            self._tell_out(case)
        self._give_up_overdue()

    def _give_up_overdue(self) -> None:
        """Fail the jobs for which no backend did its part for the whole grace."""
        now = time.monotonic()
        for case in self._stranded(self._fleet.is_open):
            since, error = self._fleet.newest(case.fitting)
            if now - max(since, case.since) >= self._workshop.grace:
                self._line.remove(case.work.job_id)
                self._fail_soon(case, error)

    def _tell_out(self, case: Case) -> None:
        said = self._fleet.told(case.fitting)
        self._ledger.show(transitions.note(self._job(case), said, time.time()))


def _made(work: Work, job: Job) -> int:
    """Return how many attempts are over; one that is taken up is not."""
    return len(job.runs) - work.resuming


def _internal(fault: Exception) -> GatewayError:
    return GatewayError(
        f"The gateway made a mistake ({type(fault).__name__}).",
        code="internal-error",
        mend="Look at the gateway's log, and report it.",
    )
