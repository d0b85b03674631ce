"""Accepting calls as jobs, and everything about jobs from then on."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

from gateway.errors import ArgumentError, GatewayError, JobNotFound
from gateway.execution.catalog import Catalog
from gateway.execution.dispatching import Dispatching
from gateway.execution.fleet import Fleet
from gateway.execution.keep_inputs import InputKeeper, Sender
from gateway.execution.ledger import Ledger
from gateway.execution.outcome import Work
from gateway.graph.json_value import Json
from gateway.jobs import transitions
from gateway.jobs.files import InputStore, OutputStore
from gateway.jobs.job import Job
from gateway.jobs.placement import fitting_backends
from gateway.services.arguments import accept
from gateway.services.bound import BoundService
from gateway.services.model import KeepPolicy
from gateway.services.version import ServiceVersion, version_of

__all__ = ["Executor", "Keeping", "sweep", "sweep_for_ever"]

_SWEEP_EVERY = 30.0
_OWNER_ANSWERS_WITHIN = 10.0
_SWEEP_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept, where, and for how long."""

    policy: KeepPolicy
    inputs: InputStore
    outputs: OutputStore


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
        self._keeper = keeper
        self._versions: dict[str, tuple[BoundService, ServiceVersion]] = {}

    async def accept(
        self, bound: BoundService, arguments: Mapping[str, Json], sender: Sender
    ) -> Job:
        """Check a call, keep its files, and take it on as a job.

        Raises:
            ArgumentError: The arguments are wrong, or no backend has what they choose.
            GatewayError: A file or the job cannot be kept.
        """
        accepted = accept(bound, arguments, _draw)
        fitting = fitting_backends(bound, accepted.arguments, self.catalog.candidates())
        inputs = await self._keeper.keep(accepted.files, sender)
        service = bound.service
        version = self._version(bound)
        job = Job(
            id=str(uuid.uuid4()),
            service=service.name,
            caller=sender.caller,
            arguments=accepted.arguments,
            created_at=time.time(),
            priority=service.priority,
            seeds=accepted.seeds,
            inputs=inputs,
            warnings=accepted.warnings,
            graph_hash=version.graph,
            service_version=version.service,
        )
        kept = self.ledger.accept(job)
        self.dispatcher.submit(Work(job.id, bound, _queue_until(bound)), fitting, job)
        try:
            await kept
        except BaseException:
            await asyncio.shield(self.dispatcher.stop(job.id, "It could not be kept."))
            raise
        return job

    def _version(self, bound: BoundService) -> ServiceVersion:
        """Return what a service is now, worked out at its first call."""
        known = self._versions.get(bound.name)
        if (
            known is None
            or known[0].service is not bound.service
            or known[0].prompt is not bound.prompt
        ):
            known = self._versions[bound.name] = (bound, version_of(bound))
        return known[1]

    async def resume(
        self, bound: BoundService | None, job: Job, only: frozenset[str] | None = None
    ) -> None:
        """Go on with a job that another gateway took on and left unfinished.

        Args:
            bound: Its service as it is now, or None when there is no such service any more.
            job: It, ours by now.
            only: Names of the backends on which a new run may begin; None: on any that fits. A run
                that has begun is taken up wherever it is.
        """
        self.ledger.adopt(job)
        if bound is None:
            gone = GatewayError(
                f"The service {job.service} is not there any more.",
                code="service-changed",
                where=job.service,
                mend="Call another one.",
            )
            await self.ledger.record(transitions.fail(job, time.time(), gone))
            return
        try:
            fitting = self._still_fitting(bound, job, only)
        except GatewayError as error:
            await self.ledger.record(transitions.fail(job, time.time(), error))
            return
        run = job.run
        names = {each.name for each in self.catalog.candidates()}
        resuming = run is not None and run.ended_at is None and run.backend in names
        because = "its worker was free" if only is not None else ""
        work = Work(job.id, bound, _queue_until(bound), resuming=resuming, because=because)
        self.dispatcher.submit(work, fitting, job)

    def _still_fitting(
        self, bound: BoundService, job: Job, only: frozenset[str] | None
    ) -> frozenset[str]:
        try:
            accept(bound, job.arguments, _draw)
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
        return fitting if only is None else fitting & only or only

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

    async def expected_seconds(self, service: str) -> float | None:
        """Return how long a run of this service usually takes, or None before the first."""
        durations = await self.ledger.store.durations(service)
        return median(durations) if durations else None


async def sweep(ledger: Ledger, keeping: Keeping) -> int:
    """Remove finished jobs that are too old or too many, with their files; return how many."""
    policy = keeping.policy
    before = None if policy.age is None else time.time() - policy.age
    expired = (await ledger.store.expired(before, policy.count))[:_SWEEP_CHUNK]
    if not expired:
        return 0
    await ledger.store.remove([job.id for job in expired])
    for job in expired:
        await keeping.outputs.remove(job.id)
    digests = list({each.digest for job in expired for each in job.inputs})
    for digest in await ledger.store.unused(digests):
        await keeping.inputs.remove(digest)
    return len(expired)


async def sweep_for_ever(ledger: Ledger, keeping: Keeping) -> None:
    """Sweep now and then, until cancelled."""
    while True:
        await asyncio.sleep(_SWEEP_EVERY)
        while await sweep(ledger, keeping) == _SWEEP_CHUNK:
            pass


def _queue_until(bound: BoundService) -> float | None:
    """Return when a run must have started, on the monotonic clock; None: any time."""
    seconds = bound.service.queue_timeout
    return None if seconds is None else time.monotonic() + seconds


def _draw(low: int, high: int) -> int:
    return low + secrets.randbelow(high - low + 1)
