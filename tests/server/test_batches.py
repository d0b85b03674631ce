"""Calls that make several jobs, as clients of both eras see them over both transports."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from mcp import Client, MCPError
from mcp.types import BlobResourceContents, ImageContent, ResourceLink, TextResourceContents
from PIL import Image

from gateway.client.client import GatewayClient
from gateway.client.line import Address
from gateway.client.reply import RemoteJob, Reply
from gateway.server.tasks import TASKS
from gateway.simulator.server import Simulator
from tests.server.doors import MODERN, client_with_key
from tests.server.test_end_to_end import Studio, both_eras, project

pytestmark = [pytest.mark.servers, pytest.mark.timeout(60)]

SERVICES = """\
version: 1
backends:
  studio: {url: "${COMFYUI_URL}"}
services:
  variations:
    workflow: text_to_image.json
    batch_limit: 6
    parameters:
      prompt: {node: {title: Positive}, widget: text, required: true, batch: values}
      seed: {node: "3", widget: seed, default: random}
      steps: {node: "3", widget: steps, default: 2}
      count: {batch: count}
    outputs:
      image: {node: "9"}
"""
ARGUMENTS: dict[str, Any] = {"prompt": ["a fox", "a dog"], "count": 2}


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with Simulator() as simulator:
        folder = project(tmp_path / "studio")
        (folder / "services.yaml").write_text(SERVICES)
        yield Studio(folder, simulator)


@both_eras
async def test_a_batch_over_stdio_answers_with_its_sheet_and_everything_it_made(
    mode: str, studio: Studio
) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    async with Client(studio.parameters, mode=mode) as client:
        (tool, *_) = (await client.list_tools()).tools
        result = await client.call_tool("variations", ARGUMENTS, progress_callback=on_progress)
        record = result.structured_content
        refused = await client.call_tool("variations", {**ARGUMENTS, "count": 4})
        whole = await client.read_resource(f"comfyui://jobs/{record['job_id']}")
        sheet = await client.read_resource(record["outputs"][0]["uri"])
        fourth = await client.read_resource(f"comfyui://jobs/{record['job_id']}/outputs/4")
        of_its_own = await client.read_resource(record["outputs"][4]["uri"])
        with pytest.raises(MCPError):
            await client.read_resource(f"comfyui://jobs/{record['job_id']}/outputs/5")
    assert list(tool.input_schema["properties"]["prompt"]) == ["anyOf", "description"]
    assert not result.is_error, result.content
    assert record["batch"] == {"size": 4, "completed": 4}
    kinds = [type(each) for each in result.content]
    assert kinds.count(ImageContent) == 5
    assert kinds.count(ResourceLink) == (5 if mode != "2024-11-05" else 0)
    assert refused.is_error
    assert refused.structured_content["error"]["code"] == "batch-too-large"
    (text,) = whole.contents
    assert isinstance(text, TextResourceContents)
    assert json.loads(text.text)["jobs"] == record["jobs"]
    assert sheet.contents[0].mime_type == "image/webp"
    assert isinstance(fourth.contents[0], BlobResourceContents)
    assert isinstance(of_its_own.contents[0], BlobResourceContents)
    assert fourth.contents[0].blob == of_its_own.contents[0].blob
    numbers = [number for number, _, _ in told]
    assert numbers == sorted(set(numbers))
    assert all(total in (None, 4) for _, total, _ in told)


async def test_a_batch_over_http_belongs_to_its_caller_alone(studio: Studio) -> None:
    async with studio.over_http("ann:key-of-ann,bob:key-of-bob") as url:
        async with client_with_key(url, "key-of-ann", MODERN) as ann:
            record = (await ann.call_tool("variations", ARGUMENTS)).structured_content
        async with httpx.AsyncClient(timeout=10) as http:
            files = [await http.get(each["url"]) for each in record["outputs"]]
        async with client_with_key(url, "key-of-bob", MODERN) as bob:
            for tool in ("query_job_status", "get_job_result", "cancel_job", "rerun_job"):
                answer = await bob.call_tool(tool, {"job_id": record["job_id"]})
                assert answer.structured_content["error"]["code"] == "job-not-found"
            with pytest.raises(MCPError):
                await bob.read_resource(record["outputs"][0]["uri"])
            with pytest.raises(MCPError):
                await bob.read_resource(f"comfyui://jobs/{record['job_id']}")
    assert [each.status_code for each in files] == [200] * 5
    assert all("path" not in each for each in record["outputs"])
    with Image.open(io.BytesIO(files[0].content)) as sheet:
        assert (sheet.format, sheet.width) == ("WEBP", record["outputs"][0]["width"])


async def test_our_client_has_the_jobs_and_saves_everything(studio: Studio, tmp_path: Path) -> None:
    async with studio.over_http() as url, GatewayClient(Address(url)) as client:
        reply = await client.call("variations", {**ARGUMENTS, "seed": 3, "count": 1})
        saved = [await client.save(each, tmp_path / "out") for each in reply.outputs]
        again = await client.result(reply.job_id)
        plain = await client.call("variations", {"prompt": "a fox"})
    assert [(each.status, dict(each.parameters)) for each in reply.jobs] == [
        ("completed", {"prompt": "a fox"}),
        ("completed", {"prompt": "a dog"}),
    ]
    assert all(each.error == "" and each.seeds == {} for each in reply.jobs)
    assert [each.job_id for each in reply.outputs] == [
        reply.job_id,
        *(each.job_id for each in reply.jobs),
    ]
    assert len({path.name for path in saved}) == 3
    assert again.jobs == reply.jobs
    assert plain.jobs == ()


def test_a_reply_tells_which_jobs_of_a_batch_failed() -> None:
    error = {"code": "node-failed", "message": "It broke."}
    row = {"job_id": "a", "status": "failed", "parameters": {"x": 1}, "seeds": {}, "error": error}
    reply = Reply("", {"batch": {"size": 2}, "jobs": [row, "odd"]})
    assert reply.jobs == (RemoteJob("a", "failed", {"x": 1}, {}, "It broke."),)


async def test_a_batch_is_a_task(studio: Studio) -> None:
    async with studio.over_http() as url, httpx.AsyncClient(timeout=10) as http:

        async def ask(method: str, **params: Any) -> dict[str, Any]:
            meta: dict[str, Any] = {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": {"extensions": {TASKS: {}}},
            }
            headers = {
                "accept": "application/json, text/event-stream",
                "mcp-protocol-version": MODERN,
                "mcp-method": method,
                "mcp-name": str(params.get("name", params.get("taskId"))),
            }
            body = {
                "jsonrpc": "2.0",
                "id": 1,
                "method": method,
                "params": {**params, "_meta": meta},
            }
            return dict((await http.post(url, json=body, headers=headers)).json()["result"])

        task = await ask("tools/call", name="variations", arguments=ARGUMENTS)
        batch = task["taskId"]
        while task["status"] == "working":
            await ask("tools/call", name="comfyui_health_check", arguments={})
            task = await ask("tasks/get", taskId=batch)
        stopped = await ask("tools/call", name="variations", arguments=ARGUMENTS)
        await ask("tasks/cancel", taskId=stopped["taskId"])
        left = await ask("tasks/get", taskId=stopped["taskId"])
    assert task["status"] == "completed"
    assert task["result"]["structuredContent"]["job_id"] == batch
    assert task["result"]["structuredContent"]["batch"] == {"size": 4, "completed": 4}
    assert left["status"] in ("cancelled", "completed")
