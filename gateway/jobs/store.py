"""What a job store must do. The memory store is in `execution/`, the durable ones in `database/`."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.jobs.delivery import Outbox
from gateway.jobs.job import Job, JobStatus
from gateway.jobs.statistics import Period, Statistics

__all__ = [
    "Expired",
    "Expiry",
    "JobPage",
    "JobQuery",
    "JobStore",
    "JobTaken",
    "LastingJobStore",
    "Owners",
    "Ran",
]


class JobTaken(Exception):
    """Another gateway has taken a job over, or it was never kept: whoever had it leaves it alone."""


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs to list, newest first; None means any."""

    caller: str | None = None
    service: str | None = None
    status: JobStatus | None = None
    limit: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of jobs; `total` counts all that the query fits."""

    total: int
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Expiry:
    """Which finished jobs may go: those that ended before a time, and those beyond the newest `count`.

    None: none for that reason.
    """

    before: float | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Expired:
    """A finished job that may go, the input files it needed, and when it was accepted."""

    job_id: str
    digests: tuple[str, ...]
    created_at: float


@dataclass(frozen=True, slots=True)
class Ran:
    """Where a job ran, and for how many seconds."""

    backend: str
    seconds: float


class JobStore(Protocol):
    """Keeps jobs. A job that `add` returned for is never lost by a store that lasts.

    What a webhook is to be told of is in the outbox as soon as the end of its job is kept, and goes
    with the job.
    """

    @property
    def outbox(self) -> Outbox:
        """What is on its way to webhooks."""
        ...

    async def add(self, job: Job) -> None:
        """Keep a new job; returns once it is as safe as this store makes it."""
        ...

    def begin(self, job: Job) -> Awaitable[None]:
        """Begin to keep a new job; what this returns is awaited until it is as safe as by `add`."""
        ...

    async def claim(self, job: Job, *others: Job) -> Job:
        """Keep a new job, or return the one its caller has with its key already.

        With it others are kept that belong to the same call: all of them, or none. Of several at the same moment, in any number of gateways, one is kept, and all get that one.
        """
        ...

    async def keyed(self, caller: str, key: str) -> Job | None:
        """Return a caller's job with that key, or None."""
        ...

    async def save(self, job: Job) -> None:
        """Put a newer state in the place of the old one.

        Raises:
            JobTaken: The job is unfinished, and another gateway's by now.
        """
        ...

    def save_soon(self, job: Job) -> None:
        """Do the same without waiting, for a state that is no loss if it is lost."""
        ...

    async def get(self, job_id: str) -> Job | None:
        """Return a job, or None."""
        ...

    async def list(self, query: JobQuery) -> JobPage:
        """Return a page of jobs, newest first."""
        ...

    async def counts(self, caller: str | None = None) -> Mapping[JobStatus, int]:
        """Return how many jobs there are in each status."""
        ...

    async def newest_runs(self, service: str) -> Sequence[Ran]:
        """Return where recent completed jobs of a service ran, and how long, oldest first."""
        ...

    async def statistics(self, period: Period) -> Statistics:
        """Return how the jobs of a period went."""
        ...

    async def expired(self, expiry: Expiry, most: int) -> Sequence[Expired]:
        """Return finished jobs that may go, the oldest first, and at most so many."""
        ...

    async def count_expired(self, expiry: Expiry) -> int:
        """Return how many finished jobs may go."""
        ...

    async def remove(self, job_ids: Sequence[str]) -> None:
        """Forget jobs."""
        ...

    async def unused(self, digests: Sequence[str]) -> Sequence[str]:
        """Return those of these input files that no job refers to."""
        ...

    async def ask_to_stop(self, job_id: str, reason: str) -> None:
        """Ask the gateway that runs an unfinished job to stop it, when that is another one."""
        ...

    async def drained(self) -> Mapping[str, float]:
        """Return the backends that take no new runs: name → since when."""
        ...

    async def drain(self, backend: str, since: float | None) -> None:
        """Have a backend take no new runs, or with None take them again; twice is once."""
        ...

    async def under_way(self) -> Sequence[Job]:
        """Return the unfinished jobs that have a run, whichever gateway's they are."""
        ...

    async def newest(self, count: int) -> Sequence[Job]:
        """Return the jobs that came last, newest first."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let go."""
        ...


class LastingJobStore(JobStore, Protocol):
    """A store that outlasts the process, and that several gateways may share.

    An unfinished job has an owner, the gateway that runs it; who finds an owner gone adopts its jobs.
    """

    async def owners(self) -> frozenset[str]:
        """Return the ids of the other gateways that have unfinished jobs here."""
        ...

    async def adopt(self, owner: str, most: int) -> Sequence[Job]:
        """Take over the oldest unfinished jobs of a gateway that is gone, each by one adopter alone."""
        ...

    async def unfinished(self, since: float, before: float) -> Sequence[str]:
        """Return the ids of this gateway's own unfinished jobs that came in that time."""
        ...

    async def asked_to_stop(self) -> Mapping[str, str]:
        """Return this gateway's own jobs that others asked to stop: id → reason."""
        ...


class Owners(Protocol):
    """Tells which gateways are still there."""

    async def beat(self) -> None:
        """Tell the others that this gateway is there."""
        ...

    async def is_gone(self, owner: str) -> bool:
        """Tell whether no process is this gateway any more."""
        ...

    async def close(self) -> None:
        """Be there no more."""
        ...
