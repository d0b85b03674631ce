"""What goes wrong with the SDK unless one knows; one test for each, in the order they were met."""

from __future__ import annotations

import asyncio
import gc
import json
import warnings
from pathlib import Path

import httpx2 as httpx
import pytest
from mcp import Client
from mcp.types import ToolListChangedNotification

from gateway.server.http import http_app
from gateway.server.mcp_server import GatewayServer
from gateway.services.settings import GatewaySettings, HttpSettings
from gateway.tools.answer import Answer
from tests.server.doors import ERAS, EVERYWHERE, LEGACY, MODERN, behind_http, connected
from tests.server.memory_gateway import MemoryGateway
from tests.server.test_departures import initialize, rpc

pytestmark = pytest.mark.timeout(20)

SETTINGS = GatewaySettings()


async def test_pitfall_1_a_2025_http_client_sees_that_the_list_of_tools_can_change() -> None:
    async with behind_http() as behind, Client(behind.url, mode=LEGACY) as client:
        capabilities = client.server_capabilities
        assert capabilities.tools is not None
        assert capabilities.tools.list_changed is True


async def test_pitfall_2_a_call_over_http_does_not_list_every_tool() -> None:
    async with behind_http() as behind, httpx.AsyncClient(timeout=4) as http:
        answer = await http.post(
            behind.url,
            json=modern("tools/call", name="quick", arguments={"text": "x"}),
            headers=modern_headers("tools/call", "quick"),
        )
        assert answer.json()["result"]["structuredContent"]["status"] == "completed"
        assert behind.gateway.lists == 0
        async with Client(behind.url, mode=MODERN) as client:
            await client.list_tools()
        assert behind.gateway.lists == 1


@pytest.mark.parametrize(("door", "mode"), EVERYWHERE)
async def test_pitfall_3_a_plain_list_says_that_it_is_complete(
    door: str, mode: str, tmp_path: Path
) -> None:
    async with connected(door, mode, tmp_path) as client:
        result = await client.list_tools()
    assert result.result_type == "complete"
    assert result.tools


@pytest.mark.parametrize("mode", ERAS)
async def test_pitfall_4_every_exception_is_a_result_and_hides_nothing_of_use(mode: str) -> None:
    async with Client(GatewayServer(MemoryGateway(), SETTINGS), mode=mode) as client:
        await client.list_tools()
        wrong = await client.call_tool("wrong", {"steps": 0})
    assert wrong.is_error
    assert wrong.content[0].model_dump()["text"] == "/steps: is 0; the least is 1. Use at least 1."
    assert wrong.structured_content["error"]["faults"] == [
        {"pointer": "/steps", "message": "is 0; the least is 1"}
    ]


@pytest.mark.parametrize("mode", ERAS)
async def test_pitfall_4_a_call_without_arguments_is_one_with_none(mode: str) -> None:
    gateway = MemoryGateway()
    async with Client(GatewayServer(gateway, SETTINGS), mode=mode) as client:
        await client.list_tools()
        result = await client.session.call_tool("quick", None)
    assert result.structured_content["parameters"] == {}


@pytest.mark.parametrize("mode", ERAS)
async def test_pitfall_5_structured_content_is_an_object_that_fits_the_declared_schema(
    mode: str,
) -> None:
    gateway = MemoryGateway()
    gateway.large = Answer("x" * 2_000_000, {"job_id": "1", "service": "large", "status": "ok"})
    async with Client(GatewayServer(gateway, SETTINGS), mode=mode) as client:
        await client.list_tools()  # the client checks results against what was listed
        for name in ("quick", "large", "crash", "wrong"):
            result = await client.call_tool(name, {})
            assert isinstance(result.structured_content, dict)


