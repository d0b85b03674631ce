"""What MCP alone takes: a server on the SDK whose one tool runs the bare client's run.

Usage: python bare_runner.py URL. It answers with as many bytes as the gateway, and checks, keeps,
stores and shows nothing.
"""

import asyncio
import sys

from mcp import types
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server

from benchmarks.floor import open_floor
from benchmarks.graphs import Picture

_RUN = Picture("smallest")
_SUMMARY = "x" * 250
_PREVIEW = "A" * 120
_RECORD = {"status": "completed", "outputs": [{"made": True}], "told": "x" * 1200}


async def main() -> None:
    """Serve until stdin ends."""
    async with open_floor(sys.argv[1]) as floor:

        async def list_tools(
            _context: ServerRequestContext, _params: types.PaginatedRequestParams | None
        ) -> types.ListToolsResult:
            tool = types.Tool(name=_RUN.name, input_schema={"type": "object"})
            return types.ListToolsResult(tools=[tool])

        async def call_tool(
            _context: ServerRequestContext, _params: types.CallToolRequestParams
        ) -> types.CallToolResult:
            await floor.run(_RUN)
            content: list[types.ContentBlock] = [
                types.TextContent(text=_SUMMARY),
                types.ImageContent(data=_PREVIEW, mime_type="image/webp"),
                types.ResourceLink(uri="comfyui://jobs/1/outputs/0", name="bench.png"),
            ]
            return types.CallToolResult(content=content, structured_content=_RECORD)

        server = Server("bare", on_list_tools=list_tools, on_call_tool=call_tool)
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())


asyncio.run(main())
