"""The job store that lasts as long as the process."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from itertools import islice

from gateway.execution.memory_outbox import MemoryOutbox
from gateway.jobs.job import Job, JobStatus
from gateway.jobs.statistics import (
    SAMPLED,
    Counted,
    Period,
    Sample,
    Statistics,
    Tally,
    statistics_of,
)
from gateway.jobs.store import Expired, Expiry, JobPage, JobQuery, Ran

__all__ = ["MemoryJobStore"]

_RUNS_KEPT = 100


class MemoryJobStore:
    """Keeps jobs in a dict, in the order they came; implements `JobStore`."""

    def __init__(self) -> None:
        self.outbox = MemoryOutbox()
        self._jobs: dict[str, Job] = {}
        self._ended: dict[str, None] = {}  # in the order of their ends
        self._ran: dict[str, deque[Ran]] = {}
        self._keys: dict[tuple[str, str], str] = {}
        self._drained: dict[str, float] = {}

    async def add(self, job: Job) -> None:
        """Keep a new job."""
        await self.begin(job)

    def begin(self, job: Job) -> Awaitable[None]:
        """Keep a new job at once."""
        self.save_soon(job)
        return asyncio.sleep(0)

    async def claim(self, job: Job, *others: Job) -> Job:
        """Keep a new job and those that belong to it, or return the one its caller has with its key."""
        known = await self.keyed(job.caller, job.key) if job.key else None
        if known is not None:
            return known
        self._jobs.update((each.id, each) for each in (job, *others))
        if job.key:
            self._keys[job.caller, job.key] = job.id
        return job

    async def keyed(self, caller: str, key: str) -> Job | None:
        """Return a caller's job with that key, or None."""
        return self._jobs.get(self._keys.get((caller, key), ""))

    async def save(self, job: Job) -> None:
        """Put a newer state in the place of the old one."""
        self.save_soon(job)

    def save_soon(self, job: Job) -> None:
        """Do the same at once."""
        self._jobs[job.id] = job
        if not job.finished or job.id in self._ended:
            return
        self._ended[job.id] = None
        if (sample := _sample(job)) is not None:
            recent = self._ran.setdefault(job.service, deque(maxlen=_RUNS_KEPT))
            recent.append(Ran(job.run.backend if job.run else "", sample.ran))
        if job.status in job.tells:
            self.outbox.intend(job)

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

    async def newest_runs(self, service: str) -> Sequence[Ran]:
        """Return where recent completed jobs of a service ran, and how long, oldest first."""
        return tuple(self._ran.get(service, ()))

    async def statistics(self, period: Period) -> Statistics:
        """Return how the jobs of a period went."""
        jobs = [job for job in reversed(self._jobs.values()) if _within(job, period)]
        tallies: Counter[tuple[str, JobStatus]] = Counter((job.service, job.status) for job in jobs)
        samples = (sample for job in jobs if (sample := _sample(job)) is not None)
        return statistics_of(
            [
                Counted(
                    [
                        Tally(service, status, tallies[service, status])
                        for service, status in tallies
                    ],
                    list(islice(samples, SAMPLED)),
                )
            ]
        )

    async def expired(self, expiry: Expiry, most: int) -> Sequence[Expired]:
        """Return finished jobs that may go, the oldest first, and at most so many."""
        return tuple(
            Expired(job.id, tuple({each.digest for each in job.inputs}), job.created_at)
            for job in islice(self._gone(expiry), most)
        )

    async def count_expired(self, expiry: Expiry) -> int:
        """Return how many finished jobs may go."""
        return sum(1 for _ in self._gone(expiry))

    def _gone(self, expiry: Expiry) -> Iterator[Job]:
        beyond = 0 if expiry.count is None else len(self._ended) - expiry.count
        for number, job_id in enumerate(self._ended):
            job = self._jobs[job_id]
            old = expiry.before is not None and (job.completed_at or 0.0) < expiry.before
            if number >= beyond and not old:
                return
            yield job

    async def remove(self, job_ids: Sequence[str]) -> None:
        """Forget jobs."""
        for job_id in job_ids:
            job = self._jobs.pop(job_id, None)
            self._ended.pop(job_id, None)
            self.outbox.remove(job_id)
            if job is not None:
                self._keys.pop((job.caller, job.key), None)

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


def _within(job: Job, period: Period) -> bool:
    since = period.since
    return _fits(job, JobQuery(period.caller, period.service)) and (
        since is None or job.created_at >= since
    )


def _sample(job: Job) -> Sample | None:
    if job.status != "completed" or job.started_at is None or job.completed_at is None:
        return None
    return Sample(job.service, job.started_at - job.created_at, job.completed_at - job.started_at)
