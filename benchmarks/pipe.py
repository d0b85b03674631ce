"""A server process spoken to in bare JSON-RPC lines, so that no client library's time is counted."""

from __future__ import annotations

import asyncio
import json
import os
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psutil

__all__ = ["Pipe", "open_pipe"]

_LINE = 256 * 1024 * 1024
_HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "benchmarks", "version": "1"},
}


@dataclass(slots=True)
class Pipe:
    """One server; requests are made one after another.

    Attributes:
        started: When it was spawned, in seconds of `time.perf_counter`.
    """

    process: Process
    started: float
    number: int = 0

    async def greet(self) -> None:
        """Do the handshake that most clients do today."""
        await self.ask("initialize", _HELLO)
        await self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def ask(self, method: str, params: dict[str, Any] | None = None) -> bytes:
        """Send a request and return the line of its answer, unread."""
        self.number += 1
        mark = b'"id":%d,' % self.number
        other = b'"id":%d}' % self.number
        await self._send(
            {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params or {}}
        )
        if self.process.stdout is None:
            raise RuntimeError("the server has no stdout")
        while line := await self.process.stdout.readline():
            plain = line.replace(b'"id": ', b'"id":')
            if b'"method"' not in plain[:60] and (
                mark in plain[:80] or plain.rstrip().endswith(other)
            ):
                return line
        raise RuntimeError(f"the server ended instead of answering {method}")

    async def call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Call a tool and return its result."""
        line = await self.ask("tools/call", {"name": tool, "arguments": arguments})
        return json.loads(line)["result"]

    @property
    def memory(self) -> float:
        """Its resident memory in MiB."""
        return psutil.Process(self.process.pid).memory_info().rss / 2**20

    async def _send(self, message: dict[str, Any]) -> None:
        if self.process.stdin is None:
            raise RuntimeError("the server has no stdin")
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        await self.process.stdin.drain()


@asynccontextmanager
async def open_pipe(command: Sequence[str]) -> AsyncGenerator[Pipe]:
    """Spawn a server and end it at the end."""
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, limit=_LINE, env=_environment()
    )
    try:
        yield Pipe(process, started)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _environment() -> dict[str, str]:
    """Return this environment without what would change the gateway's project."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
