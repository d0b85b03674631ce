"""The gateway under measurement: `gateway serve` over stdio, called by the SDK's own client."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.client import stdio
from mcp.client.stdio import StdioServerParameters

from benchmarks.backend import gateway_command

__all__ = ["call", "open_gateway", "open_program", "outputs_of"]

_PATIENCE = 600.0


def open_gateway(config: Path) -> AbstractAsyncContextManager[Client]:
    """Start a gateway for a project and connect a client."""
    return open_program(gateway_command("serve", "--config", str(config)))


@asynccontextmanager
async def open_program(words: Sequence[str]) -> AsyncGenerator[Client]:
    """Start an MCP server and connect a client."""
    parameters = StdioServerParameters(command=words[0], args=list(words[1:]))
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: ASYNC230, PTH123
        transport = stdio.stdio_client(parameters, errlog=nowhere)
        async with Client(transport, cache=None, read_timeout_seconds=_PATIENCE) as client:
            yield client


async def call(client: Client, name: str, **arguments: Any) -> dict[str, Any]:
    """Call a service that must end well and return its structured content."""
    result = await client.call_tool(name, arguments)
    answer: dict[str, Any] = result.structured_content or {}
    if result.is_error or answer.get("status") != "completed":
        raise RuntimeError(f"{name} did not complete: {answer}")
    return answer


def outputs_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the outputs of an answer."""
    found: list[dict[str, Any]] = answer["outputs"]
    return found
