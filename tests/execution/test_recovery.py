"""Taking over jobs: one that cannot be taken up leaves the others none the worse."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from gateway.execution.memory_store import MemoryJobStore
from gateway.execution.recovery import Recovery
from gateway.jobs.backend import Accepted, Submission
from gateway.jobs.job import Job
from gateway.services.bound import BoundService
from tests.execution.scripted import Bench, MakeBench, a_service


class Shared(MemoryJobStore):
    """A store in which a gateway that is gone left these jobs."""

    def __init__(self, *jobs: Job) -> None:
        super().__init__()
        self.left = jobs

    async def owners(self) -> frozenset[str]:
        """Name the one that is gone, until its jobs are taken."""
        return frozenset({"gone"} if self.left else ())

    async def adopt(self, owner: str, most: int) -> Sequence[Job]:
        """Hand its jobs over."""
        taken, self.left = self.left, ()
        for job in taken:
            await self.add(job)
        return taken

    async def unfinished(self, since: float, before: float) -> Sequence[str]:
        """Return none: only a cluster asks."""
        return ()

    async def asked_to_stop(self) -> Mapping[str, str]:
        """Ask for nothing."""
        return {}


class Gone:
    """Everybody else is gone."""

    async def beat(self) -> None:
        """Be there."""

    async def is_gone(self, owner: str) -> bool:
        """Tell so."""
        return True

    async def close(self) -> None:
        """Be there no more."""


def left(name: str, service: str = "draw") -> Job:
    """Return a job that waits."""
    return Job(name, service, "local", {"prompt": "a fox"}, time.time())


def recovery(bench: Bench, store: Shared, services: Mapping[str, BoundService]) -> Recovery:
    """Return what looks after a store."""
    bench.ledger.store = store

    def report(job_id: str, fault: BaseException) -> None:
        bench.reported.append((job_id, fault))

    return Recovery(bench.executor, store, Gone(), lambda: services, report)


ONE, TWO = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


async def test_a_fault_of_one_job_leaves_the_others_none_the_worse(make_bench: MakeBench) -> None:
    class Odd(dict[str, BoundService]):
        """Services of which one cannot be looked up."""

        def get(self, key: str, default: object = None) -> BoundService | None:  # type: ignore[override]
            """Return a service, or fail as nothing but a fault of ours could."""
            if key == "odd":
                raise RuntimeError("on purpose")
            return super().get(key)

    bench = make_bench()
    store = Shared(left(ONE, "odd"), left(TWO))
    assert await recovery(bench, store, Odd(draw=a_service())).look() == 2
    assert [(job_id, str(fault)) for job_id, fault in bench.reported] == [(ONE, "on purpose")]
    assert (await bench.ended(left(TWO))).status == "completed"


async def test_a_job_taken_over_still_has_its_time_in_line(make_bench: MakeBench) -> None:
    bench = make_bench()

    async def keep_waiting(submission: Submission) -> Accepted:
        return await bench.backend.take(submission)

    bench.backend.submitting = keep_waiting
    await recovery(bench, Shared(left(TWO)), {"draw": a_service(queue_timeout=0.2)}).look()
    job = await bench.ended(left(TWO))
    assert job.failure is not None
    assert (job.status, job.failure.code) == ("timeout", "queue-timed-out")
