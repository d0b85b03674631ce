"""`gateway jobs`: what a project keeps of its jobs, while gateways run on it and when none does."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, cast, get_args

import typer

from gateway.cli.jobs_acting import cancel, clean, rerun
from gateway.cli.jobs_shown import (
    batch_lines,
    job_lines,
    job_table,
    print_json,
    print_table,
    statistics_table,
)
from gateway.cli.opening import Config, open_project
from gateway.cli.running import found_job
from gateway.engine import open_kept
from gateway.errors import GatewayError
from gateway.jobs.batch import Batch
from gateway.jobs.files import OutputStore
from gateway.jobs.job import Job, JobStatus, OutputFile
from gateway.jobs.statistics import Period, Statistics
from gateway.jobs.store import JobPage, JobQuery
from gateway.project.load import Project
from gateway.tools.batch_answer import batch_record
from gateway.tools.job_record import Places, finished_record, row_record, status_record
from gateway.tools.statistics import statistics_record

__all__ = ["register"]

_STATUSES: tuple[str, ...] = get_args(JobStatus)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Service = Annotated[
    str | None,
    typer.Option("--service", metavar="NAME", help="Only of this service.", show_default=False),
]


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command and its verbs."""
    group = typer.Typer(help=sentence, no_args_is_help=True, rich_markup_mode=None)
    group.command("list", help="List jobs, newest first; everybody's.")(_list)
    group.command("show", help="Show all that is known of a job.")(_show)
    group.command("cancel", help="Stop a job, whichever gateway runs it.")(cancel)
    group.command("rerun", help="Run a job again, with its files and seeds.")(rerun)
    group.command("clean", help="Let finished jobs and their files go, as jobs.keep says.")(clean)
    group.command("stats", help="Count jobs, and tell how long they ran and waited.")(_stats)
    app.add_typer(group, name="jobs")


def _list(
    config: Config = None,
    service: Service = None,
    status: Annotated[
        str | None,
        typer.Option(
            "--status", metavar="STATUS", help=f"One of {', '.join(_STATUSES)}.", show_default=False
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most.")] = 20,
    as_json: AsJson = False,
) -> None:
    if status is not None and status not in _STATUSES:
        raise GatewayError(
            f"there is no status {status!r}",
            code="wrong-use",
            mend=f"There are: {', '.join(_STATUSES)}.",
        )
    query = JobQuery(None, service, cast("JobStatus | None", status), limit)
    page = asyncio.run(_page(open_project(config), query))
    if as_json:
        rows = [{**row_record(job), "caller": job.caller} for job in page.jobs]
        print_json({"total": page.total, "jobs": rows})
        return
    if page.jobs:
        print_table(job_table(page.jobs, time.time()))
    shown = "" if page.total == len(page.jobs) else f", {len(page.jobs)} shown"
    typer.echo(f"{page.total} {'job' if page.total == 1 else 'jobs'}{shown}.")


async def _page(project: Project, query: JobQuery) -> JobPage:
    async with open_kept(project) as kept:
        return await kept.ledger.store.list(query)


def _show(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="Its id.")],
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    asyncio.run(_show_one(open_project(config), job_id, as_json=as_json))


async def _places(job: Job, outputs: OutputStore) -> Places:
    paths: dict[int, str] = {}
    urls: dict[int, str] = {}
    for number, file in enumerate(job.outputs):
        if isinstance(file, OutputFile) and file.key:
            if (path := outputs.path(file.key)) is not None:
                paths[number] = path
            if (link := await outputs.link(file.key, doubtful=bool(file.unsent))) is not None:
                urls[number] = link
    return Places(paths, urls)


async def _show_one(project: Project, job_id: str, *, as_json: bool) -> None:
    async with open_kept(project) as kept:
        job = await found_job(kept, job_id)
        if isinstance(job, Batch):
            _show_batch(job, as_json=as_json)
            return
        places = await _places(job, kept.keeping.outputs)
        if as_json:
            record = finished_record(job, places) if job.finished else status_record(job)
            print_json({**record, "caller": job.caller})
        else:
            typer.echo("\n".join(job_lines(job, places, time.time())))


def _show_batch(batch: Batch, *, as_json: bool) -> None:
    if as_json:
        print_json({**batch_record(batch), "caller": batch.caller})
    else:
        typer.echo("\n".join(batch_lines(batch, time.time())))


def _stats(
    config: Config = None,
    service: Service = None,
    hours: Annotated[
        float | None,
        typer.Option(
            "--hours",
            metavar="N",
            min=0.0,
            help="Only jobs of the last so many hours.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    since = None if hours is None else time.time() - hours * 3600
    period = Period(service=service, since=since)
    told = asyncio.run(_statistics(open_project(config), period))
    if as_json:
        print_json(statistics_record(told, period))
        return
    if told.services:
        print_table(statistics_table(told))
    else:
        typer.echo("0 jobs.")


async def _statistics(project: Project, period: Period) -> Statistics:
    async with open_kept(project) as kept:
        return await kept.ledger.store.statistics(period)
