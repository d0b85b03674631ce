"""A client of one gateway: lists its tools, calls them, follows jobs, saves what they made.

Speaks MCP through the SDK's client: to a program it starts, or to a URL.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias, cast

import anyio
import httpx2 as httpx
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.dispatcher import ProgressFnT
from mcp.types import (
    BlobResourceContents,
    CallToolResult,
    ImageContent,
    RequestParamsMeta,
    TextContent,
)

from gateway.client.failure import CallFailed, GatewayUnreachable
from gateway.client.files import copy_file, free_path, stream_url, write_bytes
from gateway.client.line import (
    Address,
    Command,
    first_error,
    is_of,
    program,
    told_plainly,
    unreachable,
)
from gateway.client.reply import RemoteOutput, RemoteTool, Reply
from gateway.graph.json_value import Json, as_object

__all__ = ["GatewayClient", "OnProgress"]

OnProgress: TypeAlias = Callable[[float, float | None, str], None]
"""Told (progress, total, message) while a call blocks."""

_KEY = "comfyui-gateway/idempotency-key"

POLL = 30
"""Seconds that one question for a job's state waits for it to finish."""


class GatewayClient:
    """One connection to a gateway, for an `async with`.

    Args:
        where: A program to start, or a URL.
        mode: `auto`, `legacy` or a protocol version, as the SDK's client takes it.
    """

    def __init__(self, where: Command | Address, mode: str = "auto") -> None:
        self._where = where
        self._mode = mode
        self._stack = AsyncExitStack()
        self._client: Client | None = None
        self._http: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            GatewayUnreachable: No gateway answers there.
        """
        try:
            async with AsyncExitStack() as stack, told_plainly(self._where):
                self._client = await stack.enter_async_context(await self._open(stack))
                self._stack = stack.pop_all()
        except ExceptionGroup as group:
            raise unreachable(self._where, first_error(group)) from group
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Disconnect; a program that was started ends.

        Raises:
            GatewayUnreachable: The line broke, and that is what ended the block.
        """
        self._client = None
        try:
            await self._stack.__aexit__(kind, error, trace)
        except ExceptionGroup as group:
            first = first_error(group)
            if first is not error:
                raise unreachable(self._where, first) from group
            # The SDK's task groups wrap what the block itself raised: that goes on as it was.

    async def tools(self) -> tuple[RemoteTool, ...]:
        """Return the tools, services first.

        Raises:
            GatewayUnreachable: The line broke.
        """
        async with told_plainly(self._where):
            listed = await self._connected.list_tools()
        return tuple(
            RemoteTool(
                each.name,
                each.title or each.name,
                each.description or "",
                as_object(each.input_schema) or {},
            )
            for each in listed.tools
        )

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Json] | None = None,
        on_progress: OnProgress | None = None,
        *,
        key: str = "",
    ) -> Reply:
        """Call a tool and return its answer; a long call's answer is not `finished` yet.

        Args:
            name: Of the tool.
            arguments: Its arguments.
            on_progress: Told while the call blocks.
            key: An idempotency key: sent again with the same arguments, it is the same job.

        Returns:
            What the tool answered.

        Raises:
            CallFailed: The call did not end well.
            CallRefused: There is no such tool.
            GatewayUnreachable: The line broke.
        """
        callback = None if on_progress is None else _passing_on(on_progress)
        async with told_plainly(self._where):
            result = await self._connected.call_tool(
                name,
                dict(arguments or {}),
                progress_callback=callback,
                meta=cast("RequestParamsMeta", {_KEY: key}) if key else None,
            )
        reply = _reply(result)
        if reply.failed:
            raise CallFailed(reply)
        return reply

    async def job(self, job_id: str, wait_seconds: float = 0) -> Reply:
        """Return a job's state, after waiting at most so long for it to finish.

        Raises:
            CallFailed: There is no such job.
            GatewayUnreachable: The line broke.
        """
        return await self.call("query_job_status", {"job_id": job_id, "wait_seconds": wait_seconds})

    async def result(self, job_id: str) -> Reply:
        """Return what a job made, once it is finished.

        Raises:
            CallFailed: There is no such job, or it did not end well.
            GatewayUnreachable: The line broke.
        """
        while True:
            reply = await self.call("get_job_result", {"job_id": job_id})
            if reply.finished:
                return reply
            await self.job(job_id, POLL)

    async def cancel(self, job_id: str) -> Reply:
        """Stop a job.

        Raises:
            CallFailed: There is no such job.
            GatewayUnreachable: The line broke.
        """
        return await self.call("cancel_job", {"job_id": job_id})

    async def save(self, output: RemoteOutput, folder: Path) -> Path:
        """Put an output into a folder and return its path there.

        Taken from this machine where it is here, else fetched over HTTP, else read over MCP.

        Raises:
            CallRefused: It is no longer there, or too large to be sent over MCP.
            GatewayUnreachable: The line broke.
        """
        await anyio.Path(folder).mkdir(parents=True, exist_ok=True)
        target = free_path(folder, output.filename or f"{output.name}.txt")
        if output.text is not None:
            await write_bytes(output.text.encode(), target)
        elif await self._is_here(output):
            await copy_file(Path(output.path), target)
        elif self._http is not None and is_of(self._where, output.url):
            await stream_url(self._http, output.url, target)
        else:
            await write_bytes(await self._read(output.uri), target)
        return target

    @property
    def _connected(self) -> Client:
        if self._client is None:
            raise GatewayUnreachable(
                "This client is not connected.", mend="Use it inside `async with`."
            )
        return self._client

    async def _open(self, stack: AsyncExitStack) -> Client:
        where = self._where
        if isinstance(where, Command):
            return Client(program(where), mode=self._mode)
        headers = {"authorization": f"Bearer {where.key}"} if where.key else {}
        timeout = httpx.Timeout(30, read=300)
        connection = httpx.AsyncClient(headers=headers, timeout=timeout)
        # Links to files carry their own signature: the key stays with MCP's own URL.
        self._http = await stack.enter_async_context(httpx.AsyncClient(timeout=timeout))
        http = await stack.enter_async_context(connection)
        return Client(streamable_http_client(where.url, http_client=http), mode=self._mode)

    async def _is_here(self, output: RemoteOutput) -> bool:
        """Tell whether a file is on this machine; only a program started here can know."""
        here = isinstance(self._where, Command) and bool(output.path)
        return here and await anyio.Path(output.path).is_file()

    async def _read(self, uri: str) -> bytes:
        async with told_plainly(self._where):
            read = await self._connected.read_resource(uri)
        data = b""
        for each in read.contents:
            blob = isinstance(each, BlobResourceContents)
            data += base64.b64decode(each.blob) if blob else each.text.encode()
        return data


def _passing_on(on_progress: OnProgress) -> ProgressFnT:
    """Return the SDK's kind of callback for ours."""

    async def pass_on(progress: float, total: float | None, message: str | None) -> None:
        """Pass a progress message on."""
        on_progress(progress, total, message or "")

    return pass_on


def _reply(result: CallToolResult) -> Reply:
    texts = [each.text for each in result.content if isinstance(each, TextContent)]
    previews = [
        base64.b64decode(each.data) for each in result.content if isinstance(each, ImageContent)
    ]
    structured = as_object(result.structured_content) or {}
    return Reply("\n".join(texts), structured, tuple(previews), result.is_error)
