"""A file of jobs with a long history, made at once: rows as a gateway writes them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from gateway.jobs.job import Job, Run
from gateway.jobs.stored import record_of

__all__ = ["fill", "queued_id"]

_GONE = "gone"
"""Owner of the queued jobs: a gateway that is not there any more."""


def fill(file: Path, finished: int, queued: int) -> None:
    """Add jobs to a file that a gateway made.

    Args:
        file: The jobs.
        finished: How many completed jobs of the service `smallest`, over the last day.
        queued: How many jobs of the service `long` that wait.
    """
    with sqlite3.connect(file) as connection:
        row = connection.execute("SELECT * FROM gateway_jobs LIMIT 1")
        names = [each[0] for each in row.description]
        model = dict(zip(names, row.fetchone(), strict=True))
        put = f"INSERT INTO gateway_jobs VALUES ({', '.join('?' * len(names))})"  # noqa: S608
        rows = (
            tuple({**model, **columns}[name] for name in names)
            for columns in (*_finished(finished, model["created_at"]), *_queued(queued, model))
        )
        connection.executemany(put, rows)
    connection.close()


def queued_id(number: int) -> str:
    """Return the id of a queued job, which is a UUID as every job's is."""
    return str(UUID(int=number))


def _finished(count: int, now: float) -> Iterator[dict[str, object]]:
    for number in range(count):
        created = now - 80_000 * (number + 1) / count
        job = Job(
            f"finished-{number:08}",
            "smallest",
            "local",
            {"color": number},
            created,
            status="completed",
            started_at=created + 0.1,
            completed_at=created + 0.3,
            runs=(Run(1, "b0", f"prompt-{number}", created, created + 0.1, created + 0.3),),
        )
        yield {**_columns(job), "owner": ""}


def _queued(count: int, model: dict[str, object]) -> Iterator[dict[str, object]]:
    created = model["created_at"]
    if not isinstance(created, float):
        raise TypeError("a job was made at some time")
    for number in range(count):
        job = Job(queued_id(number), "long", "local", {"color": number}, created)
        yield {**_columns(replace(job, created_at=created + number / 1e6)), "owner": _GONE}


def _columns(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "caller": job.caller,
        "service": job.service,
        "status": job.status,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "backend": job.run.backend if job.run is not None else "",
        "key": None,
        "record": json.dumps(record_of(job), separators=(",", ":")),
    }
