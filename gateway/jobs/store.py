"""What a job store must do. The memory store is in `execution/`, the durable ones in `database/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.jobs.job import Job, JobStatus

__all__ = ["JobPage", "JobQuery", "JobStore"]


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


class JobStore(Protocol):
    """Keeps jobs. A job that `add` returned for is never lost by a store that lasts."""

    async def add(self, job: Job) -> None:
        """Keep a new job; returns once it is as safe as this store makes it."""
        ...

    async def save(self, job: Job) -> None:
        """Put a newer state in the place of the old one."""
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

    async def durations(self, service: str) -> Sequence[float]:
        """Return the running times in seconds of recent completed jobs of a service."""
        ...

    async def expired(self, before: float | None, count: int) -> Sequence[Job]:
        """Return finished jobs completed before that time, and those beyond the newest `count`."""
        ...

    async def remove(self, job_ids: Sequence[str]) -> None:
        """Forget jobs."""
        ...

    async def unused(self, digests: Sequence[str]) -> Sequence[str]:
        """Return those of these input files that no job refers to."""
        ...
