"""A job in the words of the answers: a superset of the shapes that DESIGN's seed system answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.graph.json_value import Json
from gateway.jobs.delivery import Delivery
from gateway.jobs.job import Failure, Job, NodeSpan, Output, OutputFile, OutputText

__all__ = [
    "Places",
    "failure_record",
    "finished_record",
    "handle_record",
    "head_record",
    "output_record",
    "output_uri",
    "progress_record",
    "row_record",
    "status_record",
    "time_text",
    "webhook_record",
]

_NEXT = (
    "The job goes on. Call query_job_status with this job_id (wait_seconds up to 50), "
    "then get_job_result."
)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a job's files can be had by whoever asked.

    Attributes:
        paths: Number of an output, counted from 0 → its place on this machine, when it has one
            that may be shown.
        urls: Number of an output → the link to it, when it has one.
        unsent: Numbers of those that are still not in their bucket.
    """

    paths: Mapping[int, str] = field(default_factory=dict[int, str])
    urls: Mapping[int, str] = field(default_factory=dict[int, str])
    unsent: frozenset[int] = frozenset()


def output_uri(job_id: str, number: int) -> str:
    """Return the MCP resource of an output; numbers count from 0 over all outputs of the job."""
    return f"comfyui://jobs/{job_id}/outputs/{number}"


def row_record(job: Job) -> dict[str, Json]:
    """Return a line of `list_jobs`."""
    batch = job.batch
    part: dict[str, Json] = (
        {} if batch is None else {"batch_id": batch.id, "batch_index": batch.index}
    )
    return {
        **part,
        "job_id": job.id,
        "service": job.service,
        "status": job.status,
        "created_at": time_text(job.created_at),
        "completed_at": time_text(job.completed_at),
    }


def handle_record(job: Job, expected: float | None) -> dict[str, Json]:
    """Return the answer of a call whose job goes on."""
    record: dict[str, Json] = {
        "job_id": job.id,
        "service": job.service,
        "status": job.status,
        "message": _NEXT,
    }
    if expected is not None:
        record["expected_ms"] = round(expected * 1000)
    return record


def status_record(job: Job) -> dict[str, Json]:
    """Return the answer of `query_job_status`."""
    record = {**head_record(job), "progress": progress_record(job)}
    if job.failure is not None:
        record["error"] = failure_record(job.failure)
    return record


def finished_record(job: Job, places: Places, unsent: Sequence[str] = ()) -> dict[str, Json]:
    """Return a service's answer, and that of `get_job_result`; `unsent` are warnings of today."""
    record = {
        **head_record(job),
        "total_images": sum(
            isinstance(each, OutputFile) and each.kind == "image" for each in job.outputs
        ),
        "outputs": [
            output_record(job, number, each, places) for number, each in enumerate(job.outputs)
        ],
        "node_history": [_span(each) for each in job.spans],
        "warnings": [*job.warnings, *unsent],
    }
    if job.failure is not None:
        record["error"] = failure_record(job.failure)
    return record


def webhook_record(delivery: Delivery) -> dict[str, Json]:
    """Return the `webhook` object: how far telling the end of a job is."""
    return {
        "status": delivery.status,
        "attempts": delivery.attempts,
        "last_error": delivery.last_error or None,
    }


def failure_record(failure: Failure) -> dict[str, Json]:
    """Return the `error` object."""
    return {
        "code": failure.code,
        "message": failure.message,
        "where": failure.where,
        "found": failure.found,
        "mend": failure.mend,
        "node_errors": dict(failure.node_errors),
    }


def head_record(job: Job) -> dict[str, Json]:
    """Return what every record of a job begins with."""
    run = job.run
    ended = job.completed_at
    began = job.started_at
    record: dict[str, Json] = {
        "job_id": job.id,
        "service": job.service,
        "status": job.status,
        "created_at": time_text(job.created_at),
        "started_at": time_text(began),
        "completed_at": time_text(ended),
        "prompt_id": run.prompt_id if run else None,
        "backend": run.backend if run else None,
        "backend_reason": run.because if run else None,
        "attempts": len(job.runs),
        "parameters": dict(job.arguments),
        "seeds": dict(job.seeds),
    }
    if job.batch is not None:
        record |= {"batch_id": job.batch.id, "batch_index": job.batch.index}
    if job.rerun_of:
        record["rerun_of"] = job.rerun_of
    if began is not None:
        record["queued_ms"] = _ms(began - job.created_at)
    if began is not None and ended is not None:
        record["running_ms"] = _ms(ended - began)
        record["execution_time"] = f"{_ms(ended - began)}ms"
    return record


def progress_record(job: Job) -> dict[str, Json]:
    """Return the `progress` object."""
    progress = job.progress
    return {
        "current": progress.current,
        "maximum": progress.maximum,
        "node": progress.node,
        "title": progress.title,
        "cachedNodes": list(progress.cached_nodes),
        "queue_position": progress.queue_position,
        "note": progress.note,
        "remaining_ms": None if progress.seconds_left is None else _ms(progress.seconds_left),
        "timestamp": time_text(progress.timestamp or job.created_at),
    }


def output_record(job: Job, number: int, output: Output, places: Places) -> dict[str, Json]:
    """Return an entry of `outputs`; numbers count from 0 over all outputs of the job."""
    record: dict[str, Json] = {
        "name": output.name,
        "index": output.index,
        "node_id": output.node_id,
    }
    match output:
        case OutputText(text=text):
            record |= {"kind": "text", "text": text, "uri": output_uri(job.id, number)}
        case OutputFile():
            record |= {
                "kind": output.kind,
                "type": output.type,
                "mime_type": output.mime_type,
                "filename": output.filename,
            }
            record |= _home(job, number, output, places)
    return record


def _home(job: Job, number: int, output: OutputFile, places: Places) -> dict[str, Json]:
    """Return where a file is, or why it is not here."""
    if output.missing:
        return {"missing": output.missing}
    record: dict[str, Json] = {"size_bytes": output.size_bytes, "uri": output_uri(job.id, number)}
    if output.width is not None and output.height is not None:
        record |= {"width": output.width, "height": output.height}
    if number in places.paths:
        record["path"] = places.paths[number]
    if number in places.urls:
        record["url"] = places.urls[number]
    return record


def _span(span: NodeSpan) -> dict[str, Json]:
    return {
        "node_id": span.node_id,
        "title": span.title,
        "cached": span.cached,
        "started_ms": span.started_ms,
        "ended_ms": span.ended_ms,
    }


def _ms(seconds: float) -> int:
    return max(round(seconds * 1000), 0)


def time_text(seconds: float | None) -> str | None:
    """Return a time as answers write it, in UTC with milliseconds."""
    if seconds is None:
        return None
    return (
        datetime.fromtimestamp(seconds, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
