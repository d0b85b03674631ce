"""The gateway on PostgreSQL: what holds for a file of jobs holds there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.front import open_front
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking
from tests.facts.whole import prompts_posted, sleeping
from tests.front.test_restarts import DETACHED, begun, ended, project

pytestmark = pytest.mark.timeout(60)


async def test_a_run_under_way_is_taken_up_by_another_gateway_on_the_same_database(
    new_database: str, tmp_path: Path
) -> None:
    environment = {"GATEWAY_DATABASE_URL": new_database}
    async with Simulator() as simulator:
        config = project(tmp_path, simulator.url, sleeping(1), DETACHED)
        one = open_front(config, environment, lambda _: None)
        running = await one.running()
        jobs = [await running.start("run", {}, Asking()) for _ in range(2)]
        await begun(running, jobs[0])
        two = open_front(config, environment, lambda _: None)
        other = await two.running()
        assert (await other.job(jobs[0].id, "local")).status in {"pending", "running"}
        await one.close(grace=0)
        done = [await ended(other, job) for job in jobs]
        await two.close()
        assert {job.status for job in done} == {"completed"}
        assert prompts_posted(simulator) == 2
    assert not (tmp_path / ".gateway" / "jobs.db").exists()


async def test_a_database_that_is_not_there_is_told_by_the_call(tmp_path: Path) -> None:
    environment = {"GATEWAY_DATABASE_URL": "postgresql://ann:secret-word@[::1/jobs"}
    config = project(tmp_path, "http://127.0.0.1:1", sleeping(1), DETACHED)
    told: list[str] = []
    front = open_front(config, environment, lambda found: told.extend(map(str, found)))
    front.warm()
    while not told:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert "no URL of a database" in told[0]
    with pytest.raises(GatewayError, match="no URL of a database") as caught:
        await front.running()
    assert "secret-word" not in str(caught.value) + told[0]
    await front.close()
