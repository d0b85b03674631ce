"""Jobs outlast their gateway: left in the middle, killed, and shared by several."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from gateway.front import Front, open_front
from gateway.graph.json_value import Json
from gateway.jobs.job import Job
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking, Running
from tests.facts.whole import (
    assert_each_posted_once,
    image,
    prompts_posted,
    save,
    sleeping,
)
from tests.project.small import write_project

pytestmark = pytest.mark.timeout(60)

DETACHED: dict[str, Json] = {"wait": "0s", "when_client_leaves": "detach"}
COLORED: dict[str, Json] = {**DETACHED, "parameters": {"color": "1.color"}}


def project(folder: Path, url: str, graph: Json, service: dict[str, Json] | None = None) -> Path:
    """Write a project of the one service `run`, and return the path of services.yaml."""
    document: dict[str, Json] = {
        "version": 1,
        "backends": {"sim": {"url": url, "slots": 1}},
        "gateway": {"backend_grace": "5s"},
        "services": {
            "run": {"workflow": "draw.json", **(DETACHED if service is None else service)}
        },
    }
    return write_project(folder, json.dumps(document), graph)


@asynccontextmanager
async def gateway(config: Path) -> AsyncGenerator[Running]:
    """Open a gateway on a project; at the end it goes at once, whatever still runs."""
    front: Front = open_front(config, {}, lambda _: None)
    try:
        yield await front.running()
    finally:
        await front.close(grace=0)


async def ended(running: Running, job: Job | str) -> Job:
    """Wait until a job has ended."""
    job_id = job if isinstance(job, str) else job.id
    return await running.wait(job_id, Asking(), 30)


async def begun(running: Running, job: Job) -> None:
    """Wait until ComfyUI has begun a job's run."""
    async with asyncio.timeout(10):
        while (await running.job(job.id, "local")).status != "running":  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_run_under_way_is_taken_up_after_a_restart_and_posted_once(
    tmp_path: Path, simulator: Simulator
) -> None:
    config = project(tmp_path, simulator.url, sleeping(1.5))
    async with gateway(config) as first:
        job = await first.start("run", {}, Asking())
        await begun(first, job)
    async with gateway(config) as second:
        job = await ended(second, job)
    assert (job.status, len(job.runs)) == ("completed", 1)
    assert len(job.outputs) == 2
    assert prompts_posted(simulator) == 1


async def test_a_run_that_ended_meanwhile_is_collected_from_the_history(
    tmp_path: Path, simulator: Simulator
) -> None:
    config = project(tmp_path, simulator.url, sleeping(0.3))
    async with gateway(config) as first:
        job = await first.start("run", {}, Asking())
        await begun(first, job)
    await asyncio.sleep(0.8)
    async with gateway(config) as second:
        job = await ended(second, job)
    assert (job.status, len(job.outputs)) == ("completed", 2)
    assert prompts_posted(simulator) == 1


async def test_jobs_in_line_wait_on_and_run_in_their_order(
    tmp_path: Path, simulator: Simulator
) -> None:
    config = project(tmp_path, simulator.url, sleeping(0.2))
    async with gateway(config) as first:
        jobs = [await first.start("run", {}, Asking()) for _ in range(4)]
    async with gateway(config) as second:
        done = [await ended(second, job) for job in jobs]
    assert {job.status for job in done} == {"completed"}
    began = [job.started_at or 0.0 for job in done]
    assert began == sorted(began)
    assert prompts_posted(simulator) == 4
    assert_each_posted_once(simulator)


async def test_a_run_that_comfyui_forgot_as_well_is_begun_anew(tmp_path: Path) -> None:
    async with Simulator() as before:
        config = project(tmp_path, before.url, sleeping(5))
        async with gateway(config) as first:
            job = await first.start("run", {}, Asking())
            await begun(first, job)
    async with Simulator() as after:
        project(tmp_path, after.url, sleeping(0.1))
        async with gateway(config) as second:
            job = await ended(second, job)
        assert prompts_posted(after) == 1
    assert (job.status, [run.attempt for run in job.runs]) == ("completed", [1, 2])
    assert job.runs[0].prompt_id != job.runs[1].prompt_id


