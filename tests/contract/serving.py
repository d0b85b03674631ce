"""The ComfyUIs the contract is held against, and what the tests of it do with one."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from gateway.comfy.backend import ComfyBackend
from gateway.graph.json_value import Json
from gateway.jobs.backend import (
    Connected,
    Finished,
    Following,
    SocketLost,
    Submission,
    Upload,
)
from gateway.wire.history import HistoryEntry
from gateway.wire.messages import Message
from gateway.wire.outputs import FileReference, LeftFile, items_of
from gateway.wire.run import RunState, advance

__all__ = [
    "Served",
    "bytes_of",
    "files_of",
    "fresh_id",
    "image_graph",
    "in_chunks",
    "node",
    "until",
    "upload_of",
]

T = TypeVar("T")

_COLORS = itertools.count(int(time.time() * 1000) % 0xFFFFFF)


@dataclass(frozen=True)
class Served:
    """One ComfyUI with a backend on it.

    Attributes:
        seconds: How long anything may take there.
        sleeper: Class and inputs of a node that takes time; None where only stock nodes are.
    """

    backend: ComfyBackend
    seconds: float = 5.0
    sleeper: Mapping[str, Json] | None = None

    async def run(self, graph: Mapping[str, Json], prompt_id: str = "") -> RunState:
        """Submit a graph and follow it to its end by messages alone."""
        prompt_id = prompt_id or fresh_id()
        async with self.backend.follow(prompt_id) as following:
            accepted = await self.backend.submit(Submission(prompt_id, graph, {}))
            assert accepted.prompt_id == prompt_id
            return await self.ended(following, prompt_id)

    async def ended(self, following: Following, prompt_id: str) -> RunState:
        """Follow a prompt to its end."""
        run = RunState(prompt_id)
        async with asyncio.timeout(self.seconds):
            while not run.ended:
                run = advance(run, message_of(await following.next()), time.monotonic())
        return run

    async def entry(self, prompt_id: str) -> HistoryEntry:
        """Ask until a prompt is over."""
        return (await until(self, prompt_id, Finished)).entry

    def slow_graph(self) -> dict[str, Json]:
        """Return a graph that takes seconds and can be interrupted on the way."""
        graph = image_graph(256)
        if self.sleeper is not None:
            graph["blur"] = self.sleeper
            graph["save"] = node("SaveImage", images=["blur", 0], filename_prefix="contract")
            return graph
        before = "image"
        for number in range(60):
            graph[f"blur{number}"] = node("ImageBlur", image=[before, 0], blur_radius=15, sigma=5.0)
            before = f"blur{number}"
        graph["save"] = node("SaveImage", images=[before, 0], filename_prefix="contract")
        return graph


async def until(server: Served, prompt_id: str, stage: type[T]) -> T:
    """Ask after a prompt until it is at a stage."""
    async with asyncio.timeout(server.seconds):
        while True:
            where = await server.backend.whereabouts(prompt_id)
            if isinstance(where, stage):
                return where
            await asyncio.sleep(0.01)


def message_of(event: Message | SocketLost | Connected) -> Message:
    """Return a message; the connection must hold."""
    assert not isinstance(event, SocketLost | Connected)
    return event


def fresh_id() -> str:
    """Return a prompt id of a new one."""
    return str(uuid.uuid4())


def node(class_type: str, /, **inputs: Json) -> Mapping[str, Json]:
    """Return one node of a graph."""
    return {"class_type": class_type, "inputs": inputs}


def image_graph(side: int = 64, count: int = 1) -> dict[str, Json]:
    """Return a graph that saves images no run before had."""
    return {
        "image": node(
            "EmptyImage", width=side, height=side, batch_size=count, color=next(_COLORS) % 0xFFFFFF
        ),
        "save": node("SaveImage", images=["image", 0], filename_prefix=f"contract/{fresh_id()}/x"),
    }


def files_of(run: RunState, node_id: str) -> list[FileReference]:
    """Return the files a node left."""
    items = items_of({node_id: run.outputs[node_id]})
    return [each.file for each in items if isinstance(each, LeftFile)]


async def bytes_of(server: Served, file: FileReference) -> bytes:
    """Download a file."""
    async with server.backend.download(file) as download:
        data = b"".join([chunk async for chunk in download.chunks])
    assert download.size in (None, len(data))
    return data


async def in_chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    """Yield bytes as a file would come."""
    for chunk in chunks:
        yield chunk


def upload_of(name: str, data: bytes, subfolder: str = "") -> Upload:
    """Return an upload of so many bytes."""
    return Upload(name, "image/png", len(data), subfolder)
