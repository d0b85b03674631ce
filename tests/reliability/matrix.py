"""The crash matrix: a gateway killed at each point of a job's way, and what became of the job.

A cell is one project with one call on one simulated ComfyUI. Its gateway dies at a point, ComfyUI
restarts too in some cells, and another gateway on the same project takes over.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from PIL import Image

from gateway.database.opening import open_job_store
from gateway.execution.ledger import Ledger
from gateway.execution.leftovers import clear_leftovers
from gateway.execution.points import Point
from gateway.front import open_front
from gateway.graph.json_value import Json, as_array, as_object
from gateway.jobs.job import Job, OutputFile
from gateway.simulator.faults import AnswerWith, Fault, Forget, LoseAnswer
from gateway.simulator.server import Simulator
from gateway.storage.local import open_input_store
from gateway.tools.running import Asking, Running
from tests.facts.whole import counted, node, save
from tests.project.small import write_project

__all__ = ["CELLS", "POINTS", "Cell", "Comfy", "Outcome", "crash", "expected"]

POINTS: Sequence[Point] = get_args(Point)
Comfy: TypeAlias = Literal["stays", "restarts"]

_LEASE = "2s"
_PATIENCE = 60.0
_KILLED = -signal.SIGKILL

# What it takes to come to a point that no run comes to by itself.
_TROUBLE: Mapping[Point, Fault] = {
    "doubted": LoseAnswer(),
    "requeued": AnswerWith("/prompt", 403, "{}", "application/json"),
}

_NOT_TAKEN_ON: frozenset[Point] = frozenset({"inputs-kept", "accepted", "placed"})
_POSTED: frozenset[Point] = frozenset(
    {"doubted", "posted", "started", "collected", "ended", "brought-home", "adopted"}
)
_KEPT: frozenset[Point] = frozenset({"end-kept", "answered"})


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in the matrix."""

    point: Point
    comfy: Comfy


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job.

    Attributes:
        status: How it ended; empty: no gateway knows it, and nobody was told that it was taken on.
        posted: How many prompts ComfyUI got for it.
        twice: How many prompt ids it got more than once.
        files: How many of its outputs are in the output store.
        strays: Files in the stores of inputs and outputs that belong to no job.
    """

    status: str
    posted: int
    twice: int
    files: int
    strays: int


# A restart of ComfyUI as well matters from the moment it may have the prompt, and just before.
CELLS: Sequence[Cell] = (
    *(Cell(point, "stays") for point in POINTS),
    *(Cell(point, "restarts") for point in POINTS if point in _POSTED | _KEPT | {"recorded"}),
)


def expected(cell: Cell) -> Outcome:
    """Return what must become of the job: finished, with every file, and run again only if forgotten."""
    if cell.point in _NOT_TAKEN_ON:
        return Outcome("", 0, 0, 0, 0)
    again = cell.comfy == "restarts" and cell.point in _POSTED
    return Outcome("completed", 1 + again, 0, 2, 0)


async def crash(folder: Path, store: str, cell: Cell, simulator: Simulator) -> Outcome:
    """Kill a gateway there, have another one take over, and say what became of the job.

    Args:
        folder: An empty one, for the project.
        store: What its `jobs.store` says.
        cell: Where to kill, and whether ComfyUI restarts.
        simulator: A new one.
    """
    config = _write(folder, store, simulator.url)
    if cell.point in _TROUBLE:
        simulator.order(_TROUBLE[cell.point])
    arguments = json.dumps({"image": _picture()})
    if cell.point == "adopted":
        await _dies(config, "started", arguments)
        await _dies(config, "adopted")
    else:
        await _dies(config, cell.point, arguments)
    if cell.comfy == "restarts":
        simulator.order(Forget())
    front = open_front(config, {}, lambda _: None)
    try:
        job = await _end(await front.running())
        files = await _files(await front.running(), job)
    finally:
        await front.close(grace=0)
    await _clear(folder, store)
    prompts = counted(simulator, "prompts").values()
    return Outcome(
        job.status if job is not None else "",
        sum(prompts),
        sum(count > 1 for count in prompts),
        files,
        _strays(folder, job),
    )


def _picture() -> str:
    held = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(held, "PNG")
    return f"data:image/png;base64,{base64.b64encode(held.getvalue()).decode()}"


def _write(folder: Path, store: str, url: str) -> Path:
    graph: dict[str, Json] = {
        "1": node("LoadImage", image="example.png"),
        "2": node("SimulatedSleep", image=["1", 0], seconds=0.4, ticks=20),
        "3": save("2", "late"),
        "4": save("1", "early"),
    }
    image: Json = {"node": "1", "widget": "image", "type": "image", "required": True}
    document: dict[str, Json] = {
        "version": 1,
        "backends": {"sim": {"url": url, "slots": 1}},
        "gateway": {"backend_grace": "5s"},
        "jobs": {"store": store, "lease": _LEASE},
        "services": {"run": {"workflow": "draw.json", "parameters": {"image": image}}},
    }
    return write_project(folder, json.dumps(document), graph)


async def _dies(config: Path, point: Point, *arguments: str) -> None:
    words = ("-m", "tests.reliability.dying", str(config), point, *arguments)
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(_PATIENCE):
        said, _ = await process.communicate()
    lines = said.decode().splitlines()
    assert process.returncode == _KILLED, lines
    assert lines[-1].split()[0] == point, lines


async def _end(running: Running) -> Job | None:
    """Wait for the end of the only job, if there is one."""
    listed = await running.call("list_jobs", {}, Asking())
    rows = as_array(listed.structured["jobs"]) or ()
    if not rows:
        return None
    (row,) = rows
    record = as_object(row) or {}
    job = await running.wait(str(record["job_id"]), Asking(), _PATIENCE)
    assert job.finished, job
    return job


async def _files(running: Running, job: Job | None) -> int:
    """Return how many outputs of a job can be read."""
    files = [each for each in job.outputs if isinstance(each, OutputFile)] if job else []
    for each in files:
        opened = await running.open(each)
        assert len(b"".join([chunk async for chunk in opened.chunks])) == each.size_bytes > 0
    return len(files)


async def _clear(folder: Path, store: str) -> None:
    """Do at once what a gateway does with files that have been nobody's for a day."""
    opened = await open_job_store(store, folder, "clearing")
    inputs = open_input_store(str(folder / ".gateway" / "inputs"))
    await clear_leftovers(Ledger(opened), inputs, age=0)
    await opened.close()


def _strays(folder: Path, job: Job | None) -> int:
    """Return how many files of the stores no job names."""
    named = {each.digest for each in job.inputs} if job else set[str]()
    outputs = job.outputs if job is not None else ()
    named |= {os.path.normpath(each.key) for each in outputs if isinstance(each, OutputFile)}
    stores = [folder / ".gateway" / name for name in ("inputs", "outputs")]
    inputs = [each.name for each in stores[0].rglob("*") if each.is_file()]
    kept = [str(each.relative_to(stores[1])) for each in stores[1].rglob("*") if each.is_file()]
    return len([each for each in (*inputs, *kept) if each not in named])
