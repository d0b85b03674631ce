"""The whole path, in one process: a small project, the gateway on it, simulated ComfyUIs behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2 as httpx

from gateway.errors import Finding
from gateway.front import Front, open_front
from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.jobs.job import Job, OutputFile
from gateway.project.definitions_file import DEFINITIONS_FILE, write_definitions
from gateway.simulator.server import Simulator
from gateway.tools.answer import Answer
from gateway.tools.running import Asking, Running
from tests.project.small import write_project

__all__ = [
    "PATIENCE",
    "VERSIONS",
    "Whole",
    "assert_each_posted_once",
    "counted",
    "error_of",
    "image",
    "node",
    "opened",
    "outputs_of",
    "pin",
    "posted_inputs",
    "posted_prompts",
    "prompts_posted",
    "save",
    "show",
    "sleeping",
]

VERSIONS = ("0.33.0", "0.3.64")
PATIENCE = 20.0
_LOOK = 0.02


def node(class_type: str, /, **inputs: Json) -> dict[str, Json]:
    """Return one node of a graph."""
    return {"class_type": class_type, "inputs": inputs}


def image(side: int = 16, count: int = 1, color: int = 255) -> dict[str, Json]:
    """Return a node that makes pictures."""
    return node("EmptyImage", width=side, height=side, batch_size=count, color=color)


def save(source: str = "1", prefix: str = "t") -> dict[str, Json]:
    """Return a node that saves pictures."""
    return node("SaveImage", images=[source, 0], filename_prefix=prefix)


def show(ui: JsonObject) -> dict[str, Json]:
    """Return a node that reports just this as its output."""
    return node("SimulatedOutput", ui_json=json.dumps(ui))


def sleeping(seconds: float, saves: bool = True) -> dict[str, Json]:
    """Return a graph that saves one picture at once, then takes so long, and saves another."""
    graph: dict[str, Json] = {
        "1": image(),
        "2": node(
            "SimulatedSleep", image=["1", 0], seconds=seconds, ticks=max(int(seconds * 50), 1)
        ),
        "3": save("2", "late"),
    }
    return {**graph, "4": save("1", "early")} if saves else graph


@dataclass(slots=True)
class Whole:
    """A gateway at work.

    Attributes:
        notes: What callers were told while they waited, in order, each once.
        reported: What was found in later edits.
    """

    folder: Path
    front: Front
    running: Running
    notes: list[str] = field(default_factory=list[str])
    reported: list[Finding] = field(default_factory=list[Finding])

    async def call(self, /, **arguments: Json) -> Answer:
        """Call the service and wait for its answer."""
        return await self.running.call("run", arguments, Asking(report=self._note))

    async def begin(self, /, **arguments: Json) -> Job:
        """Call the service and return its job at once."""
        return await self.running.start("run", arguments, Asking())

    async def until(self, job: Job, true: Callable[[Job], bool]) -> Job:
        """Look at a job until something is true of it."""
        async with asyncio.timeout(PATIENCE):
            while not true(job := await self.running.job(job.id, "local")):
                self._hear(job)
                await asyncio.sleep(_LOOK)
        self._hear(job)
        return job

    async def running_there(self, job: Job) -> Job:
        """Wait until a job's prompt runs in ComfyUI."""
        return await self.until(job, lambda each: each.status == "running")

    async def ended(self, job: Job) -> Job:
        """Wait for the end of a job."""
        return await self.until(job, lambda each: each.finished)

    async def bytes_of(self, file: OutputFile) -> bytes:
        """Read an output."""
        opened = await self.running.open(file)
        return b"".join([chunk async for chunk in opened.chunks])

    async def _note(self, job: Job) -> None:
        self._hear(job)

    def _hear(self, job: Job) -> None:
        note = job.progress.note
        if note and (not self.notes or self.notes[-1] != note):
            self.notes.append(note)


@asynccontextmanager
async def opened(
    folder: Path,
    backends: Simulator | Mapping[str, JsonObject],
    graph: JsonObject,
    service: JsonObject | None = None,
    gateway: JsonObject | None = None,
) -> AsyncGenerator[Whole]:
    """Open the gateway on a project with the one service `run`.

    Args:
        folder: Where the project is written.
        backends: The simulator it runs on, or the whole `backends` section.
        graph: Its workflow.
        service: Further keys of the service.
        gateway: The `gateway` section; the grace is 5 s unless given.
    """
    if isinstance(backends, Simulator):
        backends = {"sim": {"url": backends.url}}
    document: dict[str, Json] = {
        "version": 1,
        "backends": dict(backends),
        "gateway": {"backend_grace": "5s", **(gateway or {})},
        "services": {"run": {"workflow": "draw.json", **(service or {})}},
    }
    config = write_project(folder, json.dumps(document), dict(graph))
    reported: list[Finding] = []

    def report(findings: Sequence[Finding]) -> None:
        reported.extend(findings)

    front = open_front(config, {}, report)
    try:
        yield Whole(folder, front, await front.running(), reported=reported)
    finally:
        await front.close(grace=0)


def counted(simulator: Simulator, what: str) -> dict[str, int]:
    """Return one of the simulator's tables of counters."""
    table = as_object(simulator.counters()[what])
    assert table is not None
    return {name: count for name, count in table.items() if isinstance(count, int)}


def prompts_posted(simulator: Simulator) -> int:
    """Return how many prompts ComfyUI took."""
    return sum(counted(simulator, "prompts").values())


def assert_each_posted_once(simulator: Simulator) -> None:
    """Fail if a prompt id was submitted twice: that would be the same run twice."""
    assert {name: count for name, count in counted(simulator, "prompts").items() if count > 1} == {}


def outputs_of(answer: Answer) -> list[JsonObject]:
    """Return the records of an answer's outputs."""
    records = as_array(answer.structured["outputs"])
    assert records is not None
    return [record for each in records if (record := as_object(each)) is not None]


def error_of(answer: Answer) -> JsonObject:
    """Return an answer's error."""
    assert answer.failed, answer.text
    error = as_object(answer.structured["error"])
    assert error is not None
    return error


async def posted_prompts(simulator: Simulator) -> list[list[Json]]:
    """Return the prompts of ComfyUI's history: number, id, graph, extra data, output nodes."""
    async with httpx.AsyncClient(base_url=simulator.url) as http:
        history = as_object((await http.get("/history")).json()) or {}
    prompts = [as_array((as_object(entry) or {})["prompt"]) for entry in history.values()]
    return [list(prompt) for prompt in prompts if prompt is not None]


async def posted_inputs(simulator: Simulator, node_id: str) -> JsonObject:
    """Return the inputs of a node in the newest prompt of ComfyUI's history."""
    graph = as_object((await posted_prompts(simulator))[-1][2]) or {}
    return as_object((as_object(graph[node_id]) or {})["inputs"]) or {}


async def pin(folder: Path, simulator: Simulator, *class_types: str) -> None:
    """Pin node definitions in a project, as `gateway definitions pull` does."""
    raw: dict[str, Json] = {}
    async with httpx.AsyncClient(base_url=simulator.url) as http:
        for class_type in class_types:
            raw.update((await http.get(f"/object_info/{class_type}")).json())
    write_definitions(folder / DEFINITIONS_FILE, raw)
