"""MCP over this process's standard input and output.

Knows nothing of what is served. Nothing but MCP reaches stdout: the descriptors are moved away
meanwhile, so that a stray print goes to stderr. The process can end soon after the
client has closed stdin: calls that still wait are seen off first, each as its service's
`when_client_leaves` says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from mcp.server.stdio import stdio_server

from gateway.server.mcp_server import GatewayServer
from gateway.server.pipes import are_pipes, open_pipes
from gateway.tools.running import Introduction, Published

__all__ = ["serve_stdio"]

GRACE = 1.0
"""Seconds in which everything must be over once the client has gone."""


async def serve_stdio(
    published: Published,
    introduction: Introduction,
    closing: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve one client until it closes stdin.

    Args:
        published: The tools, and the way to the running part.
        introduction: The name and the instructions that the client is told.
        closing: Called after the last call has been seen off, to let the running part end what it
            can in the time that is left; cut off when a second has passed.
    """
    server = GatewayServer(published, introduction)
    options = server.create_initialization_options()
    if are_pipes():
        async with open_pipes() as (incoming, outgoing):
            await server.run(incoming, outgoing, options)
    else:
        async with stdio_server() as (read, write):
            await server.run(read, write, options)
    ends = asyncio.get_running_loop().time() + GRACE
    await server.close(GRACE)
    if closing is not None:
        try:
            async with asyncio.timeout_at(ends):
                await closing()
        except TimeoutError:
            pass  # what is left is ComfyUI's to finish; this process must go
