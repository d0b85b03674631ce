"""Several gateways on one project, some of which die: whose jobs are whose."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from pathlib import Path

import pytest

from gateway.simulator.server import Simulator
from tests.facts.whole import assert_each_posted_once, prompts_posted
from tests.reliability.served import GATEWAY, Served, project, served

pytestmark = [pytest.mark.timeout(120), pytest.mark.servers]

JOBS_DB = ".gateway/jobs.db"
SOON = 45.0


async def called(config: Path, color: int) -> asyncio.subprocess.Process:
    """Begin `gateway call run`, which waits for the end."""
    words = (*GATEWAY, "call", "run", f"color={color}", "--json", "--config", str(config))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def until_posted(simulator: Simulator, count: int) -> None:
    """Wait until ComfyUI has so many prompts."""
    async with asyncio.timeout(SOON):
        while prompts_posted(simulator) < count:  # noqa: ASYNC110 (it is in another process)
            await asyncio.sleep(0.02)


async def assert_all_end_well(gateway: Served, jobs: list[str]) -> None:
    """Wait, through one gateway, for the end of jobs that any of them took on."""
    ends = [await gateway.status(each, SOON) for each in jobs]
    assert set(ends) == {"completed"}, ends


async def test_two_editors_and_a_terminal_share_a_project_and_one_of_them_is_killed(
    tmp_path: Path, simulator: Simulator
) -> None:
    config = project(tmp_path, simulator, 0.5, JOBS_DB)
    async with served(config) as one, served(config) as two:
        jobs = [await one.begin(number) for number in range(3)]
        jobs += [await two.begin(number) for number in range(3, 5)]
        terminal = await called(config, 5)
        await until_posted(simulator, 1)
        one.process.send_signal(signal.SIGKILL)
        await assert_all_end_well(two, jobs)
        said, _ = await asyncio.wait_for(terminal.communicate(), SOON)
        assert terminal.returncode == 0
        jobs.append(json.loads(said)["job_id"])
        await assert_all_end_well(two, jobs[-1:])
    assert prompts_posted(simulator) == len(set(jobs)) == 6
    assert_each_posted_once(simulator)


async def test_a_killed_terminals_job_is_finished_by_an_editor(
    tmp_path: Path, simulator: Simulator
) -> None:
    config = project(tmp_path, simulator, 1.5, JOBS_DB)
    async with served(config) as editor:
        terminal = await called(config, 1)
        await until_posted(simulator, 1)
        terminal.kill()
        await terminal.communicate()
        await assert_all_end_well(editor, await editor.jobs())
    assert prompts_posted(simulator) == 1


async def test_over_postgresql_a_killed_gateways_jobs_are_taken_over_within_the_lease(
    tmp_path: Path, simulator: Simulator, new_database: str
) -> None:
    config = project(tmp_path, simulator, 0.3, new_database)
    async with served(config) as one, served(config) as two:
        assert await two.jobs() == []
        jobs = [await one.begin(number) for number in range(3)]
        killed = time.monotonic()
        one.process.send_signal(signal.SIGKILL)
        await assert_all_end_well(two, jobs)
        assert time.monotonic() - killed < 14.0  # the lease is 2 s; 15 unless the YAML says so
    assert prompts_posted(simulator) == 3
    assert_each_posted_once(simulator)


async def test_a_gateway_that_was_only_asleep_leaves_alone_what_others_took_over(
    tmp_path: Path, simulator: Simulator, new_database: str
) -> None:
    config = project(tmp_path, simulator, 0.8, new_database)
    async with served(config) as one, served(config) as two:
        assert await two.jobs() == []
        jobs = [await one.begin(number) for number in range(4)]
        await until_posted(simulator, 1)
        one.process.suspend()
        try:
            await assert_all_end_well(two, jobs[:1])
        finally:
            one.process.resume()
        await assert_all_end_well(one, jobs)
        await assert_all_end_well(two, jobs)
    assert prompts_posted(simulator) == 4
    assert_each_posted_once(simulator)
