"""One life of the simulated process: what a restart loses, and what it runs on.

Knows no HTTP; the routes and the worker share it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gateway.graph.json_value import Json, JsonObject
from gateway.simulator.cache import Cache
from gateway.simulator.folders import Folders
from gateway.simulator.history import History
from gateway.simulator.node import NodeClass, Room
from gateway.simulator.queue import PromptQueue
from gateway.simulator.settings import Settings
from gateway.simulator.sockets import Sockets

__all__ = ["Counters", "Machine", "Orders"]


@dataclass(slots=True)
class Counters:
    """What tests ask about afterwards; a restart does not reset it.

    Attributes:
        prompts: prompt_id → how often it was posted and taken.
        requests: `METHOD /path` → how often it was asked.
        uploads: Files taken in.
        runs: Prompts whose run began.
    """

    prompts: Counter[str] = field(default_factory=Counter[str])
    requests: Counter[str] = field(default_factory=Counter[str])
    uploads: int = 0
    runs: int = 0


class Orders(Protocol):
    """What the fault desk says to the machine, beside what it does on its own."""

    @property
    def ignores_prompt_ids(self) -> bool:
        """Whether prompts get ids of the server's own."""
        ...

    @property
    def history_delay(self) -> float:
        """Seconds between `execution_success` and the history entry."""
        ...

    async def on_run_start(self) -> None:
        """A run begins."""
        ...


@dataclass(slots=True)
class Machine:
    """The state of one process; `reset` is a restart.

    Attributes:
        running_client: Who posted the running prompt; hears `executing` when it connects late.
        running_node: The node that runs, for the same.
        next_number: Number of the next prompt posted without one of its own.
        free_memory: Asked by `/free` to drop kept results after the current prompt.
    """

    settings: Settings
    folders: Folders
    nodes: Mapping[str, NodeClass]
    counters: Counters = field(default_factory=Counters)
    sockets: Sockets = field(default_factory=Sockets)
    history: History = field(default_factory=History)
    cache: Cache = field(default_factory=Cache)
    queue: PromptQueue = field(init=False)
    running_client: str | None = None
    running_node: str | None = None
    next_number: int = 0
    free_memory: bool = False
    documents: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])

    def __post_init__(self) -> None:
        self.queue = PromptQueue(self.tell_status)

    @property
    def room(self) -> Room:
        """What nodes may touch."""
        return Room(self.folders, self.settings)

    def reset(self) -> None:
        """Lose what a restart loses: queue, history, kept results, numbers, temp files."""
        self.queue = PromptQueue(self.tell_status)
        self.history = History()
        self.cache = Cache()
        self.running_client = None
        self.running_node = None
        self.next_number = 0
        self.folders.wipe_temp()

    def exec_info(self) -> JsonObject:
        """Return what `GET /prompt` and `status` say."""
        return {"exec_info": {"queue_remaining": self.queue.remaining}}

    def tell_status(self) -> None:
        """Send `status` to every socket."""
        self.sockets.send("status", {"status": self.exec_info()})

    def document(self, class_type: str) -> JsonObject:
        """Return the object_info entry of a class; entries without live lists are made once."""
        if (made := self.documents.get(class_type)) is not None:
            return made
        sources: list[str] = []

        def names(source: str) -> tuple[str, ...]:
            sources.append(source)
            return self.names(source)

        made = self.nodes[class_type].face.document(names)
        if not sources:
            self.documents[class_type] = made
        return made

    def names(self, source: str) -> tuple[str, ...]:
        """Return a live list: `models/<folder>` or `<folder>/<kind of file>`."""
        folder, _, kind = source.partition("/")
        if folder == "models":
            return tuple(self.settings.models.get(kind, ()))
        return tuple(name for name in self.folders.names(folder) if _is_kind(name, kind))

    def features(self) -> dict[str, Json]:
        """Return `/features`, and what a WebSocket is told about itself."""
        base: dict[str, Json] = {
            "supports_preview_metadata": True,
            "max_upload_size": self.settings.max_upload_size,
        }
        if not self.settings.modern:
            return base
        return {
            **base,
            "supports_model_type_tags": True,
            "extension": {"manager": {"supports_v4": True}},
            "node_replacements": True,
            "assets": False,
        }


_SUFFIXES = {
    "image": {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tiff"},
    "audio": {".flac", ".mp3", ".ogg", ".opus", ".wav", ".m4a"},
    "video": {".mp4", ".webm", ".mkv", ".mov", ".avi"},
}


def _is_kind(name: str, kind: str) -> bool:
    return Path(name).suffix.lower() in _SUFFIXES.get(kind, set())
