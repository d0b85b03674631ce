"""What clients of both eras see, in memory, over stdio and over HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from mcp import Client, MCPError
from mcp.types import (
    BlobResourceContents,
    ImageContent,
    RequestParamsMeta,
    ResourceLink,
    TextContent,
    TextResourceContents,
    ToolListChangedNotification,
)

from gateway import __version__
from gateway.graph.json_value import JsonObject
from gateway.jobs.job import Progress
from gateway.server.mcp_server import INSTRUCTIONS, GatewayServer
from gateway.services.settings import GatewaySettings
from gateway.tools.answer import Answer
from tests.server.doors import (
    ERAS,
    EVERYWHERE,
    LEGACY,
    MODERN,
    Program,
    behind_http,
    client_with_key,
    connected,
)
from tests.server.memory_gateway import PNG, MemoryGateway, until

DOORS = ("memory", "stdio", "http")

pytestmark = [pytest.mark.timeout(20)]

everywhere = pytest.mark.parametrize(("door", "mode"), EVERYWHERE)
both_eras = pytest.mark.parametrize("mode", ERAS)


@everywhere
async def test_tools_are_listed_as_they_are_published(door: str, mode: str, tmp_path: Path) -> None:
    async with connected(door, mode, tmp_path) as client:
        listed = (await client.list_tools()).tools
        again = (await client.list_tools()).tools
    wire = [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in listed]
    published = [each.as_wire() for each in MemoryGateway().table.tools.values()]
    assert [each for each in wire if each["name"] not in ("publish", "finish")] == published
    assert again == listed


@pytest.mark.parametrize(
    ("door", "mode"),
    [each for each in EVERYWHERE if each[1] != MODERN],  # who pins a version asks nobody who it is
)
async def test_the_server_says_who_it_is_and_how_to_go_on(
    door: str, mode: str, tmp_path: Path
) -> None:
    async with connected(door, mode, tmp_path) as client:
        info, capabilities = client.server_info, client.server_capabilities
        assert info is not None
        assert (info.name, info.version) == ("comfyui-gateway", __version__)
        assert client.instructions == INSTRUCTIONS
        assert capabilities.tools is not None
        assert capabilities.tools.list_changed
        assert capabilities.logging is None
    assert len(INSTRUCTIONS.encode()) < 2048


@everywhere
async def test_an_answer_is_text_then_previews_then_links_and_structured_content(
    door: str, mode: str, tmp_path: Path
) -> None:
    async with connected(door, mode, tmp_path) as client:
        await client.list_tools()
        result = await client.call_tool("quick", {"text": "a"})
    text, image, *links = result.content
    assert isinstance(text, TextContent)
    assert text.text == "quick: completed"
    assert isinstance(image, ImageContent)
    assert (base64.b64decode(image.data), image.mime_type) == (b"RIFFWEBP", "image/webp")
    assert [type(each) for each in links] == [ResourceLink, ResourceLink]
    assert result.structured_content["status"] == "completed"
    assert result.structured_content["parameters"] == {"text": "a"}
    assert not result.is_error
    output = result.structured_content["outputs"][0]
    assert ("path" in output, "url" in output) == (door != "http", door == "http")


@pytest.mark.parametrize("mode", ERAS)
async def test_the_idempotency_key_is_that_of_the_request_s_meta(mode: str) -> None:
    async with behind_http() as behind, client_with_key(behind.url, "any", mode) as client:
        meta = cast("RequestParamsMeta", {"comfyui-gateway/idempotency-key": "once"})
        await client.call_tool("quick", {}, meta=meta)
        await client.call_tool("quick", {})
        assert [each.key for each in behind.gateway.askings] == ["once", None]


@everywhere
async def test_outputs_are_read_as_resources(door: str, mode: str, tmp_path: Path) -> None:
    async with connected(door, mode, tmp_path) as client:
        result = await client.call_tool("quick")
        uris = [each["uri"] for each in result.structured_content["outputs"]]
        read = [(await client.read_resource(uri)).contents[0] for uri in uris]
        job_uri = f"comfyui://jobs/{result.structured_content['job_id']}"
        [job] = (await client.read_resource(job_uri)).contents
        templates = (await client.list_resource_templates()).resource_templates
        listed = (await client.list_resources()).resources
    image, note, drawing = read
    assert isinstance(image, BlobResourceContents)
    assert (base64.b64decode(image.blob), image.mime_type) == (PNG, "image/png")
    assert isinstance(note, TextResourceContents)
    assert (note.text, note.mime_type) == ("a lighthouse", "text/plain")
    assert isinstance(drawing, BlobResourceContents)
    assert isinstance(job, TextResourceContents)
    assert '"status": "completed"' in job.text
    assert [each.uri_template for each in templates] == [
        "comfyui://jobs/{job_id}",
        "comfyui://jobs/{job_id}/outputs/{index}",
    ]
    assert [str(each.uri) for each in listed] == [
        "comfyui://jobs/recent",
        "comfyui://jobs/statistics",
    ]


@everywhere
async def test_overviews_are_read_as_resources(door: str, mode: str, tmp_path: Path) -> None:
    async with connected(door, mode, tmp_path) as client:
        result = await client.call_tool("quick")
        [recent] = (await client.read_resource("comfyui://jobs/recent")).contents
        [statistics] = (await client.read_resource("comfyui://jobs/statistics")).contents
    assert isinstance(recent, TextResourceContents)
    assert (recent.mime_type, str(recent.uri)) == ("application/json", "comfyui://jobs/recent")
    [job] = json.loads(recent.text)["jobs"]
    assert job["job_id"] == result.structured_content["job_id"]
    assert isinstance(statistics, TextResourceContents)
    assert json.loads(statistics.text) == {"total_jobs": 3}


@both_eras
async def test_an_overview_is_of_the_callers_own_jobs(mode: str) -> None:
    keys = {"ann": "k" * 20, "bob": "l" * 20}
    async with behind_http(keys) as behind:
        async with client_with_key(behind.url, keys["ann"], mode) as ann:
            await ann.call_tool("quick")
            [hers] = (await ann.read_resource("comfyui://jobs/recent")).contents
        async with client_with_key(behind.url, keys["bob"], mode) as bob:
            [his] = (await bob.read_resource("comfyui://jobs/recent")).contents
            await bob.read_resource("comfyui://jobs/statistics")
    assert isinstance(hers, TextResourceContents)
    assert isinstance(his, TextResourceContents)
    assert (json.loads(hers.text)["total"], json.loads(his.text)["total"]) == (1, 0)
    assert behind.gateway.askings[-1].caller == "bob"


async def test_an_overview_that_cannot_be_made_is_an_error_that_says_why() -> None:
    error: JsonObject = {"code": "store-unreachable"}
    gateway = MemoryGateway()
    gateway.statistics = Answer("The database does not answer.", {"error": error}, failed=True)
    async with behind_http(gateway=gateway) as behind, Client(behind.url) as client:
        with pytest.raises(MCPError, match=r"The database does not answer\.") as caught:
            await client.read_resource("comfyui://jobs/statistics")
    assert caught.value.error.data == {"error": error}


@everywhere
async def test_a_resource_that_is_not_there_is_32602_with_its_uri(
    door: str, mode: str, tmp_path: Path
) -> None:
    async with connected(door, mode, tmp_path) as client:
        for uri in (
            "comfyui://jobs/nobody",
            "comfyui://jobs/nobody/outputs/0",
            "comfyui://jobs/a/outputs/-1",
            "comfyui://jobs/a/outputs/01",
            "comfyui://jobs/../../etc/passwd",
            "file:///etc/passwd",
        ):
            with pytest.raises(MCPError) as raised:
                await client.read_resource(uri)
            assert raised.value.error.code == -32602
            assert raised.value.error.data == {"uri": uri}


@both_eras
async def test_a_file_that_is_text_is_read_as_text(mode: str) -> None:
    gateway = MemoryGateway()
    async with Client(GatewayServer(gateway, GatewaySettings()), mode=mode) as client:
        await client.call_tool("quick")
        gateway.only.job = replace(
            gateway.only.job,
            outputs=(
                gateway.file("a.json", "application/json", b'{"a": 1}'),
                gateway.file("a.txt", "text/plain", "é".encode()),
                gateway.file("b.txt", "text/plain", b"\xff no UTF-8"),
            ),
        )
        job = f"comfyui://jobs/{gateway.only.job.id}/outputs"
        read = [(await client.read_resource(f"{job}/{index}")).contents[0] for index in range(3)]
    data, text, other = read
    assert isinstance(data, TextResourceContents)
    assert (data.text, data.mime_type) == ('{"a": 1}', "application/json")
    assert isinstance(text, TextResourceContents)
    assert text.text == "é"
    assert isinstance(other, BlobResourceContents)
    assert base64.b64decode(other.blob) == b"\xff no UTF-8"


@both_eras
async def test_a_file_too_large_for_a_resource_is_told_with_its_path(mode: str) -> None:
    gateway = MemoryGateway()
    async with Client(GatewayServer(gateway, GatewaySettings()), mode=mode) as client:
        await client.call_tool("quick")
        large = gateway.file("film.mp4", "video/mp4", b"", size=16 * 2**20 + 1)
        gateway.only.job = replace(gateway.only.job, outputs=(large,))
        with pytest.raises(MCPError, match=r"Fetch it at /outputs/.*film\.mp4") as raised:
            await client.read_resource(f"comfyui://jobs/{gateway.only.job.id}/outputs/0")
    assert raised.value.error.code == -31001
    assert raised.value.error.data["path"] == f"/outputs/{large.key}"


@everywhere
async def test_an_unknown_tool_is_a_protocol_error_with_near_matches(
    door: str, mode: str, tmp_path: Path
) -> None:
    async with connected(door, mode, tmp_path) as client:
        with pytest.raises(MCPError) as raised:
            await client.call_tool("quik", {})
    assert raised.value.error.code == -32602
    assert raised.value.error.data == {"tool": "quik", "close_matches": ["quick"]}


@everywhere
async def test_whatever_goes_wrong_in_a_call_is_a_result_the_caller_can_act_on(
    door: str, mode: str, tmp_path: Path
) -> None:
    async with connected(door, mode, tmp_path) as client:
        await client.list_tools()
        wrong = await client.call_tool("wrong", {})
        crash = await client.call_tool("crash", {})
    assert wrong.is_error
    assert wrong.structured_content["error"]["code"] == "input-refused"
    assert crash.is_error
    assert crash.structured_content["error"]["code"] == "internal-error"
    assert "secret" not in crash.model_dump_json()


@both_eras
async def test_a_tool_withdrawn_in_mid_call_is_an_unknown_tool(mode: str, tmp_path: Path) -> None:
    async with connected("memory", mode, tmp_path) as client:
        with pytest.raises(MCPError, match="Unknown tool 'gone'"):
            await client.call_tool("gone", {})


@pytest.mark.parametrize(
    ("door", "mode"), [("memory", LEGACY), ("http", LEGACY), ("http", "auto"), ("http", MODERN)]
)
async def test_progress_is_told_with_growing_numbers(door: str, mode: str) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    gateway = MemoryGateway()
    async with behind_http(gateway=gateway) as behind:
        where: Any = behind.url if door == "http" else GatewayServer(gateway, GatewaySettings())
        async with Client(where, mode=mode) as client:
            call = asyncio.create_task(client.call_tool("paint", {}, progress_callback=on_progress))
            await until(lambda: len(told) == 1)
            for step in (5, 20):
                gateway.move(gateway.only, Progress(step, 20, "3", "KSampler"))
                await until(lambda step=step: told[-1][0] == step)
            gateway.finish(gateway.only)
            assert not (await call).is_error
    assert told == [(0.001, None, "queued"), (5, 20, "KSampler 5/20"), (20, 20, "KSampler 20/20")]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("mode", [LEGACY])
async def test_2025_clients_are_told_that_the_tools_changed(
    door: str, mode: str, tmp_path: Path
) -> None:
    told = asyncio.Event()

    async def on_message(message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            told.set()

    gateway = MemoryGateway()
    if door == "stdio":
        parameters = Program(tmp_path / "log").parameters
        async with Client(parameters, mode=mode, message_handler=on_message) as client:
            await client.call_tool("publish")
            await asyncio.wait_for(told.wait(), 4)
            assert "restyle" in {each.name for each in (await client.list_tools()).tools}
        return
    async with behind_http(gateway=gateway) as behind:
        where: Any = behind.url if door == "http" else GatewayServer(gateway, GatewaySettings())
        async with Client(where, mode=mode, message_handler=on_message) as client:
            before = await client.list_tools()
            async with asyncio.timeout(4):
                while not told.is_set():  # its stream for news opens some time after it connects
                    await gateway.publish("restyle")
                    await asyncio.sleep(0.02)
            assert "restyle" in {each.name for each in (await client.list_tools()).tools}
            assert "restyle" not in {each.name for each in before.tools}


@pytest.mark.parametrize("door", DOORS)
async def test_2026_clients_listen_for_changed_tools(door: str, tmp_path: Path) -> None:
    gateway = MemoryGateway()
    async with behind_http(gateway=gateway) as behind:
        where: Any = behind.url if door == "http" else GatewayServer(gateway, GatewaySettings())
        if door == "stdio":
            where = Program(tmp_path / "log").parameters
        async with (
            Client(where, mode=MODERN) as client,
            client.listen(tools_list_changed=True) as events,
        ):
            if door == "stdio":
                await client.call_tool("publish")
            else:
                await gateway.publish("restyle")
            async with asyncio.timeout(4):
                event = await anext(aiter(events))
            assert type(event).__name__ == "ToolsListChanged"
            assert "restyle" in {each.name for each in (await client.list_tools()).tools}


@both_eras
async def test_what_runs_jobs_is_loaded_after_the_first_list_and_not_before(mode: str) -> None:
    gateway = MemoryGateway()
    async with Client(GatewayServer(gateway, GatewaySettings()), mode=mode) as client:
        assert gateway.warmed == []
        await client.list_tools()
        await client.list_tools()
        await until(lambda: gateway.warmed != [])
    assert gateway.warmed == [0]
