"""A run that may have cost money is not made again by itself."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from gateway.errors import BackendRefused
from gateway.jobs.backend import Accepted, SocketLost, Submission
from gateway.jobs.job import Job, Run
from gateway.services.bound import BoundService
from tests.execution.scripted import Bench, MakeBench, a_service

JOB = "11111111-1111-4111-8111-111111111111"


def paid(retry: bool = False) -> BoundService:
    """Return a service whose graph spends money."""
    return replace(a_service(retry_paid=retry), paid=frozenset({"8"}))


def forgetting(bench: Bench) -> None:
    """Have ComfyUI restart under the first run."""

    async def lose(submission: Submission) -> Accepted:
        if len(bench.backend.submissions) > 1:
            return await bench.backend.succeed(submission)
        bench.backend.say(submission.prompt_id, SocketLost("it went away"))
        return Accepted(submission.prompt_id, {})

    bench.backend.submitting = lose


async def test_a_lost_run_with_a_paid_node_ends_its_job(make_bench: MakeBench) -> None:
    bench = make_bench()
    forgetting(bench)
    job = await bench.run(paid())
    assert job.failure is not None
    assert (job.status, job.failure.code) == ("failed", "paid-run-lost")
    assert "node 8" in job.failure.message
    assert len(bench.backend.submissions) == 1


async def test_the_service_may_have_it_made_again(make_bench: MakeBench) -> None:
    bench = make_bench()
    forgetting(bench)
    job = await bench.run(paid(retry=True))
    assert (job.status, len(job.runs)) == ("completed", 2)


async def test_what_never_reached_comfyui_cost_nothing_and_is_tried_again(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def refuse_once(submission: Submission) -> Accepted:
        if len(bench.backend.submissions) > 1:
            return await bench.backend.succeed(submission)
        raise BackendRefused("The backend turned the run away.", where="studio")

    bench.backend.submitting = refuse_once
    assert (await bench.run(paid())).status == "completed"


@pytest.mark.parametrize("backend", ["studio", "sold"])
async def test_what_a_dead_gateway_may_have_posted_is_not_posted_again(
    make_bench: MakeBench, backend: str
) -> None:
    bench = make_bench()
    run = Run(1, backend, "p1", time.time())
    job = Job(JOB, "draw", "local", {"prompt": "a fox"}, time.time(), runs=(run,))
    await bench.ledger.store.add(job)
    await bench.executor.resume(paid(), job)
    job = await bench.ended(job)
    assert job.failure is not None
    assert job.failure.code == "paid-run-lost"
    assert bench.backend.submissions == []
