"""Jobs as JSON and back: what every lasting store keeps. Pure.

A record read by a newer gateway than wrote it lacks keys, and has the defaults then; one written by a
newer gateway has more, and they are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields
from typing import Any, TypeVar, cast

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.jobs.job import (
    Failure,
    InputFile,
    Job,
    NodeSpan,
    Output,
    OutputFile,
    OutputText,
    PartOf,
    Progress,
    Run,
)

__all__ = ["RecordFault", "job_of", "progress_of", "record_of"]

T = TypeVar("T")


class RecordFault(ValueError):
    """A stored record is no job; the text says what is wrong with it."""


def record_of(job: Job) -> dict[str, Json]:
    """Return a job as JSON; a file output is told from a text one by its `key`."""
    return {
        "id": job.id,
        "service": job.service,
        "caller": job.caller,
        "arguments": dict(job.arguments),
        "created_at": job.created_at,
        "status": job.status,
        "priority": job.priority,
        "seeds": dict(job.seeds),
        "inputs": [_plain(each) for each in job.inputs],
        "runs": [_plain(each) for each in job.runs],
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "progress": _plain(job.progress),
        "spans": [_plain(each) for each in job.spans],
        "outputs": [_plain(each) for each in job.outputs],
        "failure": None if job.failure is None else _plain(job.failure),
        "warnings": list(job.warnings),
        "graph_hash": job.graph_hash,
        "service_version": job.service_version,
        "key": job.key,
        "asked": job.asked,
        "rerun_of": job.rerun_of,
        "tells": list(job.tells),
        "batch": None if job.batch is None else _plain(job.batch),
    }


def job_of(record: Json) -> Job:
    """Return the job that a record tells of.

    Raises:
        RecordFault: It tells of none.
    """
    told = as_object(record)
    if told is None:
        raise RecordFault("it is no object")
    texts = {key: tuple(as_array(told.get(key)) or ()) for key in ("warnings", "tells")}
    values: dict[str, object] = {
        **told,
        **texts,
        "inputs": _all_of(told, "inputs", InputFile),
        "runs": _all_of(told, "runs", Run),
        "spans": _all_of(told, "spans", NodeSpan),
        "outputs": tuple(_output(each) for each in as_array(told.get("outputs")) or ()),
        "progress": progress_of(told.get("progress")),
        "failure": None if (it := told.get("failure")) is None else _made(Failure, it),
        "batch": None if (it := told.get("batch")) is None else _made(PartOf, it),
    }
    return _made(Job, cast("Json", values))


def _plain(value: Any) -> dict[str, Json]:
    found = cast("dict[str, Json]", asdict(value))
    # JSON has lists only; `asdict` leaves tuples as they are.
    return {key: list(each) if isinstance(each, tuple) else each for key, each in found.items()}


def _all_of(told: JsonObject, key: str, kind: type[T]) -> tuple[T, ...]:
    return tuple(_made(kind, each) for each in as_array(told.get(key)) or ())


def _output(record: Json) -> Output:
    is_file = "key" in (as_object(record) or {})
    return _made(OutputFile, record) if is_file else _made(OutputText, record)


def progress_of(record: Json) -> Progress:
    """Return the progress that a record tells of; what it leaves out has its default."""
    told = as_object(record) or {}
    cached = tuple(as_array(told.get("cached_nodes")) or ())
    return _made(Progress, {**told, "cached_nodes": cached})


def _made(kind: type[T], record: Json) -> T:
    told: Mapping[str, object] = as_object(record) or {}
    known = {each.name: told[each.name] for each in fields(_dataclass(kind)) if each.name in told}
    missing = [
        each.name
        for each in fields(_dataclass(kind))
        if each.name not in told and each.default is MISSING and each.default_factory is MISSING
    ]
    if missing:
        raise RecordFault(f"a {kind.__name__} lacks {', '.join(missing)}")
    return kind(**known)


def _dataclass(kind: type[T]) -> Any:
    return kind
