"""A caller who cancels is told apart from a connection that just goes away, over real transports."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx2 as httpx
import pytest
from mcp import Client

from tests.server.doors import ERAS, LEGACY, MODERN, Program, behind_http
from tests.server.memory_gateway import MemoryGateway, until

pytestmark = pytest.mark.timeout(20)

both_eras = pytest.mark.parametrize("mode", [LEGACY, MODERN])


async def cancelled_call(client: Client, gateway: MemoryGateway) -> None:
    """Call `paint`, and cancel the call once its job runs."""
    call = asyncio.create_task(client.call_tool("paint", {}))
    await until(lambda: len(gateway.works) == 1)
    call.cancel()
    await asyncio.wait({call})


@pytest.mark.parametrize("mode", ERAS)
async def test_a_cancel_over_http_stops_the_job(mode: str) -> None:
    async with behind_http() as behind, Client(behind.url, mode=mode) as client:
        await cancelled_call(client, behind.gateway)
        await until(lambda: behind.gateway.only.left != "")
        assert behind.gateway.only.left == "cancelled"
        assert behind.gateway.only.job.status == "cancelled"


@both_eras
async def test_after_a_cancel_the_same_connection_serves_the_next_call(mode: str) -> None:
    async with behind_http() as behind, Client(behind.url, mode=mode) as client:
        await cancelled_call(client, behind.gateway)
        assert not (await client.call_tool("quick", {})).is_error


async def test_a_cancel_reaches_only_the_call_it_names() -> None:
    async with (
        behind_http() as behind,
        Client(behind.url, mode=LEGACY) as one,
        Client(behind.url, mode=LEGACY) as other,
    ):
        calls = [asyncio.create_task(each.call_tool("paint", {})) for each in (one, other)]
        await until(lambda: len(behind.gateway.works) == 2)
        calls[0].cancel()
        await until(lambda: any(work.left for work in behind.gateway.works.values()))
        left = sorted(work.left for work in behind.gateway.works.values())
        assert left == ["", "cancelled"]
        for work in behind.gateway.works.values():
            behind.gateway.finish(work)
        assert not (await calls[1]).is_error


async def test_a_dropped_post_of_2025_does_not_touch_the_call() -> None:
    async with behind_http() as behind, httpx.AsyncClient(timeout=4) as http:
        session = await legacy_session(http, behind.url)
        async with http.stream("POST", behind.url, json=paint(7), headers=session) as response:
            assert response.status_code == 200
            await until(lambda: len(behind.gateway.works) == 1)
        await http.post(behind.url, json=rpc("ping", 8), headers=session)
        assert behind.gateway.only.left == ""
        behind.gateway.finish(behind.gateway.only)


async def test_a_session_of_2025_that_is_ended_has_gone() -> None:
    async with behind_http() as behind, httpx.AsyncClient(timeout=4) as http:
        session = await legacy_session(http, behind.url)
        async with http.stream("POST", behind.url, json=paint(7), headers=session):
            await until(lambda: len(behind.gateway.works) == 1)
            await http.delete(behind.url, headers=session)
            await until(lambda: behind.gateway.only.left != "")
        assert behind.gateway.only.left == "gone"
        assert not behind.gateway.only.job.finished


@pytest.mark.parametrize("mode", [LEGACY, MODERN])
async def test_a_server_that_stops_is_no_cancel(mode: str) -> None:
    async with behind_http() as behind:
        client = Client(behind.url, mode=mode, read_timeout_seconds=10)
        async with client:
            call = asyncio.create_task(client.call_tool("paint", {}))
            await until(lambda: len(behind.gateway.works) == 1)
            gateway = behind.gateway
            await behind.stop()
            await asyncio.wait({call}, timeout=4)
            await until(lambda: gateway.only.left != "")
            assert gateway.only.left == "gone"


@both_eras
async def test_a_cancel_over_stdio_stops_the_job(mode: str, tmp_path: Path) -> None:
    program = Program(tmp_path / "log")
    async with Client(program.parameters, mode=mode) as client:
        call = asyncio.create_task(client.call_tool("paint", {}))
        await until(lambda: "called paint" in program.lines)
        call.cancel()
        await until(lambda: len(program.lines) == 2)
        assert program.lines == ["called paint", "left paint cancelled cancelled"]
        assert not (await client.call_tool("quick", {})).is_error


@both_eras
async def test_the_end_of_stdin_is_no_cancel_and_the_process_ends_promptly(
    mode: str, tmp_path: Path
) -> None:
    program = Program(tmp_path / "log")
    process = await program.start()
    await program.say(process, *program.opening(mode))
    await until(lambda: "called paint" in program.lines)
    assert process.stdin is not None
    process.stdin.close()
    async with asyncio.timeout(4):  # a second is meant; the machine may be busy with other tests
        assert await process.wait() == 0
    assert program.lines == ["called paint", "left paint gone pending", "closing", "ended"]


async def test_what_closes_the_gateway_is_cut_off_after_a_second(tmp_path: Path) -> None:
    program = Program(tmp_path / "log", {"MEMORY_GATEWAY_HANGS": "1"})
    process = await program.start()
    await program.say(process, *program.opening(MODERN))
    await until(lambda: "called paint" in program.lines)
    assert process.stdin is not None
    process.stdin.close()
    async with asyncio.timeout(4.5):
        assert await process.wait() == 0
    assert program.lines[-2:] == ["closing", "ended"]


async def legacy_session(http: httpx.AsyncClient, url: str) -> dict[str, str]:
    """Shake hands by hand, and return the headers of the session."""
    headers = {"accept": "application/json, text/event-stream"}
    answer = await http.post(url, json=initialize(), headers=headers)
    assert answer.status_code == 200
    headers["mcp-session-id"] = answer.headers["mcp-session-id"]
    await http.post(
        url, json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=headers
    )
    return headers


def initialize() -> dict[str, object]:
    """Return the first request of 2025."""
    client = {"name": "test", "version": "1"}
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
    return rpc("initialize", 1, **params)


def rpc(method: str, request_id: int, **params: object) -> dict[str, object]:
    """Return a request."""
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def paint(request_id: int) -> dict[str, object]:
    """Return a call of the service that runs until it is told to end."""
    return json.loads(json.dumps(rpc("tools/call", request_id, name="paint", arguments={})))
