"""On a cluster, too, each end is told once, whichever machine ran the job and whichever tells it."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from gateway.simulator.server import Simulator
from gateway.tools.running import Asking
from tests.dispatch.deployment import opened_front
from tests.fetch.receiver import receiving
from tests.front.webhooks import ENVIRONMENT, project, told_of

pytestmark = [pytest.mark.timeout(60), pytest.mark.servers]


async def test_the_ends_of_jobs_that_workers_ran_are_told_once(
    tmp_path: Path, new_database: str
) -> None:
    environment = {**ENVIRONMENT, "GATEWAY_DATABASE_URL": new_database}
    async with Simulator() as simulator, receiving() as receiver, AsyncExitStack() as stack:
        config = project(tmp_path, simulator, receiver)
        document = json.loads(config.read_text("utf-8"))
        document["jobs"] = {"dispatch": "cluster", "lease": "2s"}
        config.write_text(json.dumps(document), encoding="utf-8")
        front = await stack.enter_async_context(opened_front(config, environment))
        await stack.enter_async_context(opened_front(config, environment, ("sim",)))
        ids: list[str] = []
        for color in range(3):
            answer = await front.call("run", {"color": color}, Asking())
            ids.append(str(answer.structured["job_id"]))
        for job_id in ids:
            told = await told_of(front, job_id, "delivered")
            assert told["attempts"] == 1
    assert sorted(each.headers["webhook-id"] for each in receiver.got) == sorted(ids)
