"""What a door (MCP, command line, REST) may ask of the gateway: protocols, so that doors load fast."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from gateway.graph.json_value import Json
from gateway.jobs.files import Opened
from gateway.jobs.job import Job, OutputFile
from gateway.tools.answer import Answer
from gateway.tools.tool import ToolTable

__all__ = ["Asking", "Introduction", "Leaving", "Published", "Running"]

Leaving: TypeAlias = Literal["cancelled", "gone"]
"""Why a caller stopped listening: an explicit cancel, or a connection that just went away."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and how to reach them.

    Attributes:
        caller: Name of the key, or `local`. Jobs and files are visible to their caller only.
        local: The caller is on this machine: paths count as references and are shown in answers.
        report: Called with a job's newest state while its call blocks: at each change, at most
            ten times a second, and at least every 5 s.
        url: Makes the link under which a file can be fetched over HTTP, or None without HTTP.
        leaving: Asked when the call's task is cancelled: why.
        key: The caller's idempotency key as it came, or None.
    """

    caller: str = "local"
    local: bool = True
    report: Callable[[Job], Awaitable[None]] | None = None
    url: Callable[[Job, int], str] | None = None
    leaving: Callable[[], Leaving] = lambda: "gone"
    key: Json = None


class Running(Protocol):
    """The part that runs jobs."""

    async def call(self, name: str, arguments: Mapping[str, Json], asking: Asking) -> Answer:
        """Call a tool and answer; every error becomes a failed answer.

        Blocks at most the service's `wait`. When its task is cancelled the job is cancelled too if
        `asking.leaving()` says `cancelled` or the service says `when_client_leaves: cancel`.

        Raises:
            KeyError: There is no such tool.
        """
        ...

    async def start(self, name: str, arguments: Mapping[str, Json], asking: Asking) -> Job:
        """Accept a service's call as a job and return at once (for the Tasks extension).

        Raises:
            GatewayError: The arguments are wrong, or the job cannot be taken.
            KeyError: There is no such service.
        """
        ...

    async def job(self, job_id: str, caller: str) -> Job:
        """Return a job of this caller, or a batch: several jobs of one call, seen as one.

        Raises:
            JobNotFound: There is none.
        """
        ...

    async def wait(self, job_id: str, asking: Asking, seconds: float | None) -> Job:
        """Wait until a job is finished, at most so long, reporting; return its newest state.

        Raises:
            JobNotFound: There is none.
        """
        ...

    async def cancel(self, job_id: str, caller: str) -> Job:
        """Stop a job and return its state; a finished one is left as it is.

        Raises:
            JobNotFound: There is none.
        """
        ...

    async def answer(self, job: Job, asking: Asking) -> Answer:
        """Return what a call that ended in this job answers."""
        ...

    async def output(self, job_id: str, index: int, caller: str) -> OutputFile | str:
        """Return an output by its place in the job's list, from 0: a file, or a text's text.

        Raises:
            JobNotFound: There is no such job or output.
        """
        ...

    async def open(self, file: OutputFile, start: int = 0, end: int | None = None) -> Opened:
        """Open an output's bytes from `start` up to, not including, `end`.

        Raises:
            JobNotFound: The file is gone.
        """
        ...

    async def ready(self) -> bool:
        """Tell whether at least one backend answers."""
        ...


class Introduction(Protocol):
    """What a server says of itself when a client connects; the `gateway` section is one."""

    @property
    def name(self) -> str:
        """The server's name."""
        ...

    @property
    def instructions(self) -> str | None:
        """How its tools are meant to be used; None for the usual words."""
        ...


class Published(Protocol):
    """The tools as they are published now, and the way to the running part."""

    @property
    def table(self) -> ToolTable:
        """The tools, as of the last good services.yaml."""
        ...

    async def running(self) -> Running:
        """Return the running part, started at the first call."""
        ...

    def warm(self) -> None:
        """Begin to load what runs jobs, in the background; called once tools/list was answered."""
        ...

    def subscribe(self, changed: Callable[[], Awaitable[None]]) -> None:
        """Have `changed` called after each change of the table."""
        ...
