"""What a backend must do: one ComfyUI, as the executor sees it. Implemented by `comfy/`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from gateway.errors import BackendError, NodeFaults
from gateway.graph.json_value import Json
from gateway.wire.history import HistoryEntry
from gateway.wire.messages import Message
from gateway.wire.outputs import FileReference

__all__ = [
    "Accepted",
    "Backend",
    "Connected",
    "Download",
    "Finished",
    "Following",
    "Health",
    "Pending",
    "Running",
    "SocketLost",
    "Submission",
    "Unknown",
    "Upload",
    "Whereabouts",
]


@dataclass(frozen=True, slots=True)
class Submission:
    """What `POST /prompt` sends: the patched graph under an id we chose."""

    prompt_id: str
    prompt: Mapping[str, Json]
    extra_data: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Accepted:
    """ComfyUI queued it.

    Attributes:
        prompt_id: The id it uses; not ours when it ignored ours.
        node_errors: Node id → what it refused of the graph while taking the rest; usually {}.
    """

    prompt_id: str
    node_errors: Mapping[str, NodeFaults]


@dataclass(frozen=True, slots=True)
class Pending:
    """In ComfyUI's queue; `position` counts the prompts before it, None when not known."""

    position: int | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """ComfyUI works on it."""


@dataclass(frozen=True, slots=True)
class Finished:
    """ComfyUI's history has it."""

    entry: HistoryEntry


@dataclass(frozen=True, slots=True)
class Unknown:
    """ComfyUI never heard of it, or has forgotten it (a restart, a deleted prompt)."""


Whereabouts: TypeAlias = Pending | Running | Finished | Unknown


@dataclass(frozen=True, slots=True)
class SocketLost:
    """The WebSocket went away: from here on this prompt can only be asked after."""

    reason: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The WebSocket is back; prompts submitted before still have to be asked after."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file for ComfyUI's input folder; `size` in bytes."""

    filename: str
    mime_type: str
    size: int
    subfolder: str = ""


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way from ComfyUI; `size` is None when it does not say."""

    mime_type: str
    size: int | None
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Health:
    """What a backend says of itself; `error` is set when it says nothing.

    Attributes:
        latency_ms: Of this answer.
        queue_remaining: Running and pending prompts, everybody's.
        vram_total, vram_free: Bytes, of the first device.
        fault: The error that `error` tells of, where there is one.
    """

    reachable: bool
    latency_ms: float | None = None
    version: str | None = None
    queue_remaining: int | None = None
    device: str | None = None
    vram_total: int | None = None
    vram_free: int | None = None
    error: str = ""
    fault: BackendError | None = None


class Following(Protocol):
    """The messages about one prompt, from before it was submitted."""

    async def next(self) -> Message | SocketLost | Connected:
        """Return the next message about this prompt (or any `Status`), or news of the socket."""
        ...

    def ready(self) -> Message | SocketLost | Connected | None:
        """Return the next one if it has come already."""
        ...


class Backend(Protocol):
    """One ComfyUI.

    Every method raises `BackendUnreachable`, `BackendRefused` or `BackendAnsweredOddly`.
    """

    @property
    def name(self) -> str:
        """The name in services.yaml."""
        ...

    @property
    def labels(self) -> frozenset[str]:
        """Its labels."""
        ...

    @property
    def slots(self) -> int:
        """How many of our runs it takes at a time."""
        ...

    def follow(self, prompt_id: str) -> AbstractAsyncContextManager[Following]:
        """Listen for a prompt; entered before it is submitted, left when it is over.

        Entering waits for the WebSocket (connecting it when needed), at most the backend's timeout.
        """
        ...

    async def submit(self, submission: Submission) -> Accepted:
        """Queue a prompt, once; never retried here.

        Raises:
            PromptRejected: ComfyUI's validation refused it: it is not queued.
        """
        ...

    async def whereabouts(self, prompt_id: str) -> Whereabouts:
        """Tell where a prompt is."""
        ...

    async def cancel(self, prompt_id: str) -> None:
        """Stop exactly this prompt, queued or running; nothing happens when it is over."""
        ...

    async def upload(self, upload: Upload, chunks: AsyncIterator[bytes]) -> str:
        """Send a file and return the text a widget names it by, such as `gateway/ab12.png`."""
        ...

    def download(self, file: FileReference) -> AbstractAsyncContextManager[Download]:
        """Open a file that a run left.

        Raises:
            OutputMissing: ComfyUI has no such file.
        """
        ...

    async def definitions(self, class_types: frozenset[str] | None = None) -> Mapping[str, Json]:
        """Return raw `/object_info` entries: of these classes, or all."""
        ...

    async def health(self) -> Health:
        """Ask how it is; never raises, answers within 5 s."""
        ...

    async def close(self) -> None:
        """Let go of the connections."""
        ...
