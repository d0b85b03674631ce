"""A backend that does nothing: every run ends at once and leaves nothing. What is left is ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager

from gateway.graph.json_value import Json
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
from gateway.services.model import BackendDeclaration
from gateway.wire.messages import Executing, ExecutionStart, ExecutionSuccess, Message
from gateway.wire.outputs import FileReference

__all__ = ["NothingBackend"]


class _Line(Following):
    """The messages of one run."""

    def __init__(self) -> None:
        self.news: asyncio.Queue[Message] = asyncio.Queue()

    async def next(self) -> Message | SocketLost | Connected:
        """Return the next message."""
        return await self.news.get()

    def ready(self) -> Message | SocketLost | Connected | None:
        """Return the next one if it has come."""
        return None if self.news.empty() else self.news.get_nowait()


class NothingBackend:
    """Implements `Backend`.

    Args:
        declaration: Its name, slots and labels; no connection is made.
    """

    def __init__(self, declaration: BackendDeclaration) -> None:
        self.name = declaration.name
        self.slots = declaration.slots
        self.labels = declaration.labels
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def follow(self, prompt_id: str) -> AsyncGenerator[Following]:
        """Listen for a prompt."""
        self._lines[prompt_id] = line = _Line()
        yield line
        del self._lines[prompt_id]

    async def submit(self, submission: Submission) -> Accepted:
        """Run it: the messages of a whole run are there at once."""
        its = submission.prompt_id
        for each in (ExecutionStart(its), ExecutionSuccess(its), Executing(None, its)):
            self._lines[its].news.put_nowait(each)
        return Accepted(its, {})

    async def whereabouts(self, prompt_id: str) -> Whereabouts:
        """Know of nothing."""
        del prompt_id
        return Unknown()

    async def cancel(self, prompt_id: str) -> None:
        """Stop nothing."""

    async def upload(self, upload: Upload, chunks: AsyncIterator[bytes]) -> str:
        """Take nothing."""
        raise NotImplementedError

    @asynccontextmanager
    async def download(self, file: FileReference) -> AsyncGenerator[Download]:
        """Have nothing."""
        raise NotImplementedError(file)
        yield

    async def definitions(self, class_types: frozenset[str] | None = None) -> Mapping[str, Json]:
        """Know no classes."""
        del class_types
        return {}

    async def health(self) -> Health:
        """Be there."""
        return Health(reachable=True)

    async def close(self) -> None:
        """Let go of nothing."""
