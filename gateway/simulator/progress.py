"""Progress of one prompt as its clients hear it. Knows no queue and no HTTP.

`progress_state` carries every node that has begun, each time; `progress` is the old form beside
it. Updates nearer than 100 ms to the last one are left out, except the first, the last and those
with a preview.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.graph.json_value import Json, JsonObject
from gateway.simulator.node import Interrupted
from gateway.simulator.sockets import Sockets, preview_frame, preview_with_node, text_frame

__all__ = ["NodeTicker", "Progress", "Spot"]

_THROTTLE_SECONDS = 0.1
_FLAG = "supports_preview_metadata"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a node stands: an expanded one belongs to a node of the posted graph.

    Attributes:
        parent: The node whose expansion it came from, or None.
        real: The node of the posted graph it belongs to.
    """

    node_id: str
    real: str
    parent: str | None = None

    def as_meta(self) -> JsonObject:
        """Return the entry of a history's `meta`."""
        return {
            "node_id": self.node_id,
            "display_node": self.real,
            "parent_node": self.parent,
            "real_node_id": self.real,
        }


@dataclass(slots=True)
class Progress:
    """The begun nodes of one prompt. Without a client id every socket hears of them."""

    prompt_id: str
    client_id: str | None
    sockets: Sockets
    nodes: dict[str, dict[str, Json]] = field(default_factory=dict[str, dict[str, Json]])

    def begin(self, spot: Spot) -> None:
        """A node starts."""
        self._entry(spot).update(value=0.0, max=1.0, state="running")
        self._tell()

    def end(self, spot: Spot) -> None:
        """A node is done."""
        entry = self._entry(spot)
        entry.update(value=entry["max"], state="finished")
        self._tell()

    def update(self, spot: Spot, value: int, maximum: int, preview: bytes) -> None:
        """A node got on; a preview goes before `progress` in the new form, after it in the old."""
        self._entry(spot).update(value=value, max=maximum, state="running")
        self._tell()
        takes_new = self.sockets.has_feature(self.client_id, _FLAG)
        if preview and takes_new:
            self.sockets.send_frame(preview_with_node(preview, self._names(spot)), self.client_id)
        data: JsonObject = {
            "value": value,
            "max": maximum,
            "prompt_id": self.prompt_id,
            "node": spot.node_id,
        }
        self.sockets.send("progress", data, self.client_id)
        if preview and not takes_new:
            self.sockets.send_frame(preview_frame(preview), self.client_id)

    def _names(self, spot: Spot) -> dict[str, Json]:
        return {
            "node_id": spot.node_id,
            "prompt_id": self.prompt_id,
            "display_node_id": spot.real,
            "parent_node_id": spot.parent,
            "real_node_id": spot.real,
        }

    def _entry(self, spot: Spot) -> dict[str, Json]:
        if spot.node_id not in self.nodes:
            first: dict[str, Json] = {"value": 0, "max": 1, "state": "pending"}
            self.nodes[spot.node_id] = {**first, **self._names(spot)}
        return self.nodes[spot.node_id]

    def _tell(self) -> None:
        data: JsonObject = {"prompt_id": self.prompt_id, "nodes": self.nodes}
        self.sockets.send("progress_state", data, self.client_id)


@dataclass(slots=True)
class NodeTicker:
    """How one running node reports; `is_stopped` reads the interrupt flag."""

    progress: Progress
    spot: Spot
    is_stopped: Callable[[], bool]
    wants_previews: bool
    told_at: float | None = None

    async def step(self, value: int, maximum: int, preview: bytes = b"") -> None:
        """Report progress."""
        self.look()
        now = time.monotonic()
        is_due = self.told_at is None or now - self.told_at >= _THROTTLE_SECONDS
        if is_due or preview or value >= maximum:
            self.told_at = now
            self.progress.update(self.spot, value, maximum, preview)

    def look(self) -> None:
        """Raise Interrupted when the flag is set."""
        if self.is_stopped():
            raise Interrupted

    def say(self, text: str) -> None:
        """Send a text to the node's face."""
        frame = text_frame(self.spot.node_id, text)
        self.progress.sockets.send_frame(frame, self.progress.client_id)
