"""Running a project's services in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from gateway.engine import Engine, Kept, start_engine
from gateway.errors import JobNotFound
from gateway.execution.batches import batch_of
from gateway.graph.json_value import Json
from gateway.jobs.job import Job
from gateway.project.load import Project
from gateway.tools.running import Asking

__all__ = ["ended", "finish", "found_job", "running_engine"]


async def found_job(kept: Kept, job_id: str) -> Job:
    """Return a job or a batch, whosever it is: they belong to the project, as whoever runs this does.

    Raises:
        JobNotFound: There is none.
    """
    job = await kept.ledger.get(job_id) or await batch_of(kept.ledger, job_id)
    if job is None:
        raise JobNotFound(job_id, mend="`gateway jobs list` shows which there are.")
    return job


@asynccontextmanager
async def running_engine(project: Project) -> AsyncGenerator[Engine]:
    """Start what runs jobs and, at the end, let go of it."""
    engine = await start_engine(project)
    engine.publish(project.services)
    try:
        yield engine
    finally:
        await engine.close()


async def finish(
    engine: Engine, service: str, arguments: Mapping[str, Json], asking: Asking
) -> Job:
    """Call a service and wait for the end of its job, however long; cancelled, the job is too.

    Raises:
        GatewayError: The arguments are wrong, or the job cannot be taken.
    """
    return await ended(engine, await engine.calls.start(service, arguments, asking), asking)


async def ended(engine: Engine, job: Job, asking: Asking) -> Job:
    """Wait for the end of a job, however long; cancelled, the job is too."""
    try:
        return await engine.calls.wait(job.id, asking, None)
    except BaseException:
        await engine.calls.cancel(job.id, asking.caller)
        raise
