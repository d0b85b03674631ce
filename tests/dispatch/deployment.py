"""A deployment to test dispatchers on: four simulated ComfyUIs, two front ends, and whoever works."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gateway.front import Front, open_front
from gateway.graph.json_value import Json
from gateway.jobs.job import Job
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking, Running
from tests.facts.whole import image, node, prompts_posted, save
from tests.project.small import write_project

__all__ = ["NAMES", "Deployment", "Dispatch", "deployed", "opened_front", "write_deployment"]

Dispatch = Literal["process", "cluster"]

NAMES = ("a", "b", "c", "d")
LABELS: Mapping[str, list[str]] = {"a": ["fast"], "b": ["fast", "big"], "c": [], "d": ["big"]}
PATIENCE = 30.0
_LOOK = 0.02

GRAPH: dict[str, Json] = {
    "1": image(),
    "2": node("SimulatedSleep", image=["1", 0], seconds=0.1, ticks=20),
    "3": save("2", "late"),
}

_COMMON: dict[str, Json] = {
    "workflow": "draw.json",
    "wait": "0s",
    "when_client_leaves": "detach",
    "parameters": {"seconds": "2.seconds", "color": "1.color"},
}
SERVICES: dict[str, Json] = {
    "run": _COMMON,
    "on_a": {**_COMMON, "backend": "a"},
    "urgent_on_a": {**_COMMON, "backend": "a", "priority": 10},
    "fast": {**_COMMON, "backend": {"labels": ["fast"]}},
    "fast_and_big": {**_COMMON, "backend": {"labels": ["big", "fast"]}},
    "impatient_on_a": {**_COMMON, "backend": "a", "queue_timeout": "1s"},
    "short": {**_COMMON, "timeout": "1s"},
    "grid": {
        **_COMMON,
        "parameters": {
            "seconds": "2.seconds",
            "color": {"node": "1", "widget": "color", "batch": "values"},
        },
    },
}


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was deployed.

    Attributes:
        fronts: Two, on one store.
        simulators: By the backends' names.
    """

    config: Path
    environment: Mapping[str, str]
    fronts: Sequence[Running]
    simulators: Mapping[str, Simulator]

    async def start(
        self, service: str, seconds: float = 0.05, front: int = 0, caller: str = "local"
    ) -> Job:
        """Begin a job through one of the front ends."""
        return await self.fronts[front].start(service, {"seconds": seconds}, Asking(caller))

    async def until(
        self, job: Job, true: Callable[[Job], bool], front: int = 0, caller: str = "local"
    ) -> Job:
        """Ask a front end for a job until something is true of it."""
        async with asyncio.timeout(PATIENCE):
            while not true(job := await self.fronts[front].job(job.id, caller)):  # noqa: ASYNC110
                await asyncio.sleep(_LOOK)
        return job

    async def running(self, job: Job, front: int = 0) -> Job:
        """Wait until ComfyUI runs a job."""
        return await self.until(job, lambda each: each.status == "running", front)

    async def ended(self, job: Job, front: int = 0, caller: str = "local") -> Job:
        """Wait for the end of a job as a caller does."""
        return await self.fronts[front].wait(job.id, Asking(caller), PATIENCE)

    def posted(self) -> int:
        """Return how many prompts the ComfyUIs took, together."""
        return sum(prompts_posted(each) for each in self.simulators.values())


def write_deployment(
    folder: Path,
    urls: Mapping[str, str],
    dispatch: Dispatch = "process",
    jobs: Mapping[str, Json] | None = None,
    more: Mapping[str, Json] | None = None,
) -> Path:
    """Write the project and return the path of services.yaml.

    Args:
        folder: Where.
        urls: Of the backends, by name.
        dispatch: Who runs jobs.
        jobs: Adds to that section.
        more: Nodes that are added to the graph.
    """
    backends: dict[str, Json] = {
        name: {"url": url, "slots": 1, "labels": LABELS[name]} for name, url in urls.items()
    }
    document: dict[str, Json] = {
        "version": 1,
        "backends": backends,
        "gateway": {"backend_grace": "5s"},
        "jobs": {"dispatch": dispatch, "lease": "2s", **(jobs or {})},
        "services": SERVICES,
    }
    return write_project(folder, json.dumps(document), {**GRAPH, **(more or {})})


@asynccontextmanager
async def opened_front(
    config: Path, environment: Mapping[str, str], work_for: Sequence[str] = ()
) -> AsyncGenerator[Running]:
    """Open a front end or worker; at the end it goes at once."""
    front: Front = open_front(config, environment, lambda _: None)
    front.work_for(frozenset(work_for))
    try:
        yield await front.running()
    finally:
        await front.close(grace=0)


@asynccontextmanager
async def deployed(
    folder: Path, dispatch: Dispatch, database: str = "", jobs: Mapping[str, Json] | None = None
) -> AsyncGenerator[Deployment]:
    """Deploy four simulators and two front ends, in a cluster also two workers with two backends each."""
    environment = {"GATEWAY_DATABASE_URL": database} if database else {}
    async with AsyncExitStack() as stack:
        simulators = {name: await stack.enter_async_context(Simulator()) for name in NAMES}
        urls = {name: each.url for name, each in simulators.items()}
        config = write_deployment(folder, urls, dispatch, jobs)
        fronts = [
            await stack.enter_async_context(opened_front(config, environment)) for _ in range(2)
        ]
        if dispatch == "cluster":
            for names in (("a", "b"), ("c", "d")):
                await stack.enter_async_context(opened_front(config, environment, names))
        yield Deployment(config, environment, fronts, simulators)
