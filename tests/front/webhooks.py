"""A project whose service tells a receiver how its jobs ended."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.front import open_front
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking, Running
from tests.facts.whole import image, save
from tests.fetch.receiver import SECRET, Receiver
from tests.project.small import write_project

__all__ = ["ENVIRONMENT", "gateway", "project", "told_of"]

ENVIRONMENT = {"HOOK_SECRET": SECRET}


def project(
    folder: Path,
    simulator: Simulator,
    receiver: Receiver,
    graph: JsonObject | None = None,
    service: JsonObject | None = None,
) -> Path:
    """Write a project of the one service `run`, and return the path of services.yaml."""
    document: dict[str, Json] = {
        "version": 1,
        "backends": {"sim": {"url": simulator.url}},
        "gateway": {
            "backend_grace": "5s",
            "webhooks": {"allow_hosts": ["127.0.0.1"], "timeout": "1s", "attempts": 3},
        },
        "services": {
            "run": {
                "workflow": "draw.json",
                "parameters": {"color": "1.color"},
                "webhook": {"url": receiver.url(), "secret": "${HOOK_SECRET}"},
                **(service or {}),
            }
        },
    }
    drawing: dict[str, Json] = {"1": image(), "2": save()}
    return write_project(folder, json.dumps(document), dict(graph or drawing))


@asynccontextmanager
async def gateway(config: Path, **environment: str) -> AsyncGenerator[Running]:
    """Open a gateway on a project; at the end it goes at once."""
    front = open_front(config, {**ENVIRONMENT, **environment}, lambda _: None)
    try:
        yield await front.running()
    finally:
        await front.close(grace=0)


async def told_of(running: Running, job_id: str, status: str) -> JsonObject:
    """Wait until an attempt came to this, and return what the job's record tells of its webhook."""
    while True:
        answer = await running.call("get_job_result", {"job_id": job_id}, Asking())
        told = as_object(answer.structured.get("webhook")) or {}
        ended = told.get("last_error") is not None or status == "delivered"
        if told.get("status") == status and ended:
            return told
        await asyncio.sleep(0.02)