async def test_a_job_whose_service_went_or_changed_is_told_so(
    tmp_path: Path, simulator: Simulator
) -> None:
    config = project(tmp_path, simulator.url, sleeping(3), COLORED)
    async with gateway(config) as first:
        running = await first.start("run", {"color": 1}, Asking())
        waiting = await first.start("run", {"color": 2}, Asking())
    project(tmp_path, simulator.url, sleeping(3), {**COLORED, "parameters": {"size": "1.width"}})
    async with gateway(config) as second:
        for job in (running, waiting):
            failure = (await ended(second, job)).failure
            assert failure is not None
            assert failure.code == "service-changed"
            assert "color" in failure.message


async def test_finished_jobs_and_their_outputs_are_there_after_a_restart(
    tmp_path: Path, simulator: Simulator
) -> None:
    config = project(tmp_path, simulator.url, {"1": image(), "2": save()})
    async with gateway(config) as first:
        before = await ended(first, await first.start("run", {}, Asking()))
    async with gateway(config) as second:
        assert await second.job(before.id, "local") == before
        answer = await second.call("get_job_result", {"job_id": before.id}, Asking())
        assert len(answer.images) == 1
        listed = await second.call("list_jobs", {}, Asking())
        assert listed.structured["total"] == 1


async def test_two_gateways_see_wait_for_and_stop_each_others_jobs(
    tmp_path: Path, simulator: Simulator
) -> None:
    # Each in another color: ComfyUI would answer the same graph from its cache.
    config = project(tmp_path, simulator.url, sleeping(3), COLORED)
    async with gateway(config) as one, gateway(config) as two:
        short, long, waiting = [await one.start("run", {"color": n}, Asking()) for n in range(3)]
        assert (await two.job(short.id, "local")).status in {"pending", "running"}
        assert (await two.wait(short.id, Asking(), 20)).status == "completed"
        assert (await two.cancel(waiting.id, "local")).status == "cancelled"
        assert (await two.cancel(long.id, "local")).status == "cancelled"
        assert (await one.job(long.id, "local")).status == "cancelled"
    assert prompts_posted(simulator) == 2


async def test_a_gateway_that_goes_hands_its_jobs_to_the_other(
    tmp_path: Path, simulator: Simulator
) -> None:
    config = project(tmp_path, simulator.url, sleeping(1))
    async with gateway(config) as two:
        async with gateway(config) as one:
            jobs = [await one.start("run", {}, Asking()) for _ in range(2)]
        done = [await ended(two, job) for job in jobs]
    assert {job.status for job in done} == {"completed"}
    assert prompts_posted(simulator) == 2


@pytest.mark.parametrize("pause", [0.0, 0.02, 0.1, 0.4])
async def test_a_killed_gateway_loses_no_job_and_submits_none_twice(
    tmp_path: Path, simulator: Simulator, pause: float
) -> None:
    config = project(tmp_path, simulator.url, sleeping(0.6))
    words = ["-c", "from gateway.cli.main import main; main()", "serve", "--config", str(config)]
    parameters = StdioServerParameters(command=sys.executable, args=words)
    ids: list[str] = []
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: ASYNC230, PTH123
        async with Client(stdio_client(parameters, errlog=nowhere), cache=None) as client:
            for _ in range(3):
                answer = await client.call_tool("run", {})
                told: dict[str, str] = answer.structured_content or {}
                ids.append(told["job_id"])
            await asyncio.sleep(pause)
            (child,) = psutil.Process().children()
            child.send_signal(signal.SIGKILL)
            child.wait(5)
    async with gateway(config) as second:
        done = [await ended(second, each) for each in ids]
    assert {job.status for job in done} == {"completed"}
    assert {len(job.outputs) for job in done} == {2}
    assert_each_posted_once(simulator)
