"""A gateway in memory: the protocols of `gateway.tools.running`, with jobs that end when told to."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import UserDict
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    Sequence,
    ValuesView,
)
from dataclasses import dataclass, field, replace

from typing_extensions import override

from gateway.errors import ArgumentError, ArgumentFault, InputRefused, JobNotFound
from gateway.graph.json_value import Json, JsonObject
from gateway.graph.prompt import Node
from gateway.jobs.files import Opened
from gateway.jobs.job import Failure, Job, Output, OutputFile, OutputText, Progress
from gateway.services.bound import BoundService
from gateway.services.model import Place, Service
from gateway.tools.answer import Answer, FileLink, InlineImage
from gateway.tools.running import Asking, Published, Running
from gateway.tools.tool import Annotations, ToolDefinition, ToolTable

__all__ = ["PNG", "MemoryGateway", "tool", "until"]

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
"""A file's bytes; nobody decodes them."""

OBJECT: JsonObject = {"type": "object"}

JOB_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "job_id": {"type": "string"},
        "service": {"type": "string"},
        "status": {"type": "string"},
    },
    "required": ["job_id", "service", "status"],
}


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so, at most 4 s."""
    async with asyncio.timeout(4):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event of its own
            await asyncio.sleep(0.005)


def tool(name: str, *, read_only: bool = False, output: JsonObject = JOB_SCHEMA) -> ToolDefinition:
    """Return a definition."""
    schema: JsonObject = {"type": "object", "properties": {"text": {"type": "string"}}}
    annotations = Annotations(
        read_only=read_only, destructive=False, idempotent=False, open_world=False
    )
    return ToolDefinition(name, name.title(), f"The {name} tool.", schema, output, annotations)


def service(name: str) -> BoundService:
    """Return a bound service with the smallest graph."""
    declared = Service(name, Place("services.yaml", 1, 1), f"{name}.json", name, name)
    return BoundService(declared, {"9": Node("SaveImage", {})})


def table(names: Sequence[str], version: int = 1) -> ToolTable:
    """Return a table of services and the built-in tools that tests use."""
    tools = CountedTools((name, tool(name)) for name in names)
    for name in ("query_job_status", "get_job_result", "cancel_job"):
        tools[name] = tool(name, read_only=True)
    tools["list_jobs"] = tool("list_jobs", read_only=True, output=OBJECT)
    return ToolTable(tools, {name: service(name) for name in names}, version)


@dataclass(slots=True)
class Work:
    """One job's work: what it leaves once it is told to finish."""

    job: Job
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    left: str = ""


class CountedTools(UserDict[str, ToolDefinition]):
    """Tools by name, and how often they were all gone through."""

    walks = 0

    @override
    def values(self) -> ValuesView[ToolDefinition]:
        self.walks += 1
        return super().values()


