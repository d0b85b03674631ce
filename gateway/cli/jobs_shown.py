"""Jobs as people read them in a terminal. Knows no stores."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.graph.json_value import Json
from gateway.jobs.batch import Batch, seeds_of, varied_of
from gateway.jobs.job import Job, JobStatus, Output, OutputFile, OutputText
from gateway.jobs.statistics import Figures, Statistics, Times
from gateway.tools.job_record import Places

__all__ = ["batch_lines", "job_lines", "job_table", "print_json", "print_table", "statistics_table"]

_SHADES: Mapping[JobStatus, str] = {
    "pending": "yellow",
    "running": "cyan",
    "completed": "green",
    "failed": "red",
    "timeout": "red",
    "cancelled": "dim",
}
_LONGEST = 200


def print_json(record: Mapping[str, Json]) -> None:
    """Print a record, and nothing else."""
    sys.stdout.write(json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def print_table(table: Table) -> None:
    """Print a table, as wide as it needs to be where nobody reads it in a terminal."""
    console = Console()
    console.print(table, width=None if console.is_terminal else 200)


def job_table(jobs: Sequence[Job], now: float) -> Table:
    """Return a line for each job; who called is told where it is not always the same."""
    several = len({job.caller for job in jobs}) > 1
    table = _table("job", "service", "status", "ran", "created", *(["caller"] if several else []))
    for job in jobs:
        table.add_row(
            Text(job.id),
            Text(job.service),
            Text(job.status, style=_SHADES[job.status]),
            _span(_ran(job, now)),
            f"{_age(now - job.created_at)} ago",
            *([Text(job.caller)] if several else []),
        )
    return table


def job_lines(job: Job, places: Places, now: float) -> Iterator[str]:
    """Yield what is known of a job, a thing a line."""
    yield f"job        {job.id}"
    yield f"service    {job.service}"
    yield f"status     {job.status}"
    yield f"created    {_moment(job.created_at)} ({_age(now - job.created_at)} ago) by {job.caller}"
    if job.rerun_of:
        yield f"rerun of   {job.rerun_of}"
    if job.started_at is not None:
        waited = _span(job.started_at - job.created_at)
        where = f" on {job.run.backend}" if job.run is not None else ""
        yield f"ran        {_span(_ran(job, now))}{where}, after {waited} in line"
    if len(job.runs) > 1:
        yield f"attempts   {len(job.runs)}, on {', '.join(each.backend for each in job.runs)}"
    for name, value in job.arguments.items():
        yield f"argument   {name}={_short(json.dumps(value, ensure_ascii=False))}"
    for number, output in enumerate(job.outputs):
        yield f"output {number:<3} {output.name}: {_told(output, number, places)}"
    for warning in job.warnings:
        yield f"warning    {warning}"
    if job.failure is not None:
        yield f"error      {job.failure.message} ({job.failure.code})"
        if job.failure.mend:
            yield f"           {job.failure.mend}"


def batch_lines(batch: Batch, now: float) -> Iterator[str]:
    """Yield what is known of a batch: what all its jobs have in common, then a line for each."""
    yield from job_lines(replace(batch, outputs=()), Places(), now)
    differing = [*varied_of(batch.jobs), *seeds_of(batch.jobs)]
    for each in batch.jobs:
        number = 0 if each.batch is None else each.batch.index + 1
        told = {name: each.arguments[name] for name in differing if name in each.arguments}
        varied = _short(json.dumps(told, ensure_ascii=False)) if told else ""
        yield f"job {number:<6} {each.id}  {each.status}  {varied}".rstrip()


def statistics_table(told: Statistics) -> Table:
    """Return a line for each service, and one for all."""
    headings = ("service", "jobs", "active", "success", "ran", "p50", "p95", "waited")
    table = _table(*headings)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, figures in told.services.items():
        table.add_row(Text(name), *_cells(figures))
    if len(told.services) > 1:
        table.add_row(Text("all", style="bold"), *_cells(told.whole))
    return table


def _cells(figures: Figures) -> Iterator[str]:
    rate = figures.success_rate
    yield f"{figures.total:,}"
    yield f"{figures.active:,}"
    yield "" if rate is None else f"{rate:.1%}"
    yield from _times(figures.running, ("average", "p50", "p95"))
    yield from _times(figures.waiting, ("average",))


def _times(times: Times | None, which: Sequence[str]) -> Iterator[str]:
    for each in which:
        yield "" if times is None else _span(getattr(times, each))


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings):
        # An id is there to be copied: whatever else is cut, it is not.
        table.add_column(heading, no_wrap=True, min_width=36 if heading == "job" else None)
        table.columns[number].overflow = "ellipsis"
    return table


def _told(output: Output, number: int, places: Places) -> str:
    match output:
        case OutputText(text=text):
            return _short(text)
        case OutputFile(missing=missing) if missing:
            return f"missing: {missing}"
        case OutputFile():
            return places.paths.get(number) or places.urls.get(number) or output.filename


def _ran(job: Job, now: float) -> float | None:
    if job.started_at is None:
        return None
    return (job.completed_at or now) - job.started_at


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{max(seconds, 0):.1f} s" if seconds < 100 else _age(seconds)


def _age(seconds: float) -> str:
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{int(seconds // length)} {unit}"
    return f"{max(int(seconds), 0)} s"


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
