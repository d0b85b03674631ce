"""The Tasks extension of the 2026-07-28 protocol, over the same jobs: a task's id is its job's.

Knows nothing of transports. The server decides: a call of a service whose request declares the
extension becomes a task; built-in tools answer at once. A job that failed is a *completed* task
with an error result; `failed` is for the protocol's own errors, which a job never has.

Source: MCP extension io.modelcontextprotocol/tasks (SEP-2663).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from mcp import MCPError
from mcp.shared.inbound import decode_header_value
from mcp.types import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    RequestParams,
)
from mcp.types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from gateway.errors import JobNotFound
from gateway.graph.json_value import Json, JsonObject
from gateway.jobs.job import Job
from gateway.server.departures import RequestContext, http_request
from gateway.server.progress import describe
from gateway.server.result import tool_result
from gateway.server.visitor import Visitors
from gateway.tools.running import Asking, Published

__all__ = ["TASKS", "TASK_TTL_MS", "TaskParams", "Tasks"]

TASKS = "io.modelcontextprotocol/tasks"

TASK_TTL_MS = 3_600_000
"""How long a task can be asked for, at least, in milliseconds, with the default `jobs.keep`."""

POLL_INTERVAL_MS = 1_000


class TaskParams(RequestParams):
    """Parameters of tasks/get, tasks/update and tasks/cancel."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    task_id: str
    input_responses: dict[str, object] = Field(default_factory=dict)


class Tasks:
    """Makes tasks of calls, and answers the tasks/… methods."""

    def __init__(self, published: Published, visitors: Visitors) -> None:
        self._published = published
        self._visitors = visitors

    def wanted(self, ctx: RequestContext, name: str) -> bool:
        """Tell whether a call of this tool becomes a task."""
        return name in self._published.table.services and _declared(ctx)

    async def create(
        self, name: str, arguments: Mapping[str, Json], asking: Asking
    ) -> dict[str, Json]:
        """Accept a service's call as a job, and answer with its task.

        Raises:
            GatewayError: The arguments are wrong, or the job cannot be taken.
            KeyError: There is no such service.
        """
        running = await self._published.running()
        job = await running.start(name, arguments, asking)
        return {"resultType": "task", **_task(job)}

    async def get(self, ctx: RequestContext, params: TaskParams) -> dict[str, Json]:
        """Answer tasks/get: the task, with the call's result once it is completed.

        Raises:
            MCPError: The extension was not declared, or there is no such task of this caller.
        """
        job = await self._job(ctx, params)
        task: dict[str, Json] = {"resultType": "complete", **_task(job)}
        if task["status"] == "completed":
            running = await self._published.running()
            answer = await running.answer(job, self._visitors(http_request(ctx)).asking())
            result = tool_result(answer, ctx.protocol_version)
            task["result"] = result.model_dump(mode="json", by_alias=True, exclude_none=True)
        return task

    async def update(self, ctx: RequestContext, params: TaskParams) -> dict[str, Json]:
        """Answer tasks/update; our tasks never ask for input, so there is nothing to take.

        Raises:
            MCPError: The extension was not declared, or there is no such task of this caller.
        """
        await self._job(ctx, params)
        return {"resultType": "complete"}

    async def cancel(self, ctx: RequestContext, params: TaskParams) -> dict[str, Json]:
        """Answer tasks/cancel: stops the job.

        Raises:
            MCPError: The extension was not declared, or there is no such task of this caller.
        """
        job = await self._job(ctx, params)
        running = await self._published.running()
        await running.cancel(job.id, job.caller)
        return {"resultType": "complete"}

    async def _job(self, ctx: RequestContext, params: TaskParams) -> Job:
        if not _declared(ctx):
            message = f"{ctx.method} needs a client that declares the extension {TASKS}."
            required: JsonObject = {"requiredCapabilities": {"extensions": {TASKS: {}}}}
            raise MCPError(MISSING_REQUIRED_CLIENT_CAPABILITY, message, required)
        _check_header(ctx, params)
        running = await self._published.running()
        visitor = self._visitors(http_request(ctx))
        try:
            return await running.job(params.task_id, visitor.caller)
        except JobNotFound as error:
            message = f"No such task: {error.faults[0].message}"
            raise MCPError(INVALID_PARAMS, message, {"taskId": params.task_id}) from error


def _declared(ctx: RequestContext) -> bool:
    """Tell whether this request declares the extension; only 2026-era wires can carry tasks."""
    capabilities = ctx.session.client_capabilities
    declared = capabilities is not None and TASKS in (capabilities.extensions or {})
    return declared and ctx.protocol_version in MODERN_PROTOCOL_VERSIONS


def _check_header(ctx: RequestContext, params: TaskParams) -> None:
    """Refuse an HTTP request whose routing header names another task than its body.

    The SDK checks this for the methods of the core protocol only.
    """
    request = http_request(ctx)
    if request is None or decode_header_value(request.headers.get("mcp-name")) == params.task_id:
        return
    raise MCPError(HEADER_MISMATCH, "The Mcp-Name header does not match the body's taskId.")


def _task(job: Job) -> dict[str, Json]:
    updated = job.completed_at or job.progress.timestamp or job.started_at or job.created_at
    return {
        "taskId": job.id,
        "status": _status(job),
        "statusMessage": describe(job),
        "createdAt": _time(job.created_at),
        "lastUpdatedAt": _time(max(updated, job.created_at)),
        "ttlMs": TASK_TTL_MS,
        "pollIntervalMs": POLL_INTERVAL_MS,
    }


def _status(job: Job) -> str:
    if job.status == "cancelled":
        return "cancelled"
    return "completed" if job.finished else "working"


def _time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
