"""Jobs that another gateway took while this one was silent: they are let go of without an end."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import BackendRefused
from gateway.execution.memory_store import MemoryJobStore
from gateway.jobs import transitions
from gateway.jobs.backend import Accepted, Submission
from gateway.jobs.job import Job
from gateway.jobs.store import JobTaken
from tests.execution.scripted import Bench, MakeBench


class Lost(MemoryJobStore):
    """A store whose jobs are another gateway's from some moment on."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = False

    async def save(self, job: Job) -> None:
        """Refuse what is not this gateway's."""
        if self.taken:
            raise JobTaken(job.id)
        await super().save(job)

    async def end_there(self, job: Job) -> None:
        """End a job as its new owner does."""
        known = await self.get(job.id)
        assert known is not None
        await super().save(transitions.complete(known, 9.0, (), ()))


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    bench = make_bench()
    bench.ledger.store = Lost()
    return bench


def lost(bench: Bench) -> Lost:
    """Return the bench's store."""
    assert isinstance(bench.ledger.store, Lost)
    return bench.ledger.store


async def test_a_job_in_line_that_is_anothers_by_now_is_not_posted(bench: Bench) -> None:
    lost(bench).taken = True
    job = await bench.accept()
    with bench.ledger.watch(job) as watch:
        await bench.executor.dispatcher.settle()
        assert bench.backend.submissions == []
        assert bench.ledger.live(job.id) is None
        assert not watch.job.finished
        await lost(bench).end_there(job)
        await watch.end(4)  # its watchers hear of the end all the same
        assert watch.job.status == "completed"
    assert bench.reported == []


async def test_a_job_whose_next_attempt_is_anothers_is_let_go(bench: Bench) -> None:
    async def refuse(submission: Submission) -> Accepted:
        lost(bench).taken = True
        raise BackendRefused("The backend turned the run away.", where=submission.prompt_id)

    bench.backend.submitting = refuse
    job = await bench.accept()
    await bench.executor.dispatcher.settle()
    assert len(bench.backend.submissions) == 1
    assert bench.ledger.live(job.id) is None
    kept = await bench.ledger.get(job.id)
    assert kept is not None
    assert not kept.finished


async def test_the_end_of_a_run_that_another_gateway_follows_too_is_its_to_keep(
    bench: Bench,
) -> None:
    async def lose(submission: Submission) -> Accepted:
        lost(bench).taken = True
        return await bench.backend.succeed(submission)

    bench.backend.submitting = lose
    job = await bench.run()
    assert job.status == "completed"
    async with asyncio.timeout(4):
        await bench.ledger.kept(job.id)
    assert bench.reported == []
    await bench.ledger.keep_again()
