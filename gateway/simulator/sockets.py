"""The open WebSockets and who hears what. Knows no HTTP route and no node.

The table is by client id, as ComfyUI's: a second socket with the same id takes the place of the
first, and when the first one closes it takes the second one's place away with it (server.py:325).
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.graph.json_value import Json, JsonObject

__all__ = ["Frame", "Socket", "Sockets", "preview_frame", "preview_with_node", "text_frame"]

Frame = str | bytes

_TEXT_TYPE = 3
_PREVIEW_TYPE = 1
_PREVIEW_WITH_NODE_TYPE = 4
_PNG_MAGIC = b"\x89PNG"


def preview_frame(image: bytes) -> bytes:
    """Return a binary frame of type 1: event, format (1 JPEG, 2 PNG), picture."""
    return struct.pack(">II", _PREVIEW_TYPE, 2 if image.startswith(_PNG_MAGIC) else 1) + image


def preview_with_node(image: bytes, node: JsonObject) -> bytes:
    """Return a binary frame of type 4: event, length of the JSON, JSON, picture."""
    kind = "image/png" if image.startswith(_PNG_MAGIC) else "image/jpeg"
    meta = json.dumps({**node, "image_type": kind}).encode()
    return struct.pack(">II", _PREVIEW_WITH_NODE_TYPE, len(meta)) + meta + image


def text_frame(node_id: str, text: str) -> bytes:
    """Return a binary frame of type 3: event, length of the node id, node id, text."""
    name = node_id.encode()
    return struct.pack(">II", _TEXT_TYPE, len(name)) + name + text.encode()


@dataclass(eq=False, slots=True)
class Socket:
    """One open WebSocket; what it is to hear waits in `outbox`."""

    client_id: str
    peer: tuple[str, int] | None = None
    outbox: asyncio.Queue[Frame] = field(default_factory=asyncio.Queue[Frame])
    features: JsonObject = field(default_factory=dict[str, Json])

    def put(self, event: str, data: JsonObject) -> None:
        """Queue one JSON frame for this socket alone."""
        self.outbox.put_nowait(json.dumps({"type": event, "data": data}))


@dataclass(slots=True)
class Sockets:
    """Every open socket.

    Attributes:
        repeat: How often each frame is sent; more than once plays a stuttering proxy.
        on_sent: Told after each frame that went to at least one socket.
    """

    repeat: int = 1
    on_sent: Callable[[], None] | None = None
    table: dict[str, Socket] = field(default_factory=dict[str, Socket])
    opened: set[Socket] = field(default_factory=set[Socket])

    def join(self, socket: Socket) -> None:
        """Add a socket; it takes the place of an older one with its client id."""
        self.opened.add(socket)
        self.table[socket.client_id] = socket

    def leave(self, socket: Socket) -> None:
        """Remove a socket, and whichever holds its client id now."""
        self.opened.discard(socket)
        self.table.pop(socket.client_id, None)

    def has_feature(self, client_id: str | None, name: str) -> bool:
        """Tell whether this client announced a feature in its first frame."""
        socket = self.table.get(client_id) if client_id is not None else None
        return socket is not None and bool(socket.features.get(name))

    def send(self, event: str, data: JsonObject, client_id: str | None = None) -> None:
        """Send one JSON frame to a client, or to every socket in the table."""
        if self.table:
            self.send_frame(json.dumps({"type": event, "data": data}), client_id)

    def send_frame(self, frame: Frame, client_id: str | None = None) -> None:
        """Send one frame to a client, or to every socket in the table."""
        hearers = (
            list(self.table.values())
            if client_id is None
            else [self.table[client_id]]
            if client_id in self.table
            else []
        )
        for socket in hearers:
            for _ in range(self.repeat):
                socket.outbox.put_nowait(frame)
        if hearers and self.on_sent is not None:
            self.on_sent()