async def test_pitfall_6_a_2025_peer_is_still_reached_after_its_first_message_is_long_gone() -> (
    None
):
    told = asyncio.Event()

    async def on_message(message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            told.set()

    gateway = MemoryGateway()
    server = GatewayServer(gateway, SETTINGS)
    async with Client(server, mode=LEGACY, message_handler=on_message) as client:
        await client.list_tools()
        gc.collect()
        await gateway.publish("restyle")
        await asyncio.wait_for(told.wait(), 4)
    assert len(server.peers) == 1


def test_pitfall_7_no_schema_of_ours_uses_type_lists_or_combinators_at_its_top() -> None:
    for definition in MemoryGateway().table.tools.values():
        for schema in (definition.input_schema, definition.output_schema):
            assert schema["type"] == "object"
            assert not {"anyOf", "oneOf", "allOf"} & schema.keys()
            assert '"type": [' not in json.dumps(schema)


@pytest.mark.parametrize("mode", ERAS)
async def test_pitfall_8_there_is_no_logging_capability_and_no_warning_of_the_sdk(
    mode: str,
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        server = GatewayServer(MemoryGateway(), SETTINGS)
        async with Client(server, mode=mode) as client:
            await client.list_tools()
            await client.call_tool("quick", {})
    assert server.get_capabilities().logging is None


async def test_pitfall_9_a_server_on_every_address_still_looks_at_host_and_origin() -> None:
    everywhere = "0.0.0.0"  # noqa: S104 - the app is asked in memory
    settings = GatewaySettings(
        http=HttpSettings(host=everywhere, allowed_hosts=("mcp.example.com",))
    )
    app = http_app(MemoryGateway(), settings, {"ann": "key"})
    transport = httpx.ASGITransport(app)
    headers = {"x-api-key": "key"}
    async with httpx.AsyncClient(transport=transport, headers=headers) as client:
        host = await client.post("http://evil.example/mcp", json=initialize())
        origin = await client.post(
            "http://mcp.example.com/mcp",
            json=initialize(),
            headers={"origin": "http://evil.example"},
        )
    assert (host.status_code, origin.status_code) == (421, 403)


@pytest.mark.parametrize("mode", ERAS)
async def test_pitfall_10_the_remembered_list_is_that_of_the_version_and_the_table(
    mode: str,
) -> None:
    gateway = MemoryGateway()
    server = GatewayServer(gateway, SETTINGS)
    async with Client(server, mode=mode) as client:
        first = await client.list_tools()
        assert await client.list_tools() == first
        await gateway.publish("restyle")
        second = await client.list_tools()
        async with Client(server, mode=LEGACY if mode != LEGACY else MODERN) as other:
            assert (await other.list_tools()).tools == second.tools
    assert "restyle" not in {each.name for each in first.tools}
    assert "restyle" in {each.name for each in second.tools}


async def test_pitfall_10_nothing_is_answered_from_memory_before_the_handshake() -> None:
    async with behind_http() as behind, httpx.AsyncClient(timeout=4) as http:
        async with Client(behind.url, mode=LEGACY) as client:
            await client.list_tools()
        headers = {"accept": "application/json, text/event-stream"}
        answer = await http.post(behind.url, json=rpc("tools/list", 1), headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize("mode", ERAS)
async def test_pitfall_10_a_cursor_is_not_answered_from_memory(mode: str) -> None:
    async with Client(GatewayServer(MemoryGateway(), SETTINGS), mode=mode) as client:
        await client.list_tools()
        with pytest.raises(Exception, match="the list of tools has one page"):
            await client.list_tools(cursor="2")


@pytest.mark.parametrize("mode", ERAS)
async def test_pitfall_12_nothing_may_be_kept_by_a_client(mode: str) -> None:
    gateway = MemoryGateway()
    async with Client(GatewayServer(gateway, SETTINGS), mode=mode) as client:
        listed = await client.list_tools()
        templates = await client.list_resource_templates()
        await gateway.publish("restyle")
        assert "restyle" in {each.name for each in (await client.list_tools()).tools}
    if mode != LEGACY:
        for each in (listed, templates):
            assert (each.ttl_ms, each.cache_scope) == (0, "private")


async def test_an_older_client_gets_links_as_text() -> None:
    async with behind_http() as behind, httpx.AsyncClient(timeout=4) as http:
        hello = initialize()
        params = hello["params"]
        assert isinstance(params, dict)
        params["protocolVersion"] = "2024-11-05"
        headers = {"accept": "application/json, text/event-stream"}
        answer = await http.post(behind.url, json=hello, headers=headers)
        headers["mcp-session-id"] = answer.headers["mcp-session-id"]
        done = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        await http.post(behind.url, json=done, headers=headers)
        call = rpc("tools/call", 2, name="quick", arguments={})
        answer = await http.post(behind.url, json=call, headers=headers)
    data = next(
        line for line in answer.text.splitlines() if line.startswith("data:") and "result" in line
    )
    content = json.loads(data.removeprefix("data:"))["result"]["content"]
    assert [each["type"] for each in content] == ["text", "image"]
    assert "a b.png: comfyui://jobs/" in content[0]["text"]


def modern(method: str, **params: object) -> dict[str, object]:
    """Return a request of 2026."""
    meta: dict[str, object] = {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    return rpc(method, 1, **params, _meta=meta)


def modern_headers(method: str, name: str) -> dict[str, str]:
    """Return the headers that 2026 wants beside it."""
    return {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": MODERN,
        "mcp-method": method,
        "mcp-name": name,
    }
