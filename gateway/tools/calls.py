"""Calling tools: services become jobs, the built-in ones look at them. Implements `Running`."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace

from gateway.errors import GatewayError, JobNotFound
from gateway.execution.batches import BatchWatch, watch_batch
from gateway.execution.executor import Executor, service_gone
from gateway.execution.keep_inputs import Sender
from gateway.execution.ledger import Watch
from gateway.graph.json_value import Json, JsonObject
from gateway.jobs import transitions
from gateway.jobs.backend import Backend
from gateway.jobs.batch import Batch, whole_of
from gateway.jobs.files import Opened, OutputStore
from gateway.jobs.job import Job, OutputFile
from gateway.jobs.keys import key_of
from gateway.jobs.standing import runs_on
from gateway.jobs.statistics import Period
from gateway.jobs.store import JobQuery
from gateway.services.bound import BoundService
from gateway.tools.answer import Answer
from gateway.tools.arguments import (
    HealthCheck,
    History,
    JobCancel,
    JobList,
    JobRerun,
    JobResult,
    JobState,
    read_arguments,
)
from gateway.tools.batch_answer import Answers
from gateway.tools.health import Looked, health_record
from gateway.tools.job_answer import JobAnswers, rerun_answer
from gateway.tools.job_record import failure_record, row_record
from gateway.tools.running import Asking
from gateway.tools.statistics import statistics_answer

__all__ = ["ToolCalls", "failed_answer"]

_REPORT_AT_LEAST = 5.0
_REPORT_AT_MOST = 0.1
_FIRST_REPORT = 0.03  # a run that is over sooner needs no progress


class ToolCalls:
    """The tools that can be called now; `publish` puts newer services in the place of the old."""

    def __init__(
        self,
        executor: Executor,
        backends: Mapping[str, Backend],
        outputs: OutputStore,
        answers: JobAnswers,
    ) -> None:
        self._executor = executor
        self._backends = backends
        self._outputs = outputs
        self._answers = Answers(answers)
        self._services: Mapping[str, BoundService] = {}

    def publish(self, services: Mapping[str, BoundService]) -> None:
        """Call these from now on; jobs under way keep the service they were accepted with."""
        self._services = services

    # --- Running ---

    async def call(self, name: str, arguments: Mapping[str, Json], asking: Asking) -> Answer:
        """Call a tool and answer; every error becomes a failed answer.

        Raises:
            KeyError: There is no such tool.
        """
        try:
            if name in self._services:
                return await self._call_service(self._services[name], arguments, asking)
            return await self._call_builtin(name, arguments, asking)
        except GatewayError as error:
            return failed_answer(error)

    async def start(self, name: str, arguments: Mapping[str, Json], asking: Asking) -> Job:
        """Accept a service's call as a job and return at once.

        Raises:
            KeyError: There is no such service.
        """
        bound = self._services[name]
        return await self._executor.accept(bound, arguments, _sender(asking))

    async def rerun(self, job_id: str, overrides: JsonObject, asking: Asking) -> Job:
        """Accept the call of one of this caller's jobs again, and return at once."""
        old = await self._executor.find(job_id, asking.caller)
        return await self._executor.rerun(self._service_of(old), old, overrides, _sender(asking))

    def _service_of(self, job: Job) -> BoundService:
        if job.service not in self._services:
            raise service_gone(job)
        return self._services[job.service]

    async def job(self, job_id: str, caller: str) -> Job:
        """Return a job of this caller, or a batch."""
        return await self._complete(self._seen(await self._executor.find(job_id, caller)))

    async def _complete(self, job: Job) -> Job:
        """Return a job; a finished batch with its contact sheet, or why that cannot be kept."""
        if not isinstance(job, Batch):
            return job
        try:
            return await self._executor.sheets.on(job)
        except GatewayError as error:
            said = f"The contact sheet could not be made: {error.message}"
            return replace(job, warnings=(*job.warnings, said))

    async def wait(self, job_id: str, asking: Asking, seconds: float | None) -> Job:
        """Wait until a job is finished, at most so long, reporting; return its newest state."""
        job = await self._executor.find(job_id, asking.caller)
        until = math.inf if seconds is None else time.monotonic() + seconds
        due = math.inf if asking.report is None else time.monotonic() + _FIRST_REPORT
        if asking.report is not None and not job.finished:
            self._executor.expectations.know_soon(job.service)
        with self._watch(job) as watch:
            while not watch.job.finished and (now := time.monotonic()) < until:
                if now < due:
                    await watch.end(_at_most(min(due, until) - now))
                elif asking.report is not None:
                    await asking.report(self._seen(watch.take()))
                    due = time.monotonic() + _REPORT_AT_MOST
                    await watch.change(min(_REPORT_AT_LEAST, until - time.monotonic()))
            job = self._seen(watch.job)
        return await self._complete(job)

    def _watch(self, job: Job) -> AbstractContextManager[Watch | BatchWatch]:
        ledger = self._executor.ledger
        return watch_batch(ledger, job) if isinstance(job, Batch) else ledger.watch(job)

    async def cancel(self, job_id: str, caller: str) -> Job:
        """Stop a job and return its state; a finished one is left as it is."""
        job = await self._executor.find(job_id, caller)
        return await self._executor.stop(job, "Cancelled by its caller.")

    async def answer(self, job: Job, asking: Asking) -> Answer:
        """Return what a call that ended in this job answers."""
        return await self._answers.result(job, asking)

    async def output(self, job_id: str, index: int, caller: str) -> OutputFile | str:
        """Return an output by its place in the job's list, from 0: a file, or a text's text.

        Raises:
            JobNotFound: There is no such job or output.
        """
        job = await self._executor.find(job_id, caller)
        if isinstance(job, Batch):
            job = await self._executor.sheets.on(job)  # without it, others would have its number
        if not 0 <= index < len(job.outputs):
            raise JobNotFound(
                f"{job_id}/outputs/{index}", mend=f"The job has {len(job.outputs)} outputs, from 0."
            )
        output = job.outputs[index]
        return output if isinstance(output, OutputFile) else output.text

    async def open(self, file: OutputFile, start: int = 0, end: int | None = None) -> Opened:
        """Open an output's bytes.

        Raises:
            JobNotFound: The file is gone.
        """
        try:
            return await self._outputs.open(file.key, start, end)
        except KeyError:
            raise JobNotFound(file.key) from None

    async def ready(self) -> bool:
        """Tell whether at least one backend answers."""
        healths = [asyncio.create_task(each.health()) for each in self._backends.values()]
        try:
            for first in asyncio.as_completed(healths):
                if (await first).reachable:
                    return True
            return False
        finally:
            for task in healths:
                task.cancel()

    # --- services ---

    async def _call_service(
        self, bound: BoundService, arguments: Mapping[str, Json], asking: Asking
    ) -> Answer:
        job = await self._executor.accept(bound, arguments, _sender(asking))
        return await self._outcome(bound, job, asking)

    async def _rerun(self, job_id: str, overrides: JsonObject, asking: Asking) -> Answer:
        old = await self._executor.find(job_id, asking.caller)
        bound = self._service_of(old)
        job = await self._executor.rerun(bound, old, overrides, _sender(asking))
        return rerun_answer(await self._outcome(bound, job, asking), old, job)

    async def _outcome(self, bound: BoundService, job: Job, asking: Asking) -> Answer:
        """Wait for a job as its service says, and answer."""
        try:
            job = await self.wait(job.id, asking, bound.service.wait)
            answer = await self._answers.result(job, asking)
        except asyncio.CancelledError:
            why = asking.leaving()
            if why == "cancelled" or bound.service.when_client_leaves == "cancel":
                reason = "Cancelled by its caller." if why == "cancelled" else "Its caller left."
                await asyncio.shield(self._executor.stop(job, reason))
            raise
        self._executor.ledger.reached("answered", job.id)
        return answer

    def _seen(self, job: Job) -> Job:
        """Return the job with its place in our line and the time left, which change without it."""
        if job.finished:
            return job
        if isinstance(job, Batch):
            # Once one has begun, the places of the others are not told.
            waits = job.status == "pending"
            told = (waits or each.status == "running" for each in job.jobs)
            pairs = zip(job.jobs, told, strict=True)
            return whole_of([self._seen(each) if shown else each for each, shown in pairs])
        progress = job.progress
        position = self._executor.dispatcher.position(job.id)
        left = self._executor.expectations.left(job, time.time())
        if position is not None:
            progress = replace(progress, queue_position=position)
        if left is not None:
            progress = replace(progress, seconds_left=left)
        return job if progress is job.progress else replace(job, progress=progress)

    # --- built-in tools ---

    async def _call_builtin(
        self, name: str, arguments: Mapping[str, Json], asking: Asking
    ) -> Answer:
        match read_arguments(name, arguments):
            case JobState(job_id, seconds):
                answer = await self._answers.status(await self.wait(job_id, asking, seconds))
            case JobResult(job_id):
                answer = await self._result(job_id, asking)
            case JobCancel(job_id):
                answer = await self._answers.status(await self.cancel(job_id, asking.caller))
            case JobList() as wanted:
                answer = await self._list(wanted, asking.caller)
            case JobRerun(job_id, overrides):
                answer = await self._rerun(job_id, overrides, asking)
            case History() as wanted:
                answer = await self._statistics(wanted, asking.caller)
            case HealthCheck():
                answer = await self._health(asking.caller)
        return answer

    async def _result(self, job_id: str, asking: Asking) -> Answer:
        job = await self.job(job_id, asking.caller)
        if job.finished:
            return await self._answers.result(job, asking)
        answer = failed_answer(
            GatewayError(
                f"The job is {job.status}, not completed.",
                code="job-not-finished",
                where=job.id,
                mend="Call query_job_status with wait_seconds, then ask again.",
            )
        )
        record = {**answer.structured, "job_id": job.id, "service": job.service}
        return replace(answer, structured={**record, "status": job.status})

    async def _list(self, wanted: JobList, caller: str) -> Answer:
        page = await self._executor.ledger.store.list(
            JobQuery(caller, wanted.service, wanted.status, wanted.limit, wanted.offset)
        )
        rows = [row_record(job) for job in page.jobs]
        lines = [f"{job.id}  {job.service}  {job.status}" for job in page.jobs]
        text = "\n".join([f"{page.total} jobs, {len(rows)} shown, newest first.", *lines])
        return Answer(text, {"total": page.total, "jobs": rows})

    async def _statistics(self, wanted: History, caller: str) -> Answer:
        since = wanted.since if wanted.hours is None else time.time() - wanted.hours * 3600
        period = Period(caller, wanted.service, since)
        return statistics_answer(await self._executor.ledger.store.statistics(period), period)

    async def _health(self, caller: str) -> Answer:
        names = list(self._backends)
        healths = await asyncio.gather(*(each.health() for each in self._backends.values()))
        fleet, store = self._executor.fleet, self._executor.ledger.store
        standings = {name: fleet.standing(name) for name in names}
        drained = any(each.drained for each in standings.values())
        runs = runs_on(await store.under_way() if drained else ())
        looked = {
            name: Looked(health, standings[name], runs.get(name, 0))
            for name, health in zip(names, healths, strict=True)
        }
        return health_record(looked, await store.counts(caller))


def failed_answer(error: GatewayError) -> Answer:
    """Return an error as an answer that tells how to mend it."""
    return Answer(str(error), {"error": failure_record(transitions.failure_of(error))}, failed=True)


def _sender(asking: Asking) -> Sender:
    """Return who asks.

    Raises:
        GatewayError: Their idempotency key cannot be used.
    """
    return Sender(asking.caller, asking.local, key_of(asking.key))


def _at_most(seconds: float) -> float | None:
    return None if seconds == math.inf else seconds
