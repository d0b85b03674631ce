"""Accepting calls as jobs, and everything about jobs from then on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from gateway.errors import ArgumentError, GatewayError, JobNotFound
from gateway.execution.catalog import Catalog
from gateway.execution.dispatching import Dispatching
from gateway.execution.expectations import Expectations
from gateway.execution.fleet import Fleet
from gateway.execution.intake import Intake, Made, draw
from gateway.execution.keep_inputs import InputKeeper, Sender
from gateway.execution.ledger import Ledger
from gateway.execution.outcome import Work, paid_run_lost
from gateway.graph.json_value import Json
from gateway.jobs import transitions
from gateway.jobs.job import Job
from gateway.jobs.keys import asked_of, same_call
from gateway.jobs.placement import fitting_backends
from gateway.services.arguments import accept
from gateway.services.arrange import arranged
from gateway.services.bound import BoundService

__all__ = ["Executor", "Placement", "service_gone"]

_OWNER_ANSWERS_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Placement:
    """On which backends a job was placed by somebody else, by name, and why, in a few words for people."""

    on: frozenset[str]
    because: str


@dataclass(frozen=True, slots=True)
class _Call:
    """Of which service, by whom; `asked` tells it from other calls, where there is a key."""

    bound: BoundService
    sender: Sender
    asked: str


class Executor:
    """The one way through which every job goes, whoever asked for it."""

    def __init__(
        self,
        ledger: Ledger,
        dispatcher: Dispatching,
        fleet: Fleet,
        catalog: Catalog,
        keeper: InputKeeper,
    ) -> None:
        self.ledger = ledger
        self.dispatcher = dispatcher
        self.fleet = fleet
        self.catalog = catalog
        self._intake = Intake(catalog, keeper)
        self.expectations = Expectations(ledger.store)
        ledger.ended = self.expectations.learn
        self._claims: set[asyncio.Task[Job]] = set()

    async def accept(
        self, bound: BoundService, arguments: Mapping[str, Json], sender: Sender
    ) -> Job:
        """Check a call, keep its files, and take it on as a job; with a known key it is that job.

        Raises:
            ArgumentError: The arguments are wrong, or no backend has what they choose.
            GatewayError: A file or the job cannot be kept, or the key stands for another call.
        """
        call = _Call(bound, sender, asked_of(bound.name, arguments) if sender.key else "")
        return await self._once(call, lambda: self._intake.new(bound, arguments, sender))

    async def rerun(
        self,
        bound: BoundService,
        old: Job,
        overrides: Mapping[str, Json],
        sender: Sender,
    ) -> Job:
        """Take on a job that does an old one again, with its seeds and files, save the overrides.

        Args:
            bound: The old job's service as it is now.
            old: A job of this sender's, in whatever state.
            overrides: Parameter → value; null leaves the old value out, so that a seed is drawn.
            sender: Who asks.

        Raises:
            ArgumentError: The overrides are wrong, or a file is gone.
            GatewayError: The service changed and does not take the old arguments, or the job
                cannot be kept, or the key stands for another call.
        """
        said: dict[str, Json] = {"job_id": old.id, "overrides": dict(overrides)}
        call = _Call(bound, sender, asked_of("rerun_job", said) if sender.key else "")
        return await self._once(call, lambda: self._intake.again(bound, old, overrides, sender))

    async def _once(self, call: _Call, make: Callable[[], Awaitable[Made]]) -> Job:
        """Take on the job of a call, or return the one that its key stands for."""
        sender = call.sender
        if not sender.key:
            return await self._take_on(call.bound, await make())
        known = await self.ledger.keyed(sender.caller, sender.key)
        if known is not None:
            return same_call(known, call.asked)
        made = await make()
        job = replace(made.job, key=sender.key, asked=call.asked)
        return await self._take_on_once(call.bound, replace(made, job=job))

    async def _take_on(self, bound: BoundService, made: Made) -> Job:
        job = made.job
        self.ledger.reached("inputs-kept", job.id)
        kept = self.ledger.accept(job)
        self.dispatcher.submit(_work(bound, job), made.fitting, job)
        self.ledger.reached("accepted", job.id)
        try:
            await kept
        except BaseException:
            await asyncio.shield(self.dispatcher.stop(job.id, "It could not be kept."))
            raise
        self.ledger.reached("stored", job.id)
        return job

    async def _take_on_once(self, bound: BoundService, made: Made) -> Job:
        """Take on a job with a key, unless the key has one: that is known before anything begins.

        A caller who leaves meanwhile finds the job by its key.
        """
        claim = asyncio.create_task(self._claim(bound, made))
        self._claims.add(claim)
        claim.add_done_callback(self._claimed)
        return await asyncio.shield(claim)

    async def _claim(self, bound: BoundService, made: Made) -> Job:
        job = await self.ledger.claim(made.job)
        if job is made.job:
            self.ledger.reached("stored", job.id)
            self.dispatcher.submit(_work(bound, job), made.fitting, job)
            return job
        return same_call(job, made.job.asked)

    def _claimed(self, claim: asyncio.Task[Job]) -> None:
        self._claims.discard(claim)
        if not claim.cancelled():
            claim.exception()  # whoever still waits has it too

    async def resume(
        self, bound: BoundService | None, job: Job, placed: Placement | None = None
    ) -> None:
        """Go on with a job that another gateway took on and left unfinished.

        Args:
            bound: Its service as it is now, or None when there is no such service any more.
            job: It, ours by now.
            placed: Where a new run may begin; None: on any backend that fits. A run that has begun is
                taken up wherever it is.
        """
        self.ledger.adopt(job)
        if bound is None:
            await self.ledger.record(transitions.fail(job, time.time(), service_gone(job)))
            return
        try:
            fitting = self._still_fitting(bound, job)
            bound = arranged(bound, job.arguments)
        except GatewayError as error:
            await self.ledger.record(transitions.fail(job, time.time(), error))
            return
        run = job.run
        names = {each.name for each in self.catalog.candidates()}
        resuming = run is not None and run.ended_at is None and run.backend in names
        if bound.runs_once and run is not None and run.ended_at is None and not resuming:
            gone = GatewayError(f"Backend {run.backend} is not declared any more.", code="run-lost")
            lost = paid_run_lost(bound, gone)
            await self.ledger.record(transitions.fail(job, time.time(), lost))
            return
        work = replace(_work(bound, job), resuming=resuming)
        if placed is not None:
            elsewhere = bool(fitting - placed.on)
            work = replace(work, elsewhere=elsewhere, because=placed.because)
            fitting = fitting & placed.on or placed.on
        self.dispatcher.submit(work, fitting, job)

    def _still_fitting(self, bound: BoundService, job: Job) -> frozenset[str]:
        try:
            accept(bound, job.arguments, draw)
        except ArgumentError as error:
            raise GatewayError(
                f"The service {job.service} changed while the job waited: {error.message}",
                code="service-changed",
                where=job.service,
                mend="Call it again as it is now.",
            ) from error
        fitting = fitting_backends(bound, job.arguments, self.catalog.candidates())
        if not fitting:
            raise GatewayError(
                f"No backend may run the service {job.service} any more.",
                code="service-changed",
                where=job.service,
                mend="Declare one, or change the service's `backend`.",
            )
        return fitting

    async def find(self, job_id: str, caller: str) -> Job:
        """Return a job of this caller.

        Raises:
            JobNotFound: There is none.
        """
        job = await self.ledger.get(job_id)
        if job is None or job.caller != caller:
            raise JobNotFound(job_id)
        return job

    async def stop(self, job: Job, reason: str) -> Job:
        """Stop a job and return its state; a finished one is left as it is."""
        if job.finished:
            return job
        with self.ledger.watch(job) as watch:
            await self.dispatcher.stop(job.id, reason)
            await watch.end(_OWNER_ANSWERS_WITHIN)
        return await self.ledger.get(job.id) or watch.job


def _work(bound: BoundService, job: Job) -> Work:
    """Return what is to be done: the graph that the job's arguments make, run in time."""
    return Work(job.id, arranged(bound, job.arguments), _queue_until(bound))


def _queue_until(bound: BoundService) -> float | None:
    """Return when a run must have started, on the monotonic clock; None: any time."""
    seconds = bound.service.queue_timeout
    return None if seconds is None else time.monotonic() + seconds


def service_gone(job: Job) -> GatewayError:
    """Return what to tell of a job whose service is not there any more."""
    return GatewayError(
        f"The service {job.service} is not there any more.",
        code="service-changed",
        where=job.service,
        mend="Call another one.",
    )
