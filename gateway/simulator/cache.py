"""Results of nodes, kept so that an unchanged node does not run twice. Knows no queue.

A node is unchanged when its class, its widget values, its change mark and everything above it
are. From 0.4 on results outlive the prompt; 0.3 keeps those of the last prompt only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import cast

from PIL import Image

from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.graph.prompt import link_of
from gateway.simulator.values import Latent, Video

__all__ = ["Cache", "Kept", "Signatures"]

_MAX_PIXELS = 32_000_000
_MAX_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class Kept:
    """What a node gave: its slots, and what it showed with the meta entry beside it."""

    values: tuple[object, ...]
    ui: JsonObject | None = None
    pixels: int = 0


@dataclass(slots=True)
class Signatures:
    """Node id → a text equal for nodes that would give the same result."""

    graph: Mapping[str, Mapping[str, Json]]
    changed: Callable[[str], str]
    known: dict[str, str] = field(default_factory=dict[str, str])

    def of(self, node_id: str) -> str:
        """Return the signature of a node."""
        if (found := self.known.get(node_id)) is not None:
            return found
        node = self.graph.get(node_id)
        if node is None:
            # A refused output may link to what is not there; it never runs.
            return f"no node {node_id}"
        # A refused output may also go in circles; it never runs either.
        self.known[node_id] = f"circle at {node_id}"
        parts = [str(node["class_type"]), self.changed(node_id)]
        for name, value in sorted((as_object(node.get("inputs")) or {}).items()):
            link = link_of(value)
            text = repr(value) if link is None else f"{self.of(link.node_id)}@{link.slot}"
            parts.append(f"{name}={text}")
        signature = blake2b("\x00".join(parts).encode(), digest_size=16).hexdigest()
        self.known[node_id] = signature
        return signature


@dataclass(slots=True)
class Cache:
    """Signature → result, the longest unused ones dropped when pictures pile up."""

    kept: OrderedDict[str, Kept] = field(default_factory=OrderedDict[str, Kept])
    pixels: int = 0

    def get(self, signature: str) -> Kept | None:
        """Return a result and mark it as used."""
        found = self.kept.get(signature)
        if found is not None:
            self.kept.move_to_end(signature)
        return found

    def put(self, signature: str, values: tuple[object, ...], ui: JsonObject | None) -> Kept:
        """Keep a result."""
        entry = Kept(values, ui, sum(_pixels(value) for value in values))
        old = self.kept.pop(signature, None)
        self.kept[signature] = entry
        self.pixels += entry.pixels - (old.pixels if old else 0)
        while self.pixels > _MAX_PIXELS or len(self.kept) > _MAX_ENTRIES:
            self.pixels -= self.kept.popitem(last=False)[1].pixels
        return entry

    def keep_only(self, signatures: Iterable[str]) -> None:
        """Drop everything else, as 0.3 does when a prompt starts."""
        wanted = set(signatures)
        self.kept = OrderedDict((key, entry) for key, entry in self.kept.items() if key in wanted)
        self.pixels = sum(entry.pixels for entry in self.kept.values())

    def clear(self) -> None:
        """Drop everything."""
        self.kept.clear()
        self.pixels = 0


def _pixels(value: object) -> int:
    if isinstance(value, Latent | Video):
        return sum(image.width * image.height for image in value.images)
    if isinstance(value, tuple):
        images = cast("tuple[object, ...]", value)
        return sum(image.width * image.height for image in images if isinstance(image, Image.Image))
    return 0
