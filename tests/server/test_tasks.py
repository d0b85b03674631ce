"""The Tasks extension over the same jobs."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx2 as httpx
import pytest
from mcp import Client
from mcp.client import advertise

from gateway.graph.json_value import Json
from gateway.jobs.job import Failure, JobStatus, Progress
from gateway.server.tasks import TASK_TTL_MS, TASKS
from tests.server.doors import LEGACY, Behind, behind_http
from tests.server.memory_gateway import until

pytestmark = pytest.mark.timeout(20)

Said = dict[str, Any]


class Wire:
    """Speaks the 2026 wire by hand, so that every field can be looked at."""

    def __init__(self, http: httpx.AsyncClient, behind: Behind, *, declares: bool = True) -> None:
        self._http = http
        self._url = behind.url
        self._extensions: dict[str, Json] = {TASKS: {}} if declares else {}
        self.header = ""

    async def ask(self, method: str, **params: Json) -> Said:
        """Send a request and return the response, whatever it is."""
        given = params.get("_meta")
        meta: Json = {
            **(given if isinstance(given, dict) else {}),
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"extensions": self._extensions},
        }
        headers = {
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": method,
        }
        name = self.header or params.get("name", params.get("taskId"))
        if isinstance(name, str):
            headers["mcp-name"] = name
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
        answer = await self._http.post(self._url, json=body, headers=headers)
        return dict(answer.json())

    async def result(self, method: str, **params: Json) -> Said:
        """Send a request that must be answered well."""
        said = await self.ask(method, **params)
        assert "result" in said, said
        return dict(said["result"])

    async def error(self, method: str, **params: Json) -> Said:
        """Send a request that must be refused."""
        said = await self.ask(method, **params)
        assert "error" in said, said
        return dict(said["error"])


@asynccontextmanager
async def wired(
    keys: Mapping[str, str] | None = None, *, declares: bool = True
) -> AsyncGenerator[tuple[Wire, Behind]]:
    async with behind_http(keys) as behind, httpx.AsyncClient(timeout=4) as http:
        if keys:
            http.headers["x-api-key"] = next(iter(keys.values()))
        yield Wire(http, behind, declares=declares), behind


async def test_the_extension_is_advertised() -> None:
    async with wired() as (wire, _):
        discovered = await wire.result("server/discover")
    assert discovered["capabilities"]["extensions"] == {TASKS: {}}
    assert "tasks" not in discovered["capabilities"]


async def test_a_call_of_a_service_becomes_a_task_when_the_request_declares_the_extension() -> None:
    async with wired() as (wire, behind):
        task = await wire.result("tools/call", name="paint", arguments={})
        job = behind.gateway.only.job
    created = task.pop("createdAt")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", created)
    del task["_meta"]
    assert task == {
        "resultType": "task",
        "taskId": job.id,
        "status": "working",
        "statusMessage": "queued",
        "lastUpdatedAt": created,
        "ttlMs": TASK_TTL_MS,
        "pollIntervalMs": 1000,
    }


async def test_a_task_has_the_key_of_its_request() -> None:
    async with wired() as (wire, behind):
        key: dict[str, Json] = {"comfyui-gateway/idempotency-key": "once"}
        task = await wire.result("tools/call", name="paint", arguments={}, _meta=key)
        [asking] = behind.gateway.starts
    assert task["resultType"] == "task"
    assert asking.key == "once"


async def test_without_the_extension_the_call_blocks_and_answers() -> None:
    async with wired(declares=False) as (wire, _):
        result = await wire.result("tools/call", name="quick", arguments={})
    assert result["resultType"] == "complete"
    assert result["structuredContent"]["status"] == "completed"


async def test_a_built_in_tool_answers_at_once_even_then() -> None:
    async with wired() as (wire, _):
        result = await wire.result("tools/call", name="list_jobs", arguments={})
    assert result["resultType"] == "complete"


async def test_a_task_tells_how_far_it_is_and_then_its_result() -> None:
    async with wired() as (wire, behind):
        task = await wire.result("tools/call", name="paint", arguments={"text": "a"})
        behind.gateway.move(behind.gateway.only, Progress(5, 20, "3", "KSampler"))
        working = await wire.result("tasks/get", taskId=task["taskId"])
        behind.gateway.finish(behind.gateway.only)
        done = await wire.result("tasks/get", taskId=task["taskId"])
    assert (working["status"], working["statusMessage"]) == ("working", "KSampler 5/20")
    assert "result" not in working
    assert (done["resultType"], done["status"]) == ("complete", "completed")
    assert done["result"]["structuredContent"]["job_id"] == task["taskId"]
    assert done["result"]["isError"] is False
    assert done["lastUpdatedAt"] >= done["createdAt"]


async def test_a_failed_job_is_a_completed_task_with_an_error_result() -> None:
    async with wired() as (wire, behind):
        task = await wire.result("tools/call", name="paint", arguments={})
        behind.gateway.finish(behind.gateway.only, failure=Failure("node-failed", "it broke"))
        done = await wire.result("tasks/get", taskId=task["taskId"])
    assert done["status"] == "completed"
    assert done["result"]["isError"] is True
    assert done["result"]["structuredContent"]["error"]["code"] == "node-failed"


async def test_tasks_cancel_stops_the_job() -> None:
    async with wired() as (wire, behind):
        task = await wire.result("tools/call", name="paint", arguments={})
        acknowledged = await wire.result("tasks/cancel", taskId=task["taskId"])
        after = await wire.result("tasks/get", taskId=task["taskId"])
        again = await wire.result("tasks/cancel", taskId=task["taskId"])
    assert behind.gateway.only.job.status == "cancelled"
    assert acknowledged["resultType"] == again["resultType"] == "complete"
    assert after["status"] == "cancelled"
    assert "result" not in after


async def test_tasks_update_takes_what_was_never_asked_for() -> None:
    async with wired() as (wire, _):
        task = await wire.result("tools/call", name="paint", arguments={})
        updated = await wire.result("tasks/update", taskId=task["taskId"], inputResponses={})
    assert updated["resultType"] == "complete"


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
async def test_an_unknown_task_is_32602(method: str) -> None:
    async with wired() as (wire, _):
        error = await wire.error(method, taskId="nobody")
    assert (error["code"], error["data"]) == (-32602, {"taskId": "nobody"})


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
async def test_tasks_need_the_extension(method: str) -> None:
    async with wired(declares=False) as (wire, _):
        error = await wire.error(method, taskId="nobody")
    assert error["code"] == -32021
    assert error["data"] == {"requiredCapabilities": {"extensions": {TASKS: {}}}}


async def test_a_routing_header_that_names_another_task_is_refused() -> None:
    async with wired() as (wire, behind):
        task = await wire.result("tools/call", name="paint", arguments={})
        wire.header = "another"
        errors = [
            await wire.error(method, taskId=task["taskId"])
            for method in ("tasks/get", "tasks/update", "tasks/cancel")
        ]
    assert {error["code"] for error in errors} == {-32020}
    assert not behind.gateway.only.job.finished


@pytest.mark.parametrize("method", ["tasks/list", "tasks/result"])
async def test_what_the_extension_has_removed_is_an_unknown_method(method: str) -> None:
    async with wired() as (wire, _):
        assert (await wire.error(method))["code"] == -32601


async def test_wrong_arguments_are_a_result_and_no_task() -> None:
    async with wired() as (wire, _):
        result = await wire.result("tools/call", name="wrong", arguments={})
    assert (result["resultType"], result["isError"]) == ("complete", True)
    assert result["structuredContent"]["error"]["code"] == "arguments-invalid"


async def test_an_unknown_tool_is_one_with_the_extension_too() -> None:
    async with wired() as (wire, _):
        assert (await wire.error("tools/call", name="quik"))["code"] == -32602


async def test_a_task_is_its_callers_only() -> None:
    keys = {"ann": "key-of-ann", "bob": "key-of-bob"}
    async with wired(keys) as (ann, behind), httpx.AsyncClient(timeout=4) as http:
        http.headers["x-api-key"] = "key-of-bob"
        task = await ann.result("tools/call", name="paint", arguments={})
        error = await Wire(http, behind).error("tasks/cancel", taskId=task["taskId"])
    assert error["code"] == -32602
    assert not behind.gateway.only.job.finished


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("pending", "working"),
        ("running", "working"),
        ("completed", "completed"),
        ("failed", "completed"),
        ("timeout", "completed"),
        ("cancelled", "cancelled"),
    ],
)
async def test_each_status_of_a_job_is_one_of_a_task(status: JobStatus, told: str) -> None:
    async with wired() as (wire, behind):
        task = await wire.result("tools/call", name="paint", arguments={})
        behind.gateway.only.job = replace(behind.gateway.only.job, status=status)
        assert (await wire.result("tasks/get", taskId=task["taskId"]))["status"] == told


async def test_a_2025_client_that_declares_the_extension_gets_an_answer_and_no_task() -> None:
    async with (
        behind_http() as behind,
        Client(behind.url, mode=LEGACY, extensions=[advertise(TASKS)]) as client,
    ):
        result = await client.call_tool("quick", {})
        await until(lambda: bool(behind.gateway.works))
    assert result.structured_content["status"] == "completed"
