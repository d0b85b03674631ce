"""The job store that lasts as long as the process."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Mapping, Sequence

from gateway.jobs.job import Job, JobStatus
from gateway.jobs.store import JobPage, JobQuery

__all__ = ["MemoryJobStore"]

_DURATIONS_KEPT = 100


class MemoryJobStore:
    """Keeps jobs in a dict, in the order they came; implements `JobStore`."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._durations: dict[str, deque[float]] = {}
        self._drained: dict[str, float] = {}

    async def add(self, job: Job) -> None:
        """Keep a new job."""
        await self.begin(job)

    def begin(self, job: Job) -> Awaitable[None]:
        """Keep a new job at once."""
        self._jobs[job.id] = job
        return asyncio.sleep(0)

    async def save(self, job: Job) -> None:
        """Put a newer state in the place of the old one."""
        self.save_soon(job)

    def save_soon(self, job: Job) -> None:
        """Do the same at once."""
        self._jobs[job.id] = job
        if job.status == "completed" and job.started_at and job.completed_at:
            recent = self._durations.setdefault(job.service, deque(maxlen=_DURATIONS_KEPT))
            recent.append(job.completed_at - job.started_at)

    async def get(self, job_id: str) -> Job | None:
        """Return a job, or None."""
        return self._jobs.get(job_id)

    async def list(self, query: JobQuery) -> JobPage:
        """Return a page of jobs, newest first."""
        fitting = [job for job in reversed(self._jobs.values()) if _fits(job, query)]
        page = fitting[query.offset : query.offset + query.limit]
        return JobPage(len(fitting), tuple(page))

    async def counts(self, caller: str | None = None) -> Mapping[JobStatus, int]:
        """Return how many jobs there are in each status."""
        return Counter(
            job.status for job in self._jobs.values() if caller is None or job.caller == caller
        )

    async def durations(self, service: str) -> Sequence[float]:
        """Return the running times in seconds of recent completed jobs of a service."""
        return tuple(self._durations.get(service, ()))

    async def expired(self, before: float | None, count: int) -> Sequence[Job]:
        """Return finished jobs completed before that time, and those beyond the newest `count`."""
        finished = [job for job in self._jobs.values() if job.finished]
        finished.sort(key=lambda job: job.completed_at or 0.0, reverse=True)
        old = [
            job
            for job in finished[:count]
            if before is not None and (job.completed_at or 0.0) < before
        ]
        return (*old, *finished[count:])

    async def remove(self, job_ids: Sequence[str]) -> None:
        """Forget jobs."""
        for job_id in job_ids:
            self._jobs.pop(job_id, None)

    async def unused(self, digests: Sequence[str]) -> Sequence[str]:
        """Return those of these input files that no job refers to."""
        used = {each.digest for job in self._jobs.values() for each in job.inputs}
        return [digest for digest in digests if digest not in used]

    async def ask_to_stop(self, job_id: str, reason: str) -> None:
        """Ask nobody: there is no other gateway."""

    async def drained(self) -> Mapping[str, float]:
        """Return the backends that take no new runs: name → since when."""
        return dict(self._drained)

    async def drain(self, backend: str, since: float | None) -> None:
        """Have a backend take no new runs, or with None take them again."""
        if since is None:
            self._drained.pop(backend, None)
        else:
            self._drained.setdefault(backend, since)

    async def under_way(self) -> Sequence[Job]:
        """Return the unfinished jobs that have a run."""
        return [job for job in self._jobs.values() if job.runs and not job.finished]

    async def newest(self, count: int) -> Sequence[Job]:
        """Return the jobs that came last, newest first."""
        return [job for job, _ in zip(reversed(self._jobs.values()), range(count), strict=False)]

    async def close(self) -> None:
        """Keep nothing."""


def _fits(job: Job, query: JobQuery) -> bool:
    return (
        query.caller in (None, job.caller)
        and query.service in (None, job.service)
        and query.status in (None, job.status)
    )
