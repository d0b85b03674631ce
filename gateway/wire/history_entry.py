"""ComfyUI's record of a prompt that is over, read from `/history/{id}` or `/api/jobs/{id}`.

Source: ComfyUI execution.py `PromptQueue.task_done`, server.py `get_history`, `get_job_by_id`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from gateway.graph.json_value import Json, JsonObject, as_array
from gateway.wire.failure import failure_of, is_blocked
from gateway.wire.history import Ending, HistoryEntry, Interrupted, NodeFailure, Succeeded
from gateway.wire.narrow import object_of, objects_of, text_of, texts_of

__all__ = ["JobRecord", "JobStage", "parse_history", "parse_job"]

JobStage: TypeAlias = Literal["pending", "running", "finished"]

_STAGES: dict[str, JobStage] = {
    "pending": "pending",
    "in_progress": "running",
    "completed": "finished",
    "failed": "finished",
    "cancelled": "finished",
}


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What the jobs API says of a prompt.

    Attributes:
        priority: Its number in the queue: lower ones run first.
        entry: How it ended, when it did. Its outputs are normalised (paths of 3D files are rewritten),
            so those of `/history/{id}` are to be preferred.
    """

    stage: JobStage
    priority: float
    entry: HistoryEntry | None = None


def parse_history(prompt_id: str, raw: JsonObject) -> HistoryEntry | None:
    """Read the answer of `/history/{id}`; None when the prompt is not in it (unknown, or not over)."""
    entry = object_of(raw.get(prompt_id))
    if not entry:
        return None
    return _entry(
        prompt_id, entry.get("outputs"), object_of(entry.get("status")), entry.get("meta")
    )


def parse_job(raw: JsonObject) -> JobRecord | None:
    """Read the answer of `/api/jobs/{id}`; None when it is none."""
    stage = _STAGES.get(text_of(raw.get("status")))
    if stage is None:
        return None
    priority = raw.get("priority")
    number = float(priority) if isinstance(priority, (int, float)) else 0.0
    if stage != "finished":
        return JobRecord(stage, number)
    status = object_of(raw.get("execution_status"))
    return JobRecord(
        stage, number, _entry(text_of(raw.get("id")), raw.get("outputs"), status, None)
    )


def _entry(prompt_id: str, outputs: Json, status: JsonObject, meta: Json) -> HistoryEntry:
    cached: tuple[str, ...] = ()
    for event, data in _messages(status):
        if event == "execution_cached":
            cached = texts_of(data.get("nodes"))
    parents = {
        node_id: display
        for node_id, each in objects_of(meta).items()
        if (display := text_of(each.get("display_node"))) and display != node_id
    }
    return HistoryEntry(prompt_id, _ending(status), objects_of(outputs), cached, parents)


def _ending(status: JsonObject) -> Ending:
    for event, data in _messages(status):
        if event == "execution_interrupted":
            return Interrupted(text_of(data.get("node_id")))
        if event == "execution_error" and not is_blocked(text_of(data.get("exception_type"))):
            return failure_of(data)
    if text_of(status.get("status_str")) == "error":
        return NodeFailure("", "", "ComfyUI reports an error and does not say which.", "")
    return Succeeded()


def _messages(status: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    for each in as_array(status.get("messages")) or ():
        pair = as_array(each)
        if pair is not None and len(pair) == 2:
            yield text_of(pair[0]), object_of(pair[1])
