"""How the backends are, as an answer."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.graph.json_value import Json
from gateway.jobs.backend import Health
from gateway.jobs.job import JobStatus
from gateway.tools.answer import Answer

__all__ = ["health_record"]


def health_record(healths: Mapping[str, Health], counts: Mapping[JobStatus, int]) -> Answer:
    """Return the answer of `comfyui_health_check`: backend → how it is, and the caller's jobs."""
    lines = [_line(name, each) for name, each in healths.items()]
    jobs = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    lines.append(f"Your jobs: {jobs or 'none'}.")
    return Answer(
        "\n".join(lines),
        {
            "backends": {name: _record(each) for name, each in healths.items()},
            "jobs": {status: count for status, count in counts.items() if count},
        },
        failed=not any(each.reachable for each in healths.values()),
    )


def _record(health: Health) -> dict[str, Json]:
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


def _line(name: str, health: Health) -> str:
    if not health.reachable:
        return f"{name}: does not answer. {health.error}"
    memory = ""
    if health.vram_total and health.vram_free is not None:
        memory = f", {health.vram_free / 2**30:.1f} of {health.vram_total / 2**30:.1f} GiB free"
    return (
        f"{name}: ComfyUI {health.version or '?'}, {health.queue_remaining} in its queue{memory}."
    )
