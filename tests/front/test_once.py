"""Idempotency keys over the whole path: two gateways on one store, and our own client."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.simulator.server import Simulator
from gateway.tools.running import Asking
from tests.facts.whole import image, prompts_posted, save
from tests.front.test_restarts import COLORED, ended, gateway, project

pytestmark = pytest.mark.timeout(60)

ONCE = Asking(key="once")


async def test_a_call_sent_to_two_gateways_at_the_same_moment_is_one_job(tmp_path: Path) -> None:
    async with Simulator() as simulator:
        config = project(tmp_path, simulator.url, {"1": image(), "2": save()}, COLORED)
        async with gateway(config) as one, gateway(config) as two:
            jobs = await asyncio.gather(
                *(each.start("run", {"color": 7}, ONCE) for each in (one, two) * 3)
            )
            assert len({each.id for each in jobs}) == 1
            done = [await ended(each, jobs[0]) for each in (one, two)]
            assert {each.status for each in done} == {"completed"}
            late = await two.call("run", {"color": 7}, ONCE)
            assert late.structured["job_id"] == jobs[0].id
            other = await one.call("run", {"color": 8}, ONCE)
            assert other.failed
            assert "stands for another call" in other.text
        async with gateway(config) as after:
            again = await after.start("run", {"color": 7}, ONCE)
            assert (again.id, again.status) == (jobs[0].id, "completed")
        assert prompts_posted(simulator) == 1
