"""The floor of a cold start: a server on the SDK alone that lists the same tools and does nothing.

Usage: python bare_server.py TOOLS.json
"""

import asyncio
import json
import sys

from mcp import types
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server


async def main() -> None:
    """Serve the tools of a file until stdin ends."""
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: ASYNC230, PTH123
        listed = json.load(file)
    tools = [types.Tool.model_validate(tool, by_name=False) for tool in listed]

    async def list_tools(
        _context: ServerRequestContext, _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools)

    server = Server("bare", on_list_tools=list_tools)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


asyncio.run(main())
