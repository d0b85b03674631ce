"""What webhooks are to be told outlasts the gateway, in a file as on a server."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from gateway.simulator.server import Simulator
from gateway.tools.running import Asking
from tests.fetch.receiver import HANG, independent_signature, receiving
from tests.front.webhooks import ENVIRONMENT, gateway, project, told_of

pytestmark = [pytest.mark.timeout(60), pytest.mark.servers]


@pytest.fixture
async def simulator() -> AsyncGenerator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
def database(place: str) -> dict[str, str]:
    """Return the environment that has jobs kept there."""
    return {"GATEWAY_DATABASE_URL": place} if "://" in place else {}


async def test_a_gateway_killed_while_it_tells_leaves_it_to_the_next_one(
    tmp_path: Path, simulator: Simulator, database: dict[str, str]
) -> None:
    words = ["-c", "from gateway.cli.main import main; main()", "serve", "--config"]
    async with receiving(HANG) as receiver:
        config = project(tmp_path, simulator, receiver)
        parameters = StdioServerParameters(
            command=sys.executable,
            args=[*words, str(config)],
            env={**os.environ, **ENVIRONMENT, **database},
        )
        with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: ASYNC230, PTH123
            async with Client(stdio_client(parameters, errlog=nowhere), cache=None) as client:
                answer = await client.call_tool("run", {})
                await receiver.until(lambda got: len(got) == 1)
                (child,) = psutil.Process().children()
                child.send_signal(signal.SIGKILL)
                child.wait(5)
        async with gateway(config, **database) as second:
            first, again = await receiver.until(lambda got: len(got) == 2)
            record: dict[str, str] = answer.structured_content or {}
            job_id = record["job_id"]
            told = await told_of(second, job_id, "delivered")
    assert told == {"status": "delivered", "attempts": 2, "last_error": None}
    assert first.headers["webhook-id"] == again.headers["webhook-id"] == job_id
    assert first.body == again.body
    assert again.headers["webhook-signature"] == independent_signature(again)


async def test_what_could_not_be_told_is_told_after_a_restart(
    tmp_path: Path, simulator: Simulator, database: dict[str, str]
) -> None:
    async with receiving(HANG) as receiver:
        config = project(tmp_path, simulator, receiver)
        async with gateway(config, **database) as first:
            answer = await first.call("run", {}, Asking())
            await receiver.until(lambda got: len(got) == 1)
        async with gateway(config, **database) as second:
            await receiver.until(lambda got: len(got) == 2)
            told = await told_of(second, str(answer.structured["job_id"]), "delivered")
    assert told["attempts"] == 2


async def test_several_gateways_tell_each_end_once(
    tmp_path: Path, simulator: Simulator, database: dict[str, str]
) -> None:
    async with receiving() as receiver, AsyncExitStack() as stack:
        config = project(tmp_path, simulator, receiver)
        gateways = [await stack.enter_async_context(gateway(config, **database)) for _ in range(3)]
        answers = await asyncio.gather(
            *(each.call("run", {"color": n}, Asking()) for n in range(4) for each in gateways)
        )
        ids = {str(answer.structured["job_id"]) for answer in answers}
        for job_id in ids:
            await told_of(gateways[0], job_id, "delivered")
    assert len(ids) == 12
    assert sorted(message.headers["webhook-id"] for message in receiver.got) == sorted(ids)
