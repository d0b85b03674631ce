"""The gateway in memory behind each transport, and clients of both eras."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2 as httpx
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from gateway.graph.json_value import Json
from gateway.server.http import HttpAccess, serve_http
from gateway.server.mcp_server import GatewayServer
from gateway.services.settings import GatewaySettings, HttpSettings
from tests.server.memory_gateway import MemoryGateway

__all__ = [
    "ERAS",
    "EVERYWHERE",
    "LEGACY",
    "MODERN",
    "Behind",
    "behind_http",
    "client_with_key",
    "connected",
]

LEGACY = "legacy"
MODERN = "2026-07-28"
ERAS = (LEGACY, MODERN, "auto")

EVERYWHERE = (
    ("memory", LEGACY),
    ("memory", "auto"),
    ("stdio", LEGACY),
    ("stdio", "auto"),
    ("http", LEGACY),
    ("http", "auto"),
    ("http", MODERN),
)
"""Transports and eras; to start a program takes a second, so stdio has no third."""

SECRET = "a secret of the tests"  # noqa: S105 - signs nothing outside

SETTINGS = GatewaySettings(http=HttpSettings(port=0))


@dataclass(slots=True)
class Behind:
    """A gateway behind HTTP: its URL of MCP, and that of the site."""

    gateway: MemoryGateway
    url: str
    serving: asyncio.Task[None]

    @property
    def site(self) -> str:
        """The URL of the site, without a slash at its end."""
        return self.url.removesuffix("/mcp")

    async def stop(self) -> None:
        """Stop the server as a signal would."""
        self.serving.cancel()
        await asyncio.wait({self.serving})


@asynccontextmanager
async def behind_http(
    keys: Mapping[str, str] | None = None,
    settings: GatewaySettings = SETTINGS,
    gateway: MemoryGateway | None = None,
) -> AsyncGenerator[Behind]:
    """Serve over HTTP on a free port."""
    gateway = gateway or MemoryGateway()
    started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    access = HttpAccess(keys or {}, SECRET)
    serving = asyncio.create_task(serve_http(gateway, settings, access, started.set_result))
    try:
        async with asyncio.timeout(4):
            await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        yield Behind(gateway, started.result(), serving)
    finally:
        serving.cancel()
        await asyncio.wait({serving})


@asynccontextmanager
async def client_with_key(url: str, key: str, mode: str = "auto") -> AsyncGenerator[Client]:
    """Connect with an API key."""
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key}"}, timeout=4) as http:
        transport = streamable_http_client(url, http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


@dataclass(slots=True)
class Program:
    """How a gateway is started as a program; `log` gets a line for each thing that happens there."""

    log: Path
    environment: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def parameters(self) -> StdioServerParameters:
        """What the SDK's client starts."""
        root = Path(__file__).parents[2]
        environment = {**os.environ, **self.environment, "MEMORY_GATEWAY_LOG": str(self.log)}
        args = ["-m", "tests.server.stdio_program"]
        return StdioServerParameters(
            command=sys.executable, args=args, env=environment, cwd=str(root)
        )

    @property
    def lines(self) -> list[str]:
        """What has happened there so far."""
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []

    async def start(self) -> asyncio.subprocess.Process:
        """Start the program without a client."""
        started = self.parameters
        return await asyncio.create_subprocess_exec(
            started.command,
            *started.args,
            env=started.env,
            cwd=started.cwd,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def say(self, process: asyncio.subprocess.Process, *messages: Json) -> None:
        """Send messages to a started program."""
        assert process.stdin is not None
        for message in messages:
            process.stdin.write(json.dumps(message).encode() + b"\n")
        await process.stdin.drain()

    def opening(self, mode: str, tool: str = "paint") -> list[Json]:
        """Return the messages that open a connection of an era and call a tool."""
        call: dict[str, Json] = {"name": tool, "arguments": {}}
        if mode == LEGACY:
            client: Json = {"name": "test", "version": "1"}
            hello: Json = {
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": client,
            }
            return [
                {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
                {"jsonrpc": "2.0", "method": "notifications/initialized"},
                {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call},
            ]
        call["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": MODERN,
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        return [{"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}]


@asynccontextmanager
async def connected(door: str, mode: str, folder: Path, **options: Any) -> AsyncGenerator[Client]:
    """Connect a client of an era to a gateway behind `memory`, `stdio` or `http`."""
    if door == "memory":
        server = GatewayServer(MemoryGateway(), SETTINGS)
        async with Client(server, mode=mode, **options) as client:
            yield client
    elif door == "stdio":
        program = Program(folder / "log")
        async with Client(program.parameters, mode=mode, **options) as client:
            yield client
    else:
        async with behind_http() as behind, Client(behind.url, mode=mode, **options) as client:
            yield client
