"""How the backends are, as an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.graph.json_value import Json
from gateway.jobs.backend import Health
from gateway.jobs.job import JobStatus
from gateway.jobs.standing import Draining, Standing, draining_of
from gateway.tools.answer import Answer
from gateway.tools.job_record import time_text

__all__ = ["Looked", "health_record"]


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at a backend shows.

    Attributes:
        health: What it says itself.
        standing: How it stands with this gateway.
        runs: How many runs of the gateways are under way there; counted only when it is drained.
    """

    health: Health
    standing: Standing
    runs: int = 0

    @property
    def draining(self) -> Draining | None:
        """Whether it takes no new runs, and still has some."""
        return draining_of(drained=self.standing.drained, runs=self.runs)


def health_record(backends: Mapping[str, Looked], counts: Mapping[JobStatus, int]) -> Answer:
    """Return the answer of `comfyui_health_check`: backend → how it is, and the caller's jobs."""
    lines = [_line(name, each) for name, each in backends.items()]
    jobs = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    lines.append(f"Your jobs: {jobs or 'none'}.")
    return Answer(
        "\n".join(lines),
        {
            "backends": {name: _record(each) for name, each in backends.items()},
            "jobs": {status: count for status, count in counts.items() if count},
        },
        failed=not any(each.health.reachable for each in backends.values()),
    )


def _record(looked: Looked) -> dict[str, Json]:
    return {**_told(looked.health), **_standing(looked)}


def _told(health: Health) -> dict[str, Json]:
    if not health.reachable:
        return {"reachable": False, "error": health.error}
    return {
        "reachable": True,
        "version": health.version,
        "queue_remaining": health.queue_remaining,
        "device": health.device,
        "vram_total": health.vram_total,
        "vram_free": health.vram_free,
        "latency_ms": health.latency_ms,
    }


def _standing(looked: Looked) -> dict[str, Json]:
    standing = looked.standing
    record: dict[str, Json] = {"state": standing.state}
    if standing.state != "closed":
        record |= {"since": time_text(standing.since), "reason": standing.reason}
    if looked.draining is not None:
        record |= {"draining": looked.draining, "runs": looked.runs}
    if standing.models:
        record["models"] = list[Json](sorted(standing.models))
    return record


def _line(name: str, looked: Looked) -> str:
    return f"{name}: {_health_text(looked.health)}{_standing_text(looked)}"


def _health_text(health: Health) -> str:
    if not health.reachable:
        return f"does not answer. {health.error}"
    memory = ""
    if health.vram_total and health.vram_free is not None:
        memory = f", {health.vram_free / 2**30:.1f} of {health.vram_total / 2**30:.1f} GiB free"
    return f"ComfyUI {health.version or '?'}, {health.queue_remaining} in its queue{memory}."


def _standing_text(looked: Looked) -> str:
    """Return what a caller should know beside the backend's own word."""
    said = ""
    if looked.draining == "draining":
        said = f" It is draining: it takes no new jobs, and finishes {looked.runs}."
    elif looked.draining == "drained":
        said = " It is drained: it takes no new jobs."
    since = time_text(looked.standing.since)
    match looked.standing.state:
        case "open":
            return f"{said} It gets no jobs since {since}, and is tried again soon: {looked.standing.reason}"
        case "half-open":
            return f"{said} It answers again; the next job tries whether it works."
        case "closed":
            return said
