"""Takes stdin and stdout as MCP's pipes: `python -m tests.server.pipes_program`.

Each message that comes in goes back; a fault goes back as an error with the fault's class. A message
with the method `print` prints on the way. At the end it says on stderr what its descriptors are again.
"""

from __future__ import annotations

import asyncio
import os
import sys

from mcp.shared.message import SessionMessage
from mcp.types import ErrorData, JSONRPCError, JSONRPCRequest

from gateway.server.pipes import are_pipes, open_pipes


async def main() -> None:
    """Echo until the client closes its end."""
    if not are_pipes():
        sys.stderr.write("no pipes\n")
        return
    async with open_pipes() as (incoming, outgoing):
        async for item in incoming:
            match item:
                case SessionMessage():
                    if isinstance(item.message, JSONRPCRequest) and item.message.method == "print":
                        os.write(1, b"a stray write\n")
                        sys.stderr.write(f"read {os.read(0, 10)!r}\n")
                    await outgoing.send(item)
                case _:
                    fault = ErrorData(code=-32700, message=type(item).__name__)
                    await outgoing.send(
                        SessionMessage(JSONRPCError(jsonrpc="2.0", id=None, error=fault))
                    )
    sys.stderr.write(f"blocking {os.get_blocking(0)} {os.get_blocking(1)}\n")
    sys.stdout.write("the last word\n")


asyncio.run(main())
