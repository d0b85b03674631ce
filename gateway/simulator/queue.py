"""The prompts that wait and the one that runs. Knows no HTTP, no WebSocket and no node.

A heap of plain tuples, as ComfyUI's: equal numbers go by prompt id, and an equal prompt id makes
it compare graphs, which fails although the prompt is already in (execution.py, PromptQueue.put).
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.graph.json_value import Json

__all__ = ["Graph", "PromptQueue", "QueueItem", "client_of", "listed"]

Graph: TypeAlias = dict[str, dict[str, Json]]
QueueItem: TypeAlias = tuple[float, str, Graph, dict[str, Json], list[str]]
"""number, prompt_id, graph, extra_data, ids of the output nodes that passed."""


def client_of(item: QueueItem) -> str | None:
    """Return the client id a prompt was posted with."""
    client_id = item[3].get("client_id")
    return None if client_id is None else str(client_id)


def listed(item: QueueItem) -> list[Json]:
    """Return a prompt as `/queue` and `/history` show it."""
    return list(item)


@dataclass(slots=True)
class PromptQueue:
    """One worker takes from it, one prompt at a time.

    Attributes:
        on_change: Told at each change; sends `status` to every socket.
        interrupt: The flag nodes look at; cleared when a prompt starts.
    """

    on_change: Callable[[], None]
    pending: list[QueueItem] = field(default_factory=list[QueueItem])
    running: QueueItem | None = None
    interrupt: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def remaining(self) -> int:
        """How many prompts wait or run."""
        return len(self.pending) + (self.running is not None)

    def put(self, item: QueueItem) -> None:
        """Add a prompt; a `TypeError` leaves it in the queue all the same."""
        self.woken.set()
        heapq.heappush(self.pending, item)
        self.on_change()

    async def take(self) -> QueueItem:
        """Wait for a prompt and make it the running one."""
        while not self.pending:
            self.woken.clear()
            await self.woken.wait()
        self.running = heapq.heappop(self.pending)
        self.interrupt = False
        self.on_change()
        return self.running

    def finish(self) -> None:
        """No prompt runs any more."""
        self.running = None
        self.on_change()

    def delete(self, prompt_ids: Iterable[str]) -> int:
        """Take pending prompts out without a word to anyone; returns how many.

        One call is two `status` messages per prompt taken out.
        """
        taken = 0
        for prompt_id in prompt_ids:
            left = [item for item in self.pending if item[1] != prompt_id]
            if len(left) < len(self.pending):
                taken += len(self.pending) - len(left)
                self.pending = left
                heapq.heapify(self.pending)
                self.on_change()
                self.on_change()
        return taken

    def clear(self) -> None:
        """Take every pending prompt out."""
        self.pending = []
        self.on_change()

    def stop_running(self, prompt_id: str | None = None) -> bool:
        """Set the interrupt flag for whatever runs, or only if it is this prompt."""
        is_hit = self.running is not None and prompt_id in (None, self.running[1])
        if is_hit or prompt_id is None:
            self.interrupt = True
        return is_hit
