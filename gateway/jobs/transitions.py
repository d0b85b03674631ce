"""How a job moves: `pending → running → completed | failed | timeout | cancelled`, and never back.

Each function returns the job's next state; a finished job stays as it is, whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.errors import GatewayError, NodeFaults, PromptRejected, RunTimedOut
from gateway.graph.json_value import Json
from gateway.jobs.job import Failure, Job, JobStatus, NodeSpan, Output, Progress, Run

__all__ = ["cancel", "complete", "fail", "failure_of", "note", "requeue", "start", "submit"]


def submit(job: Job, run: Run) -> Job:
    """Record an attempt, before its prompt is posted; a run of the same attempt is replaced."""
    return job if job.finished else job.with_run(run)


def start(job: Job, at: float) -> Job:
    """Record that ComfyUI's worker took the newest attempt."""
    if job.finished or job.run is None:
        return job
    run = job.run if job.run.started_at is not None else replace(job.run, started_at=at)
    return replace(job, status="running", started_at=run.started_at).with_run(run)


def requeue(job: Job, at: float, end: str) -> Job:
    """Record that the newest attempt ended without a result and the job waits for another one."""
    if job.finished:
        return job
    if job.run is not None and job.run.ended_at is None:
        job = job.with_run(replace(job.run, ended_at=at, end=end))
    return replace(job, status="pending", started_at=None)


def note(job: Job, text: str, at: float) -> Job:
    """Say something about a job that goes on, such as a backend that died."""
    if job.finished:
        return job
    return replace(job, progress=replace(job.progress, note=text, timestamp=at))


def complete(job: Job, at: float, outputs: tuple[Output, ...], spans: tuple[NodeSpan, ...]) -> Job:
    """End a job well."""
    return _finish(job, "completed", at, replace(job, outputs=outputs, spans=spans))


def fail(job: Job, at: float, error: GatewayError, outputs: tuple[Output, ...] = ()) -> Job:
    """End a job badly, keeping what it left; a passed time limit is the status `timeout`."""
    status: JobStatus = "timeout" if isinstance(error, RunTimedOut) else "failed"
    return _finish(
        job, status, at, replace(job, failure=failure_of(error), outputs=outputs or job.outputs)
    )


def cancel(job: Job, at: float, reason: str, outputs: tuple[Output, ...] = ()) -> Job:
    """End a job because somebody stopped it."""
    failure = Failure(code="cancelled", message=reason, mend="Call the tool again if you want it.")
    return _finish(
        job, "cancelled", at, replace(job, failure=failure, outputs=outputs or job.outputs)
    )


def failure_of(error: GatewayError) -> Failure:
    """Return the value that keeps an error with its job."""
    node_errors = _node_errors(error.node_errors) if isinstance(error, PromptRejected) else {}
    return Failure(error.code, error.message, error.where, error.found, error.mend, node_errors)


def _finish(job: Job, status: JobStatus, at: float, ended: Job) -> Job:
    if job.finished:
        return job
    if ended.run is not None and ended.run.ended_at is None:
        ended = ended.with_run(replace(ended.run, ended_at=at, end=status))
    progress = Progress(cached_nodes=ended.progress.cached_nodes, timestamp=at)
    return replace(ended, status=status, completed_at=at, progress=progress)


def _node_errors(faults: Mapping[str, NodeFaults]) -> dict[str, Json]:
    return {
        node_id: {
            "class_type": node.class_type,
            "errors": [
                {
                    "type": fault.type,
                    "message": fault.message,
                    "details": fault.details,
                    "input": fault.input_name,
                }
                for fault in node.faults
            ],
        }
        for node_id, node in faults.items()
    }
