"""A drained backend takes no new runs and finishes what it has, whichever gateway's; and restarts forget nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.database.opening import open_job_store
from gateway.database.store import DatabaseJobStore
from gateway.errors import BackendUnreachable
from gateway.jobs.job import Job
from gateway.simulator.server import Simulator
from tests.execution.scripted import MakeBench, ScriptedBackend
from tests.execution.test_circuits import shown
from tests.facts.whole import Whole, opened, prompts_posted, sleeping

pytestmark = pytest.mark.timeout(40)


@asynccontextmanager
async def someone_else(folder: Path) -> AsyncGenerator[DatabaseJobStore]:
    """Open the jobs of a project as another process does."""
    store = await open_job_store(".gateway/jobs.db", folder, "somebody else", 2.0)
    try:
        yield store
    finally:
        await store.close()


async def drain(folder: Path, backend: str, since: float | None) -> None:
    """Drain a backend, or resume it, as another process does."""
    async with someone_else(folder) as store:
        await store.drain(backend, since)


async def told_draining(whole: Whole, word: str | None) -> None:
    """Wait until the health tool shows this of the one backend."""
    async with asyncio.timeout(10):
        while (await shown(whole)).get("draining") != word:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.05)


async def test_a_drained_backend_finishes_what_it_has_and_takes_no_more(tmp_path: Path) -> None:
    async with Simulator() as simulator, opened(tmp_path, simulator, sleeping(2)) as whole:
        running = await whole.running_there(await whole.begin())
        await drain(tmp_path, "sim", time.time())
        await told_draining(whole, "draining")
        assert (await shown(whole))["runs"] == 1
        waiting = await whole.begin()
        await whole.until(waiting, lambda each: "is drained" in each.progress.note)
        assert (await whole.ended(running)).status == "completed"
        await told_draining(whole, "drained")
        assert prompts_posted(simulator) == 1
        await drain(tmp_path, "sim", None)
        assert (await whole.ended(waiting)).status == "completed"
        await told_draining(whole, None)


async def test_a_backend_that_was_drained_is_so_after_a_restart_and_a_run_there_is_taken_up(
    tmp_path: Path,
) -> None:
    async with Simulator() as simulator:
        async with opened(tmp_path, simulator, sleeping(2)) as whole:
            running = await whole.running_there(await whole.begin())
            await drain(tmp_path, "sim", time.time())
            await told_draining(whole, "draining")
        async with opened(tmp_path, simulator, sleeping(2)) as whole:
            waiting = await whole.begin()
            await whole.until(waiting, lambda each: "is drained" in each.progress.note)
            assert (await whole.ended(running)).status == "completed"
            assert not (await whole.running.job(waiting.id, "local")).runs
        assert prompts_posted(simulator) == 1


async def test_every_gateway_on_the_store_hears_of_it(tmp_path: Path) -> None:
    async with (
        Simulator() as simulator,
        opened(tmp_path, simulator, sleeping(0.1)) as one,
        opened(tmp_path, simulator, sleeping(0.1)) as two,
    ):
        await drain(tmp_path, "sim", time.time())
        for each in (one, two):
            await told_draining(each, "drained")
        jobs = [await one.begin(), await two.begin()]
        await drain(tmp_path, "sim", None)
        assert (await one.ended(jobs[0])).status == "completed"
        assert (await two.ended(jobs[1])).status == "completed"


async def test_jobs_go_to_the_other_backend_while_one_is_drained(make_bench: MakeBench) -> None:
    left, right = ScriptedBackend("left"), ScriptedBackend("right")
    bench = make_bench(left, right)
    bench.executor.fleet.drain({"left": 1.0})
    assert {where(await bench.run()) for _ in range(4)} == {"right"}
    bench.executor.fleet.drain({"right": 1.0})
    assert (await bench.run()).run is not None
    assert left.submissions


def where(job: Job) -> str:
    """Return where a job ran."""
    assert job.run is not None
    return job.run.backend


async def test_a_job_waits_for_a_drained_backend_while_the_other_one_is_silent(
    make_bench: MakeBench,
) -> None:
    left, right = ScriptedBackend("left"), ScriptedBackend("right")
    bench = make_bench(left, right, grace=0.2)
    bench.executor.fleet.drain({"left": 1.0})
    right.down = BackendUnreachable("Backend right: nothing listens there", where="right")
    job = await bench.accept()
    told = await bench.until(job, lambda each: "backend left is drained" in each.progress.note)
    assert "backend right does not answer: nothing listens there" in told.progress.note
    await asyncio.sleep(0.5)  # longer than the grace
    assert bench.ledger.live(job.id) is not None
    bench.executor.fleet.drain({})
    assert (await bench.ended(job)).status == "completed"
