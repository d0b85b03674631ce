"""A gateway that dies in the midst of a batch: another one has it whole."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from gateway.graph.json_value import JsonObject
from gateway.simulator.server import Simulator
from tests.facts.whole import assert_each_posted_once, prompts_posted, sleeping
from tests.reliability.served import Served, served, write_services
from tests.reliability.test_owners import SOON, until_posted

pytestmark = [pytest.mark.timeout(120), pytest.mark.servers]

SERVICE: JsonObject = {
    "wait": "0s",
    "parameters": {"color": {"node": "1", "widget": "color", "batch": "values"}},
}


def size_of(path: str) -> int:
    """Return the bytes of a file."""
    return Path(path).stat().st_size


async def told(gateway: Served, tool: str, **arguments: Any) -> dict[str, Any]:
    """Call a tool and return its structured content."""
    answer = await gateway.client.call_tool(tool, arguments)
    return answer.structured_content or {}


async def test_what_was_stored_when_a_gateway_died_is_the_whole_batch(
    tmp_path: Path, simulator: Simulator, place: str
) -> None:
    config = write_services(tmp_path, simulator, sleeping(0.05), SERVICE, place)
    words = ("-m", "tests.reliability.dying", str(config), "stored", '{"color": [1, 2, 3]}')
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE
    )
    await asyncio.wait_for(process.communicate(), SOON)
    assert process.returncode == -signal.SIGKILL
    async with served(config) as gateway:
        listed = (await told(gateway, "list_jobs"))["jobs"]
        (batch,) = {each["batch_id"] for each in listed}
        assert await gateway.status(batch, SOON) == "completed"
        result = await told(gateway, "get_job_result", job_id=batch)
    assert result["batch"] == {"size": 3, "completed": 3}
    assert prompts_posted(simulator) == 3


async def test_a_killed_gateways_batch_is_finished_and_answered_by_the_next_one(
    tmp_path: Path, simulator: Simulator, place: str
) -> None:
    config = write_services(tmp_path, simulator, sleeping(0.4), SERVICE, place)
    async with served(config) as one:
        begun = await told(one, "run", color=[1, 2, 3, 4])
        batch = begun["job_id"]
        await until_posted(simulator, 2)  # the first is done, others wait
        one.process.send_signal(signal.SIGKILL)
        async with served(config) as two:
            assert await two.status(batch, SOON) == "completed"
            result = await told(two, "get_job_result", job_id=batch)
            listed = await two.jobs()
    assert result["batch"] == {"size": 4, "completed": 4}
    assert [each["parameters"]["color"] for each in result["jobs"]] == [1, 2, 3, 4]
    assert sorted(listed) == sorted(each["job_id"] for each in result["jobs"])
    sheet, *outputs = result["outputs"]
    assert sheet["name"] == "contact_sheet"
    assert size_of(sheet["path"]) == sheet["size_bytes"]
    assert len(outputs) == 2 * len(listed)
    assert prompts_posted(simulator) == 4
    assert_each_posted_once(simulator)
