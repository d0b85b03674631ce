"""A gateway in memory on stdio: `python -m tests.server.stdio_program`.

It prints to stdout on purpose, where nothing but MCP may arrive. Two tools change it from outside:
`publish` puts another table up, `finish` ends the only job. What happens is appended to the file
that MEMORY_GATEWAY_LOG names.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from typing_extensions import override

from gateway.graph.json_value import Json
from gateway.server.stdio import serve_stdio
from gateway.services.settings import GatewaySettings
from gateway.tools.answer import Answer
from gateway.tools.running import Asking
from gateway.tools.tool import ToolTable
from tests.server.memory_gateway import MemoryGateway, tool

LOG = Path(os.environ["MEMORY_GATEWAY_LOG"])


class Program(MemoryGateway):
    """The gateway in memory, and what it does to itself."""

    @property
    @override
    def table(self) -> ToolTable:
        table = super().table
        controls = {name: tool(name) for name in ("publish", "finish")}
        return ToolTable({**table.tools, **controls}, table.services, table.version)

    @override
    async def call(self, name: str, arguments: Mapping[str, Json], asking: Asking) -> Answer:
        sys.stdout.write("a stray print\n")
        sys.stdout.flush()
        os.write(1, b"a stray write\n")
        if name == "publish":
            asyncio.get_running_loop().call_soon(self._publish_soon)
            return Answer("ok", {"job_id": "", "service": name, "status": "completed"})
        if name == "finish":
            self.finish(self.only)
            return Answer("ok", {"job_id": "", "service": name, "status": "completed"})
        note(f"called {name}")
        try:
            return await super().call(name, arguments, asking)
        except asyncio.CancelledError:
            note(f"left {name} {self.only.left} {self.only.job.status}")
            raise

    def _publish_soon(self) -> None:
        task: asyncio.Task[object] = asyncio.ensure_future(self.publish("restyle"))
        self.waits.add(task)


def note(line: str) -> None:
    """Append a line to the log."""
    with LOG.open("a", encoding="utf-8") as log:
        log.write(line + "\n")


async def main() -> None:
    """Serve, and say when it is over."""

    async def closing() -> None:
        note("closing")
        if "MEMORY_GATEWAY_HANGS" in os.environ:
            await asyncio.Event().wait()

    await serve_stdio(Program(), GatewaySettings(), closing)
    note("ended")


if __name__ == "__main__":
    asyncio.run(main())
