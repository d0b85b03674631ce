"""`gateway serve` as people start it, over both transports, with a simulated ComfyUI behind it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import ImageContent, ResourceLink, ToolListChangedNotification

from gateway.client.client import GatewayClient
from gateway.client.failure import CallFailed
from gateway.client.line import Address, Command
from gateway.server.tasks import TASKS
from gateway.simulator.server import Simulator
from tests.server.doors import ERAS, LEGACY, MODERN, Program, client_with_key

pytestmark = [pytest.mark.servers, pytest.mark.timeout(60)]

ROOT = Path(__file__).parents[2]

SERVICES = """\
version: 1
backends:
  studio: {url: "${COMFYUI_URL}"}
services:
  text_to_image:
    description: Generate an image.
    workflow: text_to_image.json
    parameters:
      prompt: {node: {title: Positive}, widget: text, required: true}
      seed: {node: "3", widget: seed, default: random}
      steps: 3.steps
    outputs:
      image: {node: "9"}
  leaving:
    description: Generate an image as long as somebody waits for it.
    workflow: text_to_image.json
    parameters:
      prompt: {node: {title: Positive}, widget: text, required: true}
    when_client_leaves: cancel
"""

both_eras = pytest.mark.parametrize("mode", ERAS)


class Studio:
    """A project folder, and the simulated ComfyUI it is for."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.folder = folder
        self.simulator = simulator

    @property
    def environment(self) -> dict[str, str]:
        """What `gateway serve` is started with."""
        return {**os.environ, "COMFYUI_URL": self.simulator.url}

    @property
    def words(self) -> list[str]:
        """The command, up to its options."""
        config = str(self.folder / "services.yaml")
        return [sys.executable, "-m", "gateway.cli.main", "serve", "--config", config]

    @property
    def command(self) -> Command:
        """The command for our own client."""
        return Command(self.words, self.environment, ROOT)

    @property
    def parameters(self) -> StdioServerParameters:
        """The command for the SDK's client."""
        first, *rest = self.words
        return StdioServerParameters(command=first, args=rest, env=self.environment, cwd=str(ROOT))

    async def running(self) -> int:
        """Return how many prompts run or wait in ComfyUI."""
        async with httpx.AsyncClient(timeout=4) as http:
            queue = (await http.get(f"{self.simulator.url}/queue")).json()
        return len(queue["queue_running"]) + len(queue["queue_pending"])

    async def until_running(self, count: int) -> None:
        """Wait until so many prompts run or wait in ComfyUI."""
        async with asyncio.timeout(10):
            while await self.running() != count:  # noqa: ASYNC110 - ComfyUI's queue can only be asked
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def over_http(self, keys: str = "") -> AsyncGenerator[str]:
        """Serve over HTTP, and yield the URL of MCP."""
        environment = {**self.environment, "GATEWAY_API_KEYS": keys}
        process = await asyncio.create_subprocess_exec(
            *self.words,
            "--transport",
            "http",
            "--port",
            "0",
            env=environment,
            cwd=ROOT,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        try:
            async with asyncio.timeout(15):
                url = await _address(process.stderr)
            yield url
        finally:
            process.terminate()
            async with asyncio.timeout(10):
                await process.communicate()
        assert process.returncode == 0


async def _address(stderr: asyncio.StreamReader) -> str:
    """Return where it serves; warnings of the project come before that."""
    said = ""
    while line := (await stderr.readline()).decode():
        said += line
        if found := re.search(r"Serving MCP at (http://\S+)", line):
            return found.group(1)
    raise AssertionError(said)


def project(folder: Path) -> Path:
    """Make a project folder."""
    (folder / "workflows").mkdir(parents=True)
    shutil.copy(ROOT / "workflows" / "text_to_image.json", folder / "workflows")
    (folder / "services.yaml").write_text(SERVICES)
    return folder


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with Simulator() as simulator:
        yield Studio(project(tmp_path / "studio"), simulator)


@pytest.fixture
async def slow_studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with Simulator(step_seconds=0.25) as simulator:
        yield Studio(project(tmp_path / "studio"), simulator)


@both_eras
async def test_a_call_over_stdio_returns_the_picture(mode: str, studio: Studio) -> None:
    told: list[str] = []

    async def on_progress(progress: float, total: float | None, message: str | None) -> None:
        told.append(f"{progress} {total} {message}")

    async with Client(studio.parameters, mode=mode) as client:
        await client.list_tools()
        result = await client.call_tool(
            "text_to_image", {"prompt": "a fox", "seed": 1}, progress_callback=on_progress
        )
        record = result.structured_content
        assert not result.is_error, result.content
        read = await client.read_resource(record["outputs"][0]["uri"])
    assert (record["status"], record["total_images"], record["seeds"]) == (
        "completed",
        1,
        {"seed": 1},
    )
    assert _bytes(record["outputs"][0]["path"]).startswith(b"\x89PNG")
    assert {type(each) for each in result.content} >= {ImageContent, ResourceLink}
    assert read.contents[0].mime_type == "image/png"
    assert told


async def test_our_client_saves_what_a_call_made(studio: Studio, tmp_path: Path) -> None:
    async with GatewayClient(studio.command) as client:
        reply = await client.call("text_to_image", {"prompt": "a fox", "steps": 2})
        [saved] = [await client.save(each, tmp_path / "out") for each in reply.outputs]
        again = await client.result(reply.job_id)
        with pytest.raises(CallFailed) as raised:
            await client.call("text_to_image", {"steps": "many"})
    assert saved.read_bytes().startswith(b"\x89PNG")
    assert again.outputs[0].uri == reply.outputs[0].uri
    assert raised.value.code == "arguments-invalid"


@both_eras
async def test_a_call_over_http_returns_a_link_that_gives_the_file(
    mode: str, studio: Studio, tmp_path: Path
) -> None:
    async with studio.over_http("ann:key-of-ann,bob:key-of-bob") as url:
        async with client_with_key(url, "key-of-ann", mode) as ann:
            result = await ann.call_tool("text_to_image", {"prompt": "a fox", "steps": 2})
            record = result.structured_content
            async with httpx.AsyncClient(timeout=4) as http:
                file = await http.get(record["outputs"][0]["url"])
                ready = await http.get(
                    url.replace("/mcp", "/readyz"), headers={"x-api-key": "key-of-bob"}
                )
        async with client_with_key(url, "key-of-bob", mode) as bob:
            seen = await bob.call_tool("list_jobs", {})
            status = await bob.call_tool("query_job_status", {"job_id": record["job_id"]})
        async with GatewayClient(Address(url, "key-of-ann"), mode) as client:
            again = await client.result(record["job_id"])
            saved = await client.save(again.outputs[0], tmp_path / "out")
    assert "path" not in record["outputs"][0] or record["outputs"][0]["path"] is None
    assert (file.status_code, file.headers["content-type"]) == (200, "image/png")
    assert file.content == saved.read_bytes()
    assert ready.status_code == 200
    assert seen.structured_content["total"] == 0
    assert status.is_error


@pytest.mark.parametrize("mode", [LEGACY, MODERN])
async def test_a_cancel_stops_the_prompt_in_comfyui(mode: str, slow_studio: Studio) -> None:
    async with Client(slow_studio.parameters, mode=mode) as client:
        call = asyncio.create_task(client.call_tool("text_to_image", {"prompt": "a fox"}))
        await slow_studio.until_running(1)
        call.cancel()
        await slow_studio.until_running(0)
        jobs = (await client.call_tool("list_jobs", {})).structured_content["jobs"]
        assert [each["status"] for each in jobs] == ["cancelled"]


@pytest.mark.parametrize(
    ("service", "left"), [("text_to_image", 1), ("leaving", 0)], ids=["detach", "cancel"]
)
@pytest.mark.parametrize("mode", [LEGACY, MODERN])
async def test_at_the_end_of_stdin_jobs_follow_when_client_leaves(
    mode: str, service: str, left: int, slow_studio: Studio, tmp_path: Path
) -> None:
    program = Program(tmp_path / "log")
    process = await asyncio.create_subprocess_exec(
        *slow_studio.words,
        env=slow_studio.environment,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    opening = program.opening(mode, service)
    call: Any = opening[-1]
    call["params"]["arguments"] = {"prompt": "a fox"}
    await program.say(process, *opening)
    await slow_studio.until_running(1)
    process.stdin.close()
    async with asyncio.timeout(5):
        await process.communicate()
    assert process.returncode == 0
    await slow_studio.until_running(left)


async def test_an_edit_of_services_yaml_is_announced(studio: Studio) -> None:
    told = asyncio.Event()

    async def on_message(message: object) -> None:
        if isinstance(message, ToolListChangedNotification):
            told.set()

    async with Client(studio.parameters, mode=LEGACY, message_handler=on_message) as client:
        await client.list_tools()
        await client.call_tool("comfyui_health_check", {})  # the engine is there, and watches
        config = studio.folder / "services.yaml"
        config.write_text(SERVICES.replace("  leaving:", "  staying:"))
        await asyncio.wait_for(told.wait(), 10)
        names = {each.name for each in (await client.list_tools()).tools}
        assert "staying" in names
        config.write_text("version: 1\nservices: {text_to_image: {workflow: nowhere.json}}\n")
        for _ in range(30):
            assert {each.name for each in (await client.list_tools()).tools} == names
        told.clear()
        config.write_text(SERVICES.replace("  leaving:", "  back:"))
        await asyncio.wait_for(told.wait(), 10)
        assert "back" in {each.name for each in (await client.list_tools()).tools}


async def test_a_task_runs_a_workflow(studio: Studio) -> None:
    async with studio.over_http() as url, httpx.AsyncClient(timeout=10) as http:

        async def ask(method: str, **params: Any) -> dict[str, Any]:
            meta: dict[str, Any] = {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": {"extensions": {TASKS: {}}},
            }
            headers: dict[str, str] = {
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

        task = await ask("tools/call", name="text_to_image", arguments={"prompt": "a fox"})
        got = task
        async with asyncio.timeout(10):
            while got["status"] == "working":
                got = await ask("tasks/get", taskId=task["taskId"])
                await asyncio.sleep(0.02)
    assert got["status"] == "completed"
    assert got["result"]["structuredContent"]["total_images"] == 1
    assert got["result"]["isError"] is False


async def test_a_backend_that_is_down_is_told_and_not_ready(tmp_path: Path) -> None:
    async with Simulator() as simulator:
        studio = Studio(project(tmp_path / "studio"), simulator)
        url = simulator.url
    assert url == simulator.url
    async with studio.over_http() as served, httpx.AsyncClient(timeout=10) as http:
        answer = await http.get(served.replace("/mcp", "/readyz"))
        health = await http.get(served.replace("/mcp", "/healthz"))
        async with Client(served) as client:
            assert (await client.list_tools()).tools
    assert (answer.status_code, health.status_code) == (503, 200)


def _bytes(path: str) -> bytes:
    return Path(path).read_bytes()
