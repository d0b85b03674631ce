"""Accepting calls as jobs, and everything about jobs from then on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.errors import ArgumentError, GatewayError, JobNotFound
from gateway.execution.batches import batch_of
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
from gateway.jobs.batch import Batch, whole_of
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
        self.sheets = keeper.sheets
        self._intake = Intake(catalog, keeper)
        self.expectations = Expectations(ledger.store)
        ledger.ended = self.expectations.learn
        self._claims: set[asyncio.Task[Job]] = set()

    async def accept(
        self, bound: BoundService, arguments: Mapping[str, Json], sender: Sender
    ) -> Job:
        """Check a call, keep its files, and take it on as a job; with a known key it is that job.

        A call that makes several is a `Batch`.

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
            old: A job of this sender's, or a batch, in whatever state.
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

    async def _once(self, call: _Call, make: Callable[[], Awaitable[Sequence[Made]]]) -> Job:
        """Take on the jobs of a call, or return those that its key stands for."""
        sender = call.sender
        if not sender.key:
            first, *others = await make()
            if not others:
                return await self._take_on(call.bound, first)
            return await self._take_on_all(call.bound, (first, *others))
        known = await self.ledger.keyed(sender.caller, sender.key)
        if known is not None:
            return await self._whole(same_call(known, call.asked))
        first, *others = await make()
        job = replace(first.job, key=sender.key, asked=call.asked)
        made = (replace(first, job=job), *others)
        return await self._whole(await asyncio.shield(self._begin_claim(call.bound, made)))

    async def _whole(self, job: Job) -> Job:
        """Return the batch that a job is the first of, or the job."""
        batch = None if job.batch is None else await batch_of(self.ledger, job.batch.id)
        return batch or job

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

    async def _take_on_all(self, bound: BoundService, made: Sequence[Made]) -> Job:
        """Take on the jobs of a call without a key; a caller who leaves meanwhile wants none of them."""
        claim = self._begin_claim(bound, made)
        try:
            await asyncio.shield(claim)
            return whole_of([each.job for each in made])
        except asyncio.CancelledError:
            await asyncio.shield(self._withdraw(claim, made))
            raise

    async def _withdraw(self, claim: asyncio.Task[Job], made: Sequence[Made]) -> None:
        await asyncio.wait([claim])
        left = "Its caller left before it began."
        await asyncio.gather(*(self.dispatcher.stop(each.job.id, left) for each in made))

    def _begin_claim(self, bound: BoundService, made: Sequence[Made]) -> asyncio.Task[Job]:
        """Begin to take on the jobs of a call, unless its key has some: known before anything begins.

        A caller with a key who leaves meanwhile finds them by it.
        """
        claim = asyncio.create_task(self._claim(bound, made))
        self._claims.add(claim)
        claim.add_done_callback(self._claimed)
        return claim

    async def _claim(self, bound: BoundService, made: Sequence[Made]) -> Job:
        first, *others = made
        job = await self.ledger.claim(first.job, *(each.job for each in others))
        if job is not first.job:
            return same_call(job, first.job.asked)
        for each in made:
            if each is not first:
                self.ledger.adopt(each.job)
            self.ledger.reached("stored", each.job.id)
            self.dispatcher.submit(_work(bound, each.job), each.fitting, each.job)
        return job

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
        """Return a job of this caller, or a batch.

        Raises:
            JobNotFound: There is none.
        """
        job = await self.ledger.get(job_id) or await batch_of(self.ledger, job_id)
        if job is None or job.caller != caller:
            raise JobNotFound(job_id)
        return job

    async def stop(self, job: Job, reason: str) -> Job:
        """Stop a job, or all of a batch, and return its state; what is finished is left as it is."""
        if isinstance(job, Batch):
            return whole_of(await asyncio.gather(*(self.stop(each, reason) for each in job.jobs)))
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
