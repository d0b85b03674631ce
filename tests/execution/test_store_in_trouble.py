"""A store that cannot take a job: who waits is told, and nothing is run that was not kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from gateway.errors import BackendRefused, GatewayError
from gateway.execution.memory_store import MemoryJobStore
from gateway.jobs.backend import Accepted, Submission
from gateway.jobs.job import Job
from tests.execution.scripted import Bench, MakeBench

FULL = GatewayError("There is no room left to keep jobs.", code="store-full")


class Shelf(MemoryJobStore):
    """A store in memory that is full when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False
        self.full_from_now_on = False

    def begin(self, job: Job) -> Awaitable[None]:
        """Keep a new job, if there is room."""
        refused = self.full
        self.full = self.full or self.full_from_now_on
        return self._refuse() if refused else super().begin(job)

    async def _refuse(self) -> None:
        raise FULL

    async def save(self, job: Job) -> None:
        """Keep a newer state, if there is room."""
        self._need_room()
        await super().save(job)

    def _need_room(self) -> None:
        if self.full:
            raise FULL


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    bench = make_bench()
    bench.ledger.store = Shelf()
    return bench


def shelf(bench: Bench) -> Shelf:
    """Return the bench's store."""
    assert isinstance(bench.ledger.store, Shelf)
    return bench.ledger.store


async def test_a_job_that_cannot_be_kept_is_not_taken_on(bench: Bench) -> None:
    shelf(bench).full = shelf(bench).full_from_now_on = True
    with pytest.raises(GatewayError, match="no room left"):
        await bench.accept()
    assert bench.backend.submissions == []
    assert bench.ledger.jobs() == ()


async def test_a_run_that_cannot_be_kept_is_not_submitted(bench: Bench) -> None:
    shelf(bench).full_from_now_on = True
    job = await bench.ended(await bench.accept())
    assert job.failure is not None
    assert (job.status, job.failure.code) == ("failed", "store-full")
    assert bench.backend.submissions == []
    assert [each for each, _ in bench.reported] == [job.id]


async def test_an_end_that_cannot_be_kept_is_told_and_kept_later(bench: Bench) -> None:
    async def fill(submission: Submission) -> Accepted:
        shelf(bench).full = True
        return await bench.backend.succeed(submission)

    bench.backend.submitting = fill
    job = await bench.ended(await bench.accept())
    assert job.status == "completed"
    assert await bench.ledger.get(job.id) == job
    kept = await shelf(bench).get(job.id)
    assert kept is not None
    assert not kept.finished
    with pytest.raises(GatewayError):
        await bench.ledger.keep_again()
    shelf(bench).full = False
    await bench.ledger.keep_again()
    assert await shelf(bench).get(job.id) == job
    assert await bench.ledger.get(job.id) == job


async def test_a_next_attempt_that_cannot_be_kept_ends_the_job(bench: Bench) -> None:
    async def refuse(submission: Submission) -> Accepted:
        shelf(bench).full = True
        raise BackendRefused("The backend turned the run away.", where=submission.prompt_id)

    bench.backend.submitting = refuse
    job = await bench.ended(await bench.accept())
    assert job.failure is not None
    assert job.failure.code == "store-full"
    assert len(bench.backend.submissions) == 1


async def test_a_caller_who_leaves_while_the_job_is_being_kept_leaves_no_run(bench: Bench) -> None:
    bench.backend.submitting = bench.backend.take
    accepting = asyncio.create_task(bench.accept())
    while not bench.ledger.jobs():  # noqa: ASYNC110
        await asyncio.sleep(0)
    (job,) = bench.ledger.jobs()
    accepting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await accepting
    assert (await bench.ended(job)).status == "cancelled"
