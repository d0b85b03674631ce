"""The definitions of the built-in tools: jobs and health. Names and shapes are stable."""

from __future__ import annotations

from gateway.graph.json_value import Json, JsonObject
from gateway.tools.tool import Annotations, ToolDefinition

__all__ = [
    "JOB_SCHEMA",
    "LEAST_HOURS",
    "LONGEST_WAIT",
    "MOST_HOURS",
    "MOST_LISTED",
    "builtin_tools",
]

LONGEST_WAIT = 50.0
"""Seconds that `query_job_status` blocks at most: many clients give up at 60."""

MOST_LISTED = 200
"""Jobs that `list_jobs` answers at most."""

LEAST_HOURS = 0.01
MOST_HOURS = 100_000.0
"""Of the window that `get_job_statistics` looks at."""

_STATUSES: Json = ["pending", "running", "completed", "failed", "timeout", "cancelled"]

JOB_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "job_id": {"type": "string"},
        "service": {"type": "string"},
        "status": {"type": "string"},
    },
    "required": ["job_id", "service", "status"],
}
"""What every answer about a job holds; it may hold much more."""

_JOB_ID: Json = {"type": "string", "description": "The id that the call was answered with."}
_WAIT: Json = {
    "type": "number",
    "minimum": 0,
    "maximum": LONGEST_WAIT,
    "default": 0,
    "description": "Seconds to wait for the job to end before answering.",
}
_LOOKS = Annotations(read_only=True, destructive=False, idempotent=True, open_world=False)
_MAKES = Annotations(read_only=False, destructive=False, idempotent=False, open_world=False)
_STOPS = Annotations(read_only=False, destructive=True, idempotent=True, open_world=False)


def builtin_tools() -> tuple[ToolDefinition, ...]:
    """Return the built-in tools, in the order of the list."""
    return (
        _query_job_status(),
        _get_job_result(),
        _list_jobs(),
        _cancel_job(),
        _rerun_job(),
        _get_job_statistics(),
        _health_check(),
    )


def _query_job_status() -> ToolDefinition:
    return ToolDefinition(
        "query_job_status",
        "Job status",
        "Tell how far a job is: status, progress, place in line, error. "
        "With wait_seconds, answer when it ends or after so long.",
        _takes({"job_id": _JOB_ID, "wait_seconds": _WAIT}, "job_id"),
        JOB_SCHEMA,
        _LOOKS,
    )


def _get_job_result() -> ToolDefinition:
    return ToolDefinition(
        "get_job_result",
        "Job result",
        "Return everything a completed job made: previews, links to the files, texts.",
        _takes({"job_id": _JOB_ID}, "job_id"),
        JOB_SCHEMA,
        _LOOKS,
    )


def _list_jobs() -> ToolDefinition:
    limit: Json = {"type": "integer", "minimum": 1, "maximum": MOST_LISTED, "default": 20}
    return ToolDefinition(
        "list_jobs",
        "List jobs",
        "List your jobs, newest first.",
        _takes(
            {
                "service": {"type": "string", "description": "Only of this tool."},
                "status": {"type": "string", "enum": _STATUSES},
                "limit": limit,
                "offset": {"type": "integer", "minimum": 0, "default": 0},
            }
        ),
        _gives("total", "jobs"),
        _LOOKS,
    )


def _cancel_job() -> ToolDefinition:
    return ToolDefinition(
        "cancel_job",
        "Cancel a job",
        "Stop a job, waiting or running, and no other. A finished job stays as it is.",
        _takes({"job_id": _JOB_ID}, "job_id"),
        JOB_SCHEMA,
        _STOPS,
    )


def _rerun_job() -> ToolDefinition:
    overrides: Json = {
        "type": "object",
        "default": {},
        "description": "Arguments that are to differ. null leaves one out: a seed is drawn anew.",
    }
    return ToolDefinition(
        "rerun_job",
        "Run a job again",
        "Call a job's tool again with the same arguments, files and seeds, save the overrides; "
        "answers as that tool does, and tells which seeds are the same.",
        _takes({"job_id": _JOB_ID, "overrides": overrides}, "job_id"),
        JOB_SCHEMA,
        _MAKES,
    )


def _get_job_statistics() -> ToolDefinition:
    hours: Json = {
        "type": "number",
        "minimum": LEAST_HOURS,
        "maximum": MOST_HOURS,
        "description": "Only jobs of the last so many hours.",
    }
    since: Json = {
        "type": "string",
        "description": "Only jobs since this date or time (ISO 8601), instead of hours.",
    }
    return ToolDefinition(
        "get_job_statistics",
        "Job statistics",
        "Count your jobs by status and tool, and tell how long they ran and waited: "
        "average, p50, p95, success rate.",
        _takes(
            {
                "service": {"type": "string", "description": "Only of this tool."},
                "since": since,
                "hours": hours,
            }
        ),
        _gives("total_jobs", "status_counts"),
        _LOOKS,
    )


def _health_check() -> ToolDefinition:
    return ToolDefinition(
        "comfyui_health_check",
        "ComfyUI health",
        "Tell of each ComfyUI whether it answers and takes jobs, its queue and its memory; count your jobs.",
        _takes({}),
        _gives("backends", "jobs"),
        _LOOKS,
    )


def _takes(properties: dict[str, Json], *required: str) -> dict[str, Json]:
    schema: dict[str, Json] = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    return {**schema, "additionalProperties": False}


def _gives(*required: str) -> dict[str, Json]:
    return {"type": "object", "required": list(required)}
