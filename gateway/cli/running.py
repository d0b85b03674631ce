"""Running a project's services in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from gateway.engine import Engine, start_engine
from gateway.graph.json_value import Json
from gateway.jobs.job import Job
from gateway.project.load import Project
from gateway.tools.running import Asking

__all__ = ["finish", "running_engine"]


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
    job = await engine.calls.start(service, arguments, asking)
    try:
        return await engine.calls.wait(job.id, asking, None)
    except BaseException:
        await engine.calls.cancel(job.id, asking.caller)
        raise
