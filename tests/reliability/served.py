"""Real gateways: `gateway serve` on stdio, each with a client of its own, on one project."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from gateway.graph.json_value import Json, JsonObject
from gateway.simulator.server import Simulator
from tests.facts.whole import sleeping
from tests.project.small import write_project

__all__ = ["GATEWAY", "Served", "project", "served", "write_services"]

GATEWAY = ("-c", "from gateway.cli.main import main; main()")


@dataclass(frozen=True, slots=True)
class Served:
    """A gateway's process, and the client that started it."""

    client: Client
    process: psutil.Process

    async def begin(self, color: int) -> str:
        """Call the service, which answers at once, and return the job's id."""
        told = (await self._call("run", {"color": color})).get("job_id")
        assert isinstance(told, str)
        return told

    async def jobs(self) -> list[str]:
        """Return the ids of all jobs."""
        rows: list[dict[str, str]] = (await self._call("list_jobs", {}))["jobs"]
        return [each["job_id"] for each in rows]

    async def status(self, job_id: str, wait_seconds: float = 0.0) -> str:
        """Return how a job is, waited for so long."""
        told = await self._call(
            "query_job_status", {"job_id": job_id, "wait_seconds": wait_seconds}
        )
        return str(told["status"])

    async def _call(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.call_tool(tool, arguments)
        return answer.structured_content or {}


def project(folder: Path, simulator: Simulator, seconds: float, store: str) -> Path:
    """Write a project whose service `run` takes so long, one at a time, and answers at once."""
    service: JsonObject = {"wait": "0s", "parameters": {"color": "1.color"}}
    return write_services(folder, simulator, sleeping(seconds), service, store)


def write_services(
    folder: Path,
    simulator: Simulator,
    graph: JsonObject,
    service: JsonObject,
    store: str = ".gateway/jobs.db",
) -> Path:
    """Write a project with the service `run`, and return the path of services.yaml."""
    document: dict[str, Json] = {
        "version": 1,
        "backends": {"sim": {"url": simulator.url, "slots": 1}},
        "gateway": {"backend_grace": "5s"},
        "jobs": {"store": store, "lease": "2s"},
        "services": {"run": {"workflow": "draw.json", **service}},
    }
    return write_project(folder, json.dumps(document), dict(graph))


@asynccontextmanager
async def served(config: Path) -> AsyncGenerator[Served]:
    """Start a gateway on a project; it ends with its client, unless it was killed before."""
    words = [*GATEWAY, "serve", "--config", str(config)]
    parameters = StdioServerParameters(command=sys.executable, args=words)
    before = set(psutil.Process().children())
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: ASYNC230, PTH123
        async with Client(stdio_client(parameters, errlog=nowhere), cache=None) as client:
            (process,) = set(psutil.Process().children()) - before
            yield Served(client, process)
