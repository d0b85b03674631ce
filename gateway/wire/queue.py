"""Where a prompt stands in ComfyUI's queue.

Source: ComfyUI server.py `get_queue`: pending prompts come in heap order, not in the order they run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from gateway.graph.json_value import Json, JsonObject, as_array
from gateway.wire.narrow import object_of, text_of

__all__ = ["AtWork", "InLine", "QueuePlace", "place_in_queue", "position_among_jobs"]


@dataclass(frozen=True, slots=True)
class AtWork:
    """The worker has it."""


@dataclass(frozen=True, slots=True)
class InLine:
    """It waits; `position` counts the prompts before it, the running one too."""

    position: int


QueuePlace: TypeAlias = AtWork | InLine


def place_in_queue(prompt_id: str, raw: JsonObject) -> QueuePlace | None:
    """Find a prompt in the answer of `/queue`; None when it is not there."""
    running = [_item(each) for each in as_array(raw.get("queue_running")) or ()]
    if any(each == prompt_id for _, each in running):
        return AtWork()
    pending = sorted(_item(each) for each in as_array(raw.get("queue_pending")) or ())
    for position, (_, each) in enumerate(pending):
        if each == prompt_id:
            return InLine(len(running) + position)
    return None


def position_among_jobs(prompt_id: str, priority: float, raw: JsonObject) -> int:
    """Count the jobs before one, in the answer of `/api/jobs?status=pending,in_progress`."""
    mine = (priority, prompt_id)
    jobs = [object_of(each) for each in as_array(raw.get("jobs")) or ()]
    return sum(
        job.get("status") == "in_progress"
        or (_number(job.get("priority")), text_of(job.get("id"))) < mine
        for job in jobs
        if job.get("id") != prompt_id
    )


def _item(raw: Json) -> tuple[float, str]:
    item = as_array(raw) or ()
    return (_number(item[0]), text_of(item[1])) if len(item) > 1 else (0.0, "")


def _number(value: Json) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