class MemoryGateway(Published, Running):
    """Published and Running in one.

    `paint` makes jobs that end by `finish`; `quick` ends at once with an image, a text and an SVG;
    `wrong`, `crash` and `large` answer what their names say.
    """

    def __init__(self) -> None:
        self._table = table(("paint", "quick", "wrong", "crash", "large", "gone"))
        self._changed: list[Callable[[], Awaitable[None]]] = []
        self.works: dict[str, Work] = {}
        self.files: dict[str, bytes] = {}
        self.is_ready = True
        self.warmed: list[int] = []
        self.large = Answer("", {"job_id": "1", "service": "large", "status": "completed"})
        self.askings: list[Asking] = []
        self.starts: list[Asking] = []
        self.statistics = Answer("", {"total_jobs": 3})
        self.waits: set[asyncio.Task[object]] = set()

    # --- Published ---

    @property
    @override
    def table(self) -> ToolTable:
        return self._table

    @override
    async def running(self) -> MemoryGateway:
        return self

    @override
    def warm(self) -> None:
        self.warmed.append(len(self.askings))

    @override
    def subscribe(self, changed: Callable[[], Awaitable[None]]) -> None:
        self._changed.append(changed)

    async def publish(self, *names: str) -> None:
        """Put other services in the place of those there are."""
        self._table = table(names, self._table.version + 1)
        for changed in self._changed:
            await changed()

    # --- what a test does to jobs ---

    @property
    def lists(self) -> int:
        """How often every tool was gone through."""
        tools = self._table.tools
        assert isinstance(tools, CountedTools)
        return tools.walks

    @property
    def only(self) -> Work:
        """The only job's work."""
        [work] = self.works.values()
        return work

    def add(self, job: Job) -> Work:
        """Take a job in."""
        self.works[job.id] = Work(job)
        return self.works[job.id]

    def move(self, work: Work, progress: Progress) -> None:
        """Let a job run on."""
        work.job = replace(work.job, status="running", started_at=time.time(), progress=progress)
        self._tell(work)

    def finish(self, work: Work, *outputs: Output, failure: Failure | None = None) -> None:
        """End a job."""
        work.job = replace(
            work.job,
            status="failed" if failure else "completed",
            outputs=outputs,
            failure=failure,
            completed_at=time.time(),
        )
        self._tell(work)

    def file(self, name: str, mime_type: str, data: bytes, size: int | None = None) -> OutputFile:
        """Return an output whose bytes can be opened."""
        key = f"{len(self.files)}/{name}"
        self.files[key] = data
        size = len(data) if size is None else size
        return OutputFile("image", 0, "9", "image", "output", mime_type, name, size, key)

    def _tell(self, work: Work) -> None:
        work.changed.set()
        work.changed = asyncio.Event()

    # --- Running ---

    @override
    async def call(self, name: str, arguments: Mapping[str, Json], asking: Asking) -> Answer:
        self.askings.append(asking)
        match name:
            case "crash":
                raise RuntimeError("/home/secret/path is broken")
            case "wrong":
                fault = ArgumentFault("/steps", "is 0; the least is 1")
                raise InputRefused([fault], mend="Use at least 1.")
            case "gone":
                self._table = table(("paint",), 99)
                raise KeyError(name)
            case "large":
                return self.large
            case (
                "query_job_status"
                | "get_job_result"
                | "cancel_job"
                | "list_jobs"
                | "get_job_statistics"
            ):
                return await self._built_in(name, arguments, asking)
            case _:
                return await self._service(name, arguments, asking)

    async def _service(self, name: str, arguments: Mapping[str, Json], asking: Asking) -> Answer:
        job = await self.start(name, arguments, asking)
        work = self.works[job.id]
        try:
            job = await self.wait(job.id, asking, None)
        except asyncio.CancelledError:
            work.left = asking.leaving()
            if work.left == "cancelled":
                await self.cancel(job.id, asking.caller)
            raise
        return await self.answer(job, asking)

    async def _built_in(self, name: str, arguments: Mapping[str, Json], asking: Asking) -> Answer:
        if name == "list_jobs":
            mine = [work.job for work in self.works.values() if work.job.caller == asking.caller]
            jobs: list[Json] = [_record(job, asking) for job in mine]
            return Answer(f"{len(jobs)} jobs", {"total": len(jobs), "jobs": jobs})
        if name == "get_job_statistics":
            return self.statistics
        job_id = str(arguments.get("job_id"))
        if name == "cancel_job":
            job = await self.cancel(job_id, asking.caller)
        else:
            job = await self.job(job_id, asking.caller)
        return await self.answer(job, asking)

    @override
    async def start(self, name: str, arguments: Mapping[str, Json], asking: Asking) -> Job:
        if name == "wrong":
            raise ArgumentError([ArgumentFault("/steps", "is 0; the least is 1")])
        if name not in self._table.services:
            raise KeyError(name)
        self.starts.append(asking)
        job = Job(secrets.token_urlsafe(12), name, asking.caller, dict(arguments), time.time())
        work = self.add(job)
        if name == "quick":
            note = OutputText("note", 0, "11", "a lighthouse")
            picture = self.file("drawing.svg", "image/svg+xml", b"<svg/>")
            self.finish(work, self.file("a b.png", "image/png", PNG), note, picture)
        return work.job

    @override
    async def job(self, job_id: str, caller: str) -> Job:
        work = self.works.get(job_id)
        if work is None or work.job.caller != caller:
            raise JobNotFound(job_id)
        return work.job

    @override
    async def wait(self, job_id: str, asking: Asking, seconds: float | None) -> Job:
        work = self.works[job_id]
        async with asyncio.timeout(seconds):
            while not work.job.finished:
                changed = work.changed
                if asking.report is not None:
                    await asking.report(work.job)
                await changed.wait()
        return work.job

    @override
    async def cancel(self, job_id: str, caller: str) -> Job:
        job = await self.job(job_id, caller)
        if not job.finished:
            work = self.works[job_id]
            work.job = replace(job, status="cancelled", completed_at=time.time())
            self._tell(work)
        return self.works[job_id].job

    @override
    async def answer(self, job: Job, asking: Asking) -> Answer:
        images: tuple[InlineImage, ...] = ()
        links: tuple[FileLink, ...] = ()
        for index, output in enumerate(job.outputs):
            if isinstance(output, OutputFile):
                images = (InlineImage(b"RIFFWEBP", "image/webp", output.name),)
                uri = f"comfyui://jobs/{job.id}/outputs/{index}"
                size, name = output.size_bytes, output.filename
                links = (*links, FileLink(uri, name, name, output.mime_type, size))
        failed = job.status == "failed"
        return Answer(f"{job.service}: {job.status}", _record(job, asking), images, links, failed)

    @override
    async def output(self, job_id: str, index: int, caller: str) -> OutputFile | str:
        job = await self.job(job_id, caller)
        if index >= len(job.outputs):
            raise JobNotFound(job_id)
        output = job.outputs[index]
        return output if isinstance(output, OutputFile) else output.text

    @override
    async def open(self, file: OutputFile, start: int = 0, end: int | None = None) -> Opened:
        if file.key not in self.files:
            raise JobNotFound(file.key)
        return Opened(file.size_bytes, _chunks(self.files[file.key][start:end]))

    @override
    async def ready(self) -> bool:
        return self.is_ready


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 100):
        yield data[at : at + 100]


def _record(job: Job, asking: Asking) -> dict[str, Json]:
    outputs: list[Json] = []
    for index, output in enumerate(job.outputs):
        entry: dict[str, Json] = {
            "name": output.name,
            "index": output.index,
            "uri": f"comfyui://jobs/{job.id}/outputs/{index}",
        }
        if isinstance(output, OutputFile):
            entry["filename"] = output.filename
            entry["size_bytes"] = output.size_bytes
            if asking.local:
                entry["path"] = f"/outputs/{output.key}"
        else:
            entry["text"] = output.text
        if asking.url is not None:
            entry["url"] = asking.url(job, index)
        outputs.append(entry)
    record: dict[str, Json] = {
        "job_id": job.id,
        "service": job.service,
        "status": job.status,
        "parameters": json.loads(json.dumps(dict(job.arguments))),
        "outputs": outputs,
    }
    if job.failure is not None:
        record["error"] = {"code": job.failure.code, "message": job.failure.message}
    return record
