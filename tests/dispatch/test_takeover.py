"""Workers come, die and go home; what they had is taken over, and no prompt goes out twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from gateway.cluster.dispatcher import ClusterDispatcher
from gateway.front import open_front
from gateway.graph.json_value import Json
from gateway.jobs.job import Job
from gateway.simulator.server import Simulator
from gateway.tools.calls import ToolCalls
from gateway.tools.running import Asking, Running
from tests.database.older import opened
from tests.dispatch.deployment import Deployment, opened_front, write_deployment
from tests.facts.whole import assert_each_posted_once, node, prompts_posted

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
async def deployment(tmp_path: Path, new_database: str) -> AsyncGenerator[Deployment]:
    """Return a cluster of two backends and two front ends; nobody works yet."""
    async with Simulator() as one, Simulator() as two:
        config = write_deployment(tmp_path, {"a": one.url, "b": two.url}, "cluster")
        environment = {"GATEWAY_DATABASE_URL": new_database}
        async with (
            opened_front(config, environment) as first,
            opened_front(config, environment) as second,
        ):
            yield Deployment(config, environment, (first, second), {"a": one, "b": two})


@asynccontextmanager
async def worker(
    deployment: Deployment, backends: Sequence[str]
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run `gateway worker` for these backends until the end, if it lives that long."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway.cli.main",
        "worker",
        "--config",
        str(deployment.config),
        "--backends",
        ",".join(backends),
        env={**os.environ, **deployment.environment},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        assert (await process.stderr.readline()).startswith(b"Taking jobs for")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_what_a_killed_worker_had_is_taken_over_within_the_lease(
    deployment: Deployment,
) -> None:
    async with worker(deployment, "a") as first:
        jobs = [await deployment.start("on_a", 1.5) for _ in range(2)]
        await deployment.running(jobs[0])
        psutil.Process(first.pid).send_signal(signal.SIGKILL)
        await first.wait()
        async with worker(deployment, "a"):
            done = [await deployment.ended(job, 1) for job in jobs]
    assert [(job.status, len(job.runs)) for job in done] == [("completed", 1)] * 2
    assert prompts_posted(deployment.simulators["a"]) == 2
    assert_each_posted_once(deployment.simulators["a"])


async def test_what_a_worker_had_that_went_home_is_taken_up_at_once(deployment: Deployment) -> None:
    async with worker(deployment, "a") as first:
        job = await deployment.start("on_a", 3)
        await deployment.running(job)
        first.terminate()
        assert await first.wait() == 0
        async with worker(deployment, "a"):
            done = await deployment.ended(job)
    assert (done.status, len(done.runs)) == ("completed", 1)
    assert prompts_posted(deployment.simulators["a"]) == 1


async def test_a_job_whose_front_end_died_before_the_board_is_put_there_by_another(
    deployment: Deployment,
) -> None:
    job = await deployment.start("run")
    url = make_url(deployment.environment["GATEWAY_DATABASE_URL"])
    gone = text("DELETE FROM procrastinate_jobs WHERE lock = :job")
    removed = 0
    async with asyncio.timeout(10):
        while not removed:  # as if it had never been put there
            with opened(url.set(drivername="postgresql+psycopg")) as connection:
                removed = connection.execute(gone, {"job": job.id}).rowcount
            await asyncio.sleep(0.02)
    async with worker(deployment, "ab"):
        assert (await deployment.ended(job)).status == "completed"
    assert deployment.posted() == 1


async def test_jobs_accepted_while_nobody_works_wait(deployment: Deployment) -> None:
    jobs = [await deployment.start("run", caller=f"caller-{at}") for at in range(6)]
    async with worker(deployment, "b"):
        done = [await deployment.ended(job, caller=f"caller-{at}") for at, job in enumerate(jobs)]
    assert {job.status for job in done} == {"completed"}
    assert prompts_posted(deployment.simulators["b"]) == 6


async def test_a_front_end_that_works_as_well_needs_no_other_process(
    tmp_path: Path, new_database: str
) -> None:
    async with Simulator() as simulator:
        config = write_deployment(tmp_path, dict.fromkeys("ab", simulator.url), "cluster")
        front = open_front(config, {"GATEWAY_DATABASE_URL": new_database}, lambda _: None)
        front.work_for(frozenset({"a"}))
        running = await front.running()
        answer = await running.call("run", {"seconds": 0.2}, Asking())
        job = await running.wait(str(answer.structured["job_id"]), Asking(), 30)
        await front.close(grace=0)
    assert (job.status, len(job.outputs)) == ("completed", 1)


async def test_a_backend_that_is_away_leaves_its_jobs_to_the_others(
    deployment: Deployment, tmp_path: Path
) -> None:
    async with Simulator() as gone:
        away = gone.url
    urls = {"a": away, "b": deployment.simulators["b"].url}
    write_deployment(tmp_path, urls, "cluster")
    async with worker(deployment, "ab"):
        done = [await deployment.ended(await deployment.start("run")) for _ in range(3)]
    assert {job.run.backend for job in done if job.run is not None} == {"b"}
    assert {job.status for job in done} == {"completed"}


async def known_to_be_warm(front: Running, job: Job, backend: str) -> None:
    """Wait until a front end has learned that a backend has a job's models loaded."""
    assert isinstance(front, ToolCalls)
    dispatcher = front._executor.dispatcher  # pyright: ignore[reportPrivateUsage]
    assert isinstance(dispatcher, ClusterDispatcher)
    bound = front._services["run"]  # pyright: ignore[reportPrivateUsage]
    async with asyncio.timeout(20):
        while dispatcher.choose_warm(bound, job, frozenset("ab")) != backend:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_jobs_wait_a_moment_for_the_backend_that_has_their_models(
    tmp_path: Path, new_database: str
) -> None:
    loader: Json = node("CheckpointLoaderSimple", ckpt_name="tiny-sd15.safetensors")
    environment = {"GATEWAY_DATABASE_URL": new_database}
    async with Simulator() as one, Simulator() as two:
        urls = {"a": one.url, "b": two.url}
        config = write_deployment(tmp_path, urls, "cluster", more={"9": loader})
        async with (
            opened_front(config, environment) as front,
            opened_front(config, environment, "ab"),
        ):
            cluster = Deployment(config, environment, (front, front), {"a": one, "b": two})
            first = await cluster.ended(await cluster.start("on_a"))
            await known_to_be_warm(front, first, "a")
            jobs = [await cluster.ended(await cluster.start("run")) for _ in range(4)]
            runs = [job.run for job in jobs if job.run is not None]
            assert [(run.backend, run.because) for run in runs] == [
                ("a", "has its models loaded")
            ] * 4
            # A busy one is waited for, but not for ever.
            long = await cluster.start("on_a", 30)
            await cluster.running(long)
            other = await cluster.ended(await cluster.start("run"))
            assert other.run is not None
            assert other.run.backend == "b"
            await front.cancel(long.id, "local")


async def test_the_command_says_what_is_wrong(deployment: Deployment) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway.cli.main",
        "worker",
        "--config",
        str(deployment.config),
        "--backends",
        "aa",
        env={**os.environ, **deployment.environment},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert b"there is no backend 'aa'" in said
    assert b"Did you mean a?" in said
