"""The verbs of `gateway jobs` that change something."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.bar import ProgressLine
from gateway.cli.given import named_files, read_words
from gateway.cli.jobs_shown import print_json
from gateway.cli.naming_files import allowing, file_parameters
from gateway.cli.opening import Config, open_project
from gateway.cli.running import ended, found_job, running_engine
from gateway.cli.saving import OutputFolder, make_folder, save_outputs
from gateway.engine import open_kept
from gateway.errors import GatewayError
from gateway.execution.sweeping import expiry_of, sweep
from gateway.graph.json_value import JsonObject
from gateway.jobs.batch import Batch
from gateway.jobs.job import Job
from gateway.jobs.store import Expiry
from gateway.project.load import Project
from gateway.services.durations import parse_duration
from gateway.tools.answer import Answer
from gateway.tools.batch_answer import batch_record
from gateway.tools.definitions import tool_table
from gateway.tools.job_answer import rerun_answer
from gateway.tools.job_record import status_record
from gateway.tools.running import Asking

__all__ = ["cancel", "clean", "rerun"]

JobId = Annotated[str, typer.Argument(metavar="JOB", help="Its id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def cancel(job_id: JobId, config: Config = None, as_json: AsJson = False) -> None:
    """Stop a job; one that another process runs is stopped by that one."""
    job = asyncio.run(_cancel(open_project(config), job_id))
    if as_json:
        print_json(batch_record(job) if isinstance(job, Batch) else status_record(job))
    elif job.finished:
        typer.echo(f"{job.service}: {job.status} (job {job.id}).")
    else:
        typer.echo(f"{job.service}: {job.status}; whoever runs it was asked to stop it.")
    if not job.finished:
        raise typer.Exit(1)


async def _cancel(project: Project, job_id: str) -> Job:
    async with open_kept(project) as kept:
        job = await found_job(kept, job_id)
    if job.finished:
        return job
    # With the engine, so that a job whose gateway is gone is taken over, and stopped in ComfyUI.
    async with running_engine(project) as engine:
        return await engine.calls.cancel(job.id, job.caller)


@dataclass(frozen=True, slots=True)
class _Again:
    """An old job, and what is to differ."""

    project: Project
    old: Job
    overrides: JsonObject


def rerun(
    job_id: JobId,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE",
            help="Arguments that are to differ; seed=null draws a new one.",
            show_default=False,
        ),
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
    output: OutputFolder = None,
) -> None:
    """Run a job again and wait for its end."""
    project = open_project(config)
    old = asyncio.run(_old(project, job_id))
    again = _overridden(project, old, words or [])
    if output is not None:
        make_folder(output)
    try:
        answer, saved = asyncio.run(_rerun(again, output))
    except KeyboardInterrupt:
        sys.stderr.write(f"{old.service}: cancelled\n")
        raise typer.Exit(1) from None
    if as_json:
        print_json(answer.structured)
    else:
        typer.echo("\n".join([answer.text, *(f"saved {path}" for path in saved)]))
    if answer.failed:
        raise typer.Exit(1)


async def _old(project: Project, job_id: str) -> Job:
    async with open_kept(project) as kept:
        return await found_job(kept, job_id)


def _overridden(project: Project, old: Job, words: Sequence[str]) -> _Again:
    tools = tool_table(project.services, 1).tools
    files = file_parameters(project, old.service)
    # A service that is gone is told of by the call itself.
    gone = old.service not in tools
    overrides = {} if gone else read_words(words, tools[old.service].input_schema, files)
    return _Again(allowing(project, named_files(overrides, files)), old, overrides)


async def _rerun(again: _Again, folder: Path | None) -> tuple[Answer, list[Path]]:
    old = again.old
    async with running_engine(again.project) as engine:
        with ProgressLine(old.service) as line:
            # In the name of whoever made the old one: its files are that caller's.
            asking = Asking(old.caller, report=line.show_job, leaving=lambda: "cancelled")
            begun = await engine.calls.rerun(old.id, again.overrides, asking)
            job = await ended(engine, begun, asking)
        saved = await save_outputs(engine, job, folder) if folder else []
        return rerun_answer(await engine.calls.answer(job, asking), old, job), saved


def clean(
    config: Config = None,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than",
            metavar="AGE",
            help="Instead: those that ended before, as 7d, 12h or 30m.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell how many.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let finished jobs go."""
    age = None if older_than is None else _age(older_than)
    gone = asyncio.run(_clean(open_project(config), age, only_count=dry_run))
    if as_json:
        print_json({"jobs": gone, "dry_run": dry_run})
    else:
        noun = "job" if gone == 1 else "jobs"
        typer.echo(f"{gone:,} {noun} would go." if dry_run else f"{gone:,} {noun} went.")


async def _clean(project: Project, age: float | None, *, only_count: bool) -> int:
    async with open_kept(project) as kept:
        policy = expiry_of(kept.keeping.policy)
        expiry = policy if age is None else Expiry(before=time.time() - age)
        if only_count:
            return await kept.ledger.store.count_expired(expiry)
        gone = 0
        while went := await sweep(kept.ledger, kept.keeping, expiry):
            gone += went
        return gone


def _age(text: str) -> float:
    """Return an age in seconds; days may be written too."""
    days = text.endswith("d")
    seconds = parse_duration(f"{text[:-1]}h" if days else text)
    if seconds is None:
        raise GatewayError(
            f"--older-than {text!r} is no age", code="wrong-use", mend="Write it as 7d, 12h or 30m."
        )
    return seconds * 24 if days else seconds
