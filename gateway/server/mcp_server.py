"""The MCP server over a published table of tools: the same object for stdio and HTTP, both eras.

Knows nothing of ComfyUI, files or jobs beyond the protocols of `gateway.tools.running`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

from mcp.server import NotificationOptions, Server
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.context import HandlerResult
from mcp.server.models import InitializationOptions
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler, ToolsListChanged
from mcp.types import (
    CallToolRequestParams,
    CallToolResult,
    CancelledNotificationParams,
    NotificationParams,
    PaginatedRequestParams,
    RequestParamsMeta,
)

from gateway import __version__
from gateway.graph.json_value import JsonObject
from gateway.server.catalogue import Catalogue
from gateway.server.departures import Departures, RequestContext, http_request
from gateway.server.failure import failed_answer, unknown_tool
from gateway.server.idempotency import key_in
from gateway.server.peers import Peers
from gateway.server.progress import reporting
from gateway.server.resources import Resources
from gateway.server.result import tool_result
from gateway.server.tasks import TASKS, TaskParams, Tasks
from gateway.server.visitor import Visitors, local_visitor
from gateway.tools.running import Asking, Introduction, Leaving, Published

__all__ = ["INSTRUCTIONS", "GatewayServer"]

INSTRUCTIONS = (
    "Each service here is a ComfyUI workflow published as a tool: call it with its arguments and it "
    "returns every file the workflow made, with small previews, links to the full files and the "
    "seeds used. A call that takes long answers with a job_id instead of outputs; the job goes on. "
    "Then use query_job_status(job_id, wait_seconds=30) until it is finished, and "
    "get_job_result(job_id) for the outputs. cancel_job stops a job, list_jobs shows earlier ones, "
    "rerun_job does one again, get_job_statistics tells how long they take and how often they "
    "fail, comfyui_health_check tells whether ComfyUI answers. An output's uri "
    "(comfyui://jobs/<id>/outputs/<n>) can be read as a resource, and given to another service's "
    "image, mask, audio, video or file argument. Where an argument takes a list, each value becomes a "
    "job of its own; the answer's job_id is that of all together, and every tool takes it."
)

CACHED: tuple[CacheableMethod, ...] = (
    "server/discover",
    "tools/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
)
"""What may be cached is: for no time, because an edit of services.yaml shows at once."""


@dataclass(frozen=True, slots=True)
class _Call:
    """A tools/call that has been looked at."""

    name: str
    arguments: JsonObject
    asking: Asking


class GatewayServer(Server[dict[str, Any]]):
    """Serves what is published.

    Args:
        published: The tools, and the way to the running part.
        introduction: The name and the instructions that clients are told.
        visitors: Tells who sends a message; the one caller of stdio by default.
    """

    def __init__(
        self, published: Published, introduction: Introduction, visitors: Visitors = local_visitor
    ) -> None:
        self.published = published
        self.departures = Departures()
        self.peers = Peers()
        self._visitors = visitors
        self._bus = InMemorySubscriptionBus()
        self._listening = ListenHandler(self._bus)
        self._catalogue = Catalogue(published)
        self._tasks = Tasks(published, visitors)
        resources = Resources(published, visitors)
        super().__init__(
            introduction.name,
            version=__version__,
            title="ComfyUI gateway",
            instructions=introduction.instructions or INSTRUCTIONS,
            cache_hints={method: CacheHint(ttl_ms=0, scope="private") for method in CACHED},
            get_tool_input_schema=self._catalogue.input_schema,
            on_list_resources=resources.list_resources,
            on_list_resource_templates=resources.list_templates,
            on_read_resource=resources.read,
            on_subscriptions_listen=self._listening,
        )
        self._register()
        published.subscribe(self.tools_changed)

    def _register(self) -> None:
        """Add what the constructor's typed parameters have no room for."""
        self.middleware.append(self._catalogue.middleware)
        self.extensions = {TASKS: {}}
        self.add_request_handler("tools/list", PaginatedRequestParams, self._catalogue.list_tools)
        self.add_request_handler("tools/call", CallToolRequestParams, self._call_tool)
        self.add_request_handler("tasks/get", TaskParams, self._tasks.get)
        self.add_request_handler("tasks/update", TaskParams, self._tasks.update)
        self.add_request_handler("tasks/cancel", TaskParams, self._tasks.cancel)
        self.add_notification_handler(
            "notifications/initialized", NotificationParams, self._initialized
        )
        self.add_notification_handler(
            "notifications/cancelled", CancelledNotificationParams, self.departures.cancelled
        )

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        """Return the SDK's options; the HTTP app asks without any and must still say listChanged."""
        return super().create_initialization_options(
            notification_options or NotificationOptions(tools_changed=True),
            experimental_capabilities,
            extensions,
        )

    async def tools_changed(self) -> None:
        """Tell clients of both eras that the list of tools has changed."""
        await self._bus.publish(ToolsListChanged())
        await self.peers.tools_changed()

    async def close(self, seconds: float = 1.0) -> None:
        """See off those who are leaving, at most so long, and end the listening streams."""
        self.departures.closing = True
        self._listening.close()
        await self.departures.settle(seconds)

    async def _initialized(self, ctx: RequestContext, params: NotificationParams) -> None:  # noqa: ARG002
        request = http_request(ctx)
        session_id = request.headers.get("mcp-session-id", "") if request else ""
        self.peers.add(session_id, ctx.session)

    async def _call_tool(self, ctx: RequestContext, params: CallToolRequestParams) -> HandlerResult:
        """Answer tools/call; only an unknown tool is a protocol error."""
        if params.name not in self.published.table.tools:
            raise unknown_tool(params.name, self.published.table.tools)
        visitor = self._visitors(http_request(ctx))
        asking = replace(visitor.asking(), key=key_in(ctx.meta))
        call = _Call(params.name, params.arguments or {}, asking)
        if self._tasks.wanted(ctx, params.name):
            return await self._start(ctx, call)
        async with AsyncExitStack() as stack:
            if _has_token(ctx.meta):
                report = await stack.enter_async_context(reporting(ctx.session.report_progress))
                call = replace(call, asking=replace(call.asking, report=report))
            return await self.departures.run(ctx, self._answering(ctx, call))

    def _answering(
        self, ctx: RequestContext, call: _Call
    ) -> Callable[[Callable[[], Leaving]], Awaitable[CallToolResult]]:
        async def answer(leaving: Callable[[], Leaving]) -> CallToolResult:
            asking = replace(call.asking, leaving=leaving)
            return await self._answer(ctx, replace(call, asking=asking))

        return answer

    async def _answer(self, ctx: RequestContext, call: _Call) -> CallToolResult:
        try:
            running = await self.published.running()
            answer = await running.call(call.name, call.arguments, call.asking)
        except Exception as error:
            tools = self.published.table.tools
            if isinstance(error, KeyError) and call.name not in tools:
                raise unknown_tool(call.name, tools) from error  # it was withdrawn meanwhile
            answer = failed_answer(error)
        return tool_result(answer, ctx.protocol_version)

    async def _start(self, ctx: RequestContext, call: _Call) -> HandlerResult:
        try:
            return await self._tasks.create(call.name, call.arguments, call.asking)
        except Exception as error:
            tools = self.published.table.tools
            if isinstance(error, KeyError) and call.name not in tools:
                raise unknown_tool(call.name, tools) from error
            return tool_result(failed_answer(error), ctx.protocol_version)


def _has_token(meta: RequestParamsMeta | None) -> bool:
    return meta is not None and meta.get("progress_token") is not None
