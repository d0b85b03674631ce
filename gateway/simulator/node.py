"""What a simulated node class is, and what one call of it may use.

Knows no queue, no HTTP and no WebSocket: a call reports through its `Ticker`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias, cast

from PIL import Image

from gateway.graph.json_value import Json, JsonObject
from gateway.simulator.folders import Folders
from gateway.simulator.settings import Settings
from gateway.simulator.spec import Face
from gateway.simulator.values import Images, Latent

__all__ = [
    "Call",
    "Check",
    "Expansion",
    "Interrupted",
    "NodeClass",
    "OutOfMemory",
    "Result",
    "Room",
    "Ticker",
    "ui_files",
]


class Interrupted(Exception):
    """The interrupt flag was set, and a node looked."""


class OutOfMemory(Exception):
    """Plays torch.OutOfMemoryError."""


class Ticker(Protocol):
    """How a running node speaks up and listens."""

    async def step(self, value: int, maximum: int, preview: bytes = b"") -> None:
        """Report progress, with a JPEG or PNG preview or none; raises `Interrupted` when asked to stop."""
        ...

    def look(self) -> None:
        """Raise `Interrupted` when asked to stop."""
        ...

    def say(self, text: str) -> None:
        """Send a text to the node's face (binary frame type 3)."""
        ...

    @property
    def wants_previews(self) -> bool:
        """Whether samplers send previews for this prompt."""
        ...


@dataclass(frozen=True, slots=True)
class Room:
    """What every node may touch: the folders, and what this simulator is."""

    folders: Folders
    settings: Settings


@dataclass(frozen=True, slots=True)
class Expansion:
    """A graph a node puts in its own place.

    Attributes:
        nodes: Bare id → node, in API form; links between them use bare ids.
        values: What the outer node's slots stand for: a bare id and a slot each.
    """

    nodes: Mapping[str, JsonObject]
    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What one call left: slot values, and what it shows (`ui`)."""

    values: tuple[object, ...] = ()
    ui: JsonObject | None = None
    expansion: Expansion | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one node.

    Attributes:
        inputs: Input name (dotted where dynamic) → widget value or what came along the link.
        graph: The whole prompt, as SaveImage writes it into PNGs.
        extra: `extra_data` of the prompt.
    """

    node_id: str
    inputs: Mapping[str, object]
    room: Room
    ticker: Ticker
    graph: JsonObject
    extra: JsonObject = field(default_factory=dict[str, Json])

    def integer(self, name: str, default: int = 0) -> int:
        """Return an INT input."""
        return int(cast("int", self.inputs.get(name, default)))

    def number(self, name: str, default: float = 0.0) -> float:
        """Return a FLOAT input."""
        return float(cast("float", self.inputs.get(name, default)))

    def text(self, name: str, default: str = "") -> str:
        """Return a STRING or combo input."""
        return str(self.inputs.get(name, default))

    def boolean(self, name: str, default: bool = False) -> bool:
        """Return a BOOLEAN input."""
        return bool(self.inputs.get(name, default))

    def images(self, name: str) -> Images:
        """Return an IMAGE or MASK input; AttributeError for a literal, as in real nodes."""
        value = self.inputs.get(name)
        if isinstance(value, tuple):
            return cast("Images", value)
        raise AttributeError(f"{type(value).__name__!r} object has no attribute 'shape'")

    def image(self, name: str) -> Image.Image:
        """Return the first picture of an IMAGE or MASK input."""
        return self.images(name)[0]

    def latent(self, name: str) -> Latent:
        """Return a LATENT input, or raise TypeError."""
        value = self.inputs.get(name)
        if isinstance(value, Latent):
            return value
        raise TypeError(f"{type(value).__name__!r} is no latent")


Run: TypeAlias = Callable[[Call], Result | Awaitable[Result]]
Check: TypeAlias = Callable[[Mapping[str, Json], Room], Mapping[str, str]]
"""Widget values → input name → what is wrong with it; VALIDATE_INPUTS of ComfyUI."""


@dataclass(frozen=True, slots=True)
class NodeClass:
    """One node class.

    Attributes:
        face: What `/object_info` says.
        run: What it does; a plain function may run in a thread, a coroutine runs on the loop.
        check: Its own validation; the inputs named in `checked` skip list and limit checks.
        checked: Inputs its own validation covers.
        changed: Widget values → a mark that changes when the node must run again (IS_CHANGED).
        old: Its face in 0.3.64 where that is not derived from `face`.
        only_modern: Not there in 0.3.64.
    """

    face: Face
    run: Run
    check: Check | None = None
    checked: tuple[str, ...] = ()
    changed: Callable[[Mapping[str, Json], Room], str] | None = None
    old: Face | None = None
    only_modern: bool = False


def ui_files(key: str, paths: list[Path], subfolder: str, kind: str) -> dict[str, Json]:
    """Return the `ui` entry that names saved files."""
    return {key: [{"filename": path.name, "subfolder": subfolder, "type": kind} for path in paths]}
