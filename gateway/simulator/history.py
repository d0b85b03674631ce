"""The record of finished prompts. Knows no HTTP and no queue; bounded as ComfyUI's is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from gateway.graph.json_value import Json, JsonObject

__all__ = ["History", "Outcome"]

_KEPT = 10_000


@dataclass(slots=True)
class Outcome:
    """How a prompt ended, and what it left.

    Attributes:
        outputs: Node id → what it showed; ids may be those of expanded nodes.
        meta: Node id → where an expanded node belongs.
        messages: The `execution_*` messages that count, in order.
    """

    outputs: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    meta: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    messages: list[tuple[str, JsonObject]] = field(default_factory=list[tuple[str, JsonObject]])
    is_success: bool = False

    def status(self) -> dict[str, Json]:
        """Return the `status` part of a history entry."""
        return {
            "status_str": "success" if self.is_success else "error",
            "completed": self.is_success,
            "messages": [[event, data] for event, data in self.messages],
        }


@dataclass(slots=True)
class History:
    """prompt_id → entry, oldest first."""

    entries: dict[str, JsonObject] = field(default_factory=dict[str, JsonObject])

    def add(self, prompt_id: str, prompt: list[Json], outcome: Outcome) -> None:
        """Write an entry; the same prompt_id again takes the old one's place."""
        if len(self.entries) > _KEPT:
            self.entries.pop(next(iter(self.entries)))
        self.entries[prompt_id] = {
            "prompt": prompt,
            "outputs": dict(outcome.outputs),
            "status": outcome.status(),
            "meta": dict(outcome.meta),
        }

    def slice(self, count: int | None, offset: int) -> dict[str, JsonObject]:
        """Return `count` entries from `offset`; a negative offset with a count means the last ones."""
        if offset < 0 and count is not None:
            offset = max(0, len(self.entries) - count)
        if count is not None and count <= 0:
            return {}
        stop = None if count is None else max(offset, 0) + count
        return dict(islice(self.entries.items(), max(offset, 0), stop))

    def delete(self, prompt_ids: Iterable[str]) -> None:
        """Forget these."""
        for prompt_id in prompt_ids:
            self.entries.pop(prompt_id, None)
