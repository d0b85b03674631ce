"""A backend whose every answer a test decides, and an executor over real stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from gateway.errors import ArgumentFault, BackendError, InputRefused, OutputMissing, Place
from gateway.execution.executor import Executor
from gateway.execution.keep_inputs import Sender
from gateway.execution.ledger import Ledger
from gateway.execution.sweeping import Keeping
from gateway.graph.json_value import Json
from gateway.graph.prompt import parse_prompt
from gateway.jobs.backend import (
    Accepted,
    Connected,
    Download,
    Following,
    Health,
    SocketLost,
    Submission,
    Unknown,
    Upload,
    Whereabouts,
)
from gateway.jobs.files import Reference
from gateway.jobs.job import Job
from gateway.services.bound import BoundOutput, BoundParameter, BoundService, BoundWidget
from gateway.services.model import Defaulted, Parameter, Required, Service
from gateway.wire.messages import (
    Executed,
    Executing,
    ExecutionCached,
    ExecutionStart,
    ExecutionSuccess,
    Message,
)
from gateway.wire.outputs import FileReference

HERE = Place("services.yaml", 1, 1)
PICTURE = FileReference("t_00001_.png", "gateway", "output")
News: TypeAlias = Message | SocketLost | Connected


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    """Yield the data in two pieces."""
    yield data[: len(data) // 2]
    yield data[len(data) // 2 :]


class Line(Following):
    """What a test says about one prompt."""

    def __init__(self) -> None:
        self.news: asyncio.Queue[News] = asyncio.Queue()

    async def next(self) -> News:
        """Return the next thing said."""
        return await self.news.get()

    def ready(self) -> News | None:
        """Return the next thing if it was said already."""
        return None if self.news.empty() else self.news.get_nowait()


class ScriptedBackend:
    """A backend that answers what the test says; by default every run makes one picture."""

    def __init__(self, name: str = "studio", slots: int = 2, labels: tuple[str, ...] = ()) -> None:
        self.name = name
        self.slots = slots
        self.labels = frozenset(labels)
        self.lines: dict[str, Line] = {}
        self.submissions: list[Submission] = []
        self.cancelled: list[str] = []
        self.uploads: list[tuple[Upload, bytes]] = []
        self.where: dict[str, Whereabouts] = {}
        self.files: dict[FileReference, bytes] = {PICTURE: b"picture"}
        self.down: BackendError | None = None
        self.submitting: Callable[[Submission], Awaitable[Accepted]] = self.succeed
        self.uploading: Callable[[], Awaitable[None]] = self.at_once
        self.downloading: Callable[[], Awaitable[None]] = self.at_once
        self.submitted = asyncio.Event()
        self.object_info: Mapping[str, Json] = {}

    async def at_once(self) -> None:
        """Go on at once."""

    def say(self, prompt_id: str, *news: News) -> None:
        """Tell whoever follows the prompt."""
        for each in news:
            self.lines[prompt_id].news.put_nowait(each)

    def finish(self, prompt_id: str, *before: News) -> None:
        """Tell of a whole run that leaves one picture."""
        output: dict[str, Json] = {
            "images": [{"filename": PICTURE.filename, "subfolder": "gateway", "type": "output"}]
        }
        self.say(
            prompt_id,
            ExecutionStart(prompt_id),
            ExecutionCached(prompt_id, ()),
            *before,
            Executing("9", prompt_id, "9"),
            Executed(prompt_id, "9", "9", output),
            ExecutionSuccess(prompt_id),
            Executing(None, prompt_id),
        )

    async def succeed(self, submission: Submission) -> Accepted:
        """Take the prompt and run it to a good end."""
        self.finish(submission.prompt_id)
        return Accepted(submission.prompt_id, {})

    async def take(self, submission: Submission) -> Accepted:
        """Take the prompt and say nothing more."""
        return Accepted(submission.prompt_id, {})

    # --- Backend ---

    @asynccontextmanager
    async def follow(self, prompt_id: str) -> AsyncGenerator[Following]:
        """Listen for a prompt."""
        self._answer()
        self.lines[prompt_id] = Line()
        yield self.lines[prompt_id]

    async def submit(self, submission: Submission) -> Accepted:
        """Queue a prompt."""
        self.submissions.append(submission)
        self.submitted.set()
        return await self.submitting(submission)

    async def whereabouts(self, prompt_id: str) -> Whereabouts:
        """Tell where a prompt is."""
        self._answer()
        return self.where.get(prompt_id, Unknown())

    async def cancel(self, prompt_id: str) -> None:
        """Stop a prompt."""
        self._answer()
        self.cancelled.append(prompt_id)

    async def upload(self, upload: Upload, chunks: AsyncIterator[bytes]) -> str:
        """Take a file."""
        self._answer()
        await self.uploading()
        self.uploads.append((upload, b"".join([each async for each in chunks])))
        return f"{upload.subfolder}/{upload.filename}"

    @asynccontextmanager
    async def download(self, file: FileReference) -> AsyncGenerator[Download]:
        """Give a file."""
        self._answer()
        await self.downloading()
        if file not in self.files:
            raise OutputMissing(f"{file.filename} is gone")
        data = self.files[file]
        yield Download("image/png", len(data), chunks(data))

    async def definitions(self, class_types: frozenset[str] | None = None) -> Mapping[str, Json]:
        """Tell the definitions."""
        self._answer()
        return self.object_info

    async def health(self) -> Health:
        """Tell how it is."""
        return Health(reachable=self.down is None)

    async def close(self) -> None:
        """Let go."""

    def _answer(self) -> None:
        if self.down is not None:
            raise self.down


class OneFile:
    """References that all lead to the same bytes, unless they say `bad`."""

    async def open(self, reference: str, *, local: bool) -> Reference:
        """Open it."""
        if reference.startswith("bad"):
            from_where = "here" if local else "there"
            raise InputRefused([ArgumentFault("", f"{reference} is not allowed {from_where}")])
        return Reference("cat.png", "image/png", chunks(b"a cat"))


GRAPH: Json = {
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a fox", "clip": ["4", 1]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
    "8": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
    "9": {
        "class_type": "SaveImage",
        "inputs": {"images": ["8", 0], "filename_prefix": "t"},
        "_meta": {"title": "Save it"},
    },
}


def a_service(image: bool = False, **named: object) -> BoundService:
    """Return a service over the small graph; `named` are fields of `Service`."""
    prompt = parse_prompt(GRAPH)
    text = BoundParameter(
        Parameter("prompt", HERE, Defaulted("a fox")),
        "string",
        (BoundWidget("6", "text", "CLIPTextEncode", "a fox"),),
    )
    picture = BoundParameter(
        Parameter("image", HERE, Required(), type="image"),
        "image",
        (BoundWidget("8", "image", "LoadImage", "example.png"),),
    )
    service = Service("draw", HERE, "draw.json", "Draw", "Draw a picture.", **named)  # pyright: ignore[reportArgumentType]
    return BoundService(
        service,
        prompt,
        (text, picture) if image else (text,),
        (BoundOutput("image", "9"),),
        {("9", "filename_prefix"): "t"},
    )


@dataclass
class Bench:
    """An executor with everything a test wants to look at."""

    executor: Executor
    ledger: Ledger
    keeping: Keeping
    backends: tuple[ScriptedBackend, ...]
    output_folder: Path
    reported: list[tuple[str, BaseException]]
    sender: Sender = field(default_factory=lambda: Sender("local", local=True))

    @property
    def backend(self) -> ScriptedBackend:
        """The first backend."""
        return self.backends[0]

    async def accept(self, bound: BoundService | None = None, **arguments: Json) -> Job:
        """Take on a call."""
        return await self.executor.accept(bound or a_service(), arguments, self.sender)

    async def ended(self, job: Job) -> Job:
        """Wait until the job has ended; at most a few seconds, as every test."""
        return await self.until(job, lambda each: each.finished)

    async def until(self, job: Job, holds: Callable[[Job], bool]) -> Job:
        """Wait until something holds of the job."""
        with self.ledger.watch(await self.ledger.get(job.id) or job) as watch:
            while not holds(watch.take()):
                await watch.change(None)
            return watch.job

    async def run(self, bound: BoundService | None = None, **arguments: Json) -> Job:
        """Take on a call and wait until it has ended."""
        return await self.ended(await self.accept(bound, **arguments))


MakeBench: TypeAlias = Callable[..., Bench]
