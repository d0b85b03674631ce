"""A call that made several jobs, seen as one job: how far all are, what they made, what differs. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.graph.json_value import Json
from gateway.jobs.job import Failure, Job, JobStatus, OutputFile, Progress

__all__ = ["Batch", "seeds_of", "varied_of", "whole_of"]

_WORST: tuple[JobStatus, ...] = ("failed", "timeout", "cancelled", "completed")


@dataclass(frozen=True, slots=True)
class Batch(Job):
    """Several jobs as one: what they have in common, and the outputs of all once all have ended.

    Attributes:
        jobs: Those that are still kept, in their order.
        size: How many there were.
        sheet: The picture that shows the pictures of all, when it has been made.
    """

    jobs: tuple[Job, ...] = ()
    size: int = 0
    sheet: OutputFile | None = None

    @property
    def counts(self) -> Mapping[JobStatus, int]:
        """How many jobs have which status."""
        return Counter(each.status for each in self.jobs)


def whole_of(jobs: Sequence[Job]) -> Batch:
    """Return the batch of these jobs, the first of them among them, in their order."""
    first = jobs[0]
    if first.batch is None:
        raise AssertionError("the jobs of a batch know that they are its")
    size = first.batch.size
    finished = all(each.finished for each in jobs)
    differing = varied_of(jobs)
    drawn = seeds_of(jobs)
    status = _status(jobs, finished=finished)
    return Batch(
        id=first.batch.id,
        service=first.service,
        caller=first.caller,
        arguments={name: each for name, each in first.arguments.items() if name not in differing},
        created_at=first.created_at,
        status=status,
        seeds={name: each for name, each in first.seeds.items() if name not in drawn},
        started_at=min(
            (each.started_at for each in jobs if each.started_at is not None), default=None
        ),
        completed_at=max(each.completed_at or 0.0 for each in jobs) if finished else None,
        progress=_progress(jobs, size, finished=finished),
        outputs=tuple(output for each in jobs for output in each.outputs) if finished else (),
        failure=_failure(jobs, size) if status in ("failed", "timeout", "cancelled") else None,
        warnings=_warnings(jobs, size),
        jobs=tuple(jobs),
        size=size,
    )


def varied_of(jobs: Sequence[Job]) -> tuple[str, ...]:
    """Return the parameters whose values are not the same in all jobs, in the order of the first's."""
    names = dict.fromkeys(name for each in jobs for name in each.arguments)
    return tuple(name for name in names if len({_text(each.arguments, name) for each in jobs}) > 1)


def seeds_of(jobs: Sequence[Job]) -> tuple[str, ...]:
    """Return the seeds that are not the same in all jobs."""
    names = dict.fromkeys(name for each in jobs for name in each.seeds)
    return tuple(name for name in names if len({each.seeds.get(name) for each in jobs}) > 1)


def _text(arguments: Mapping[str, Json], name: str) -> tuple[bool, str] | None:
    """Return what tells a value from others; a text as it is, which may be long, and asked for often."""
    if name not in arguments:
        return None
    value = arguments[name]
    if isinstance(value, str):
        return True, value
    return False, json.dumps(value, sort_keys=True)


def _status(jobs: Sequence[Job], *, finished: bool) -> JobStatus:
    if not finished:
        return "pending" if all(each.status == "pending" for each in jobs) else "running"
    found = {each.status for each in jobs}
    return next(each for each in _WORST if each in found)


def _progress(jobs: Sequence[Job], size: int, *, finished: bool) -> Progress:
    at = max(each.progress.timestamp or each.created_at for each in jobs)
    if finished:
        return Progress(timestamp=at)
    done = sum(each.finished for each in jobs)
    running = [each for each in jobs if each.status == "running"]
    now = max((_share(each.progress) for each in running), default=0.0)
    places = [each.progress.queue_position for each in jobs if not each.finished]
    position = min((each for each in places if each is not None), default=None)
    waits = not done and not running
    notes = (each.progress.note for each in jobs if not each.finished)
    return Progress(
        current=done + now,
        maximum=size,
        title=f"{done} of {size} done{_doing(running)}",
        queue_position=position if waits else None,
        note=next(filter(None, notes), ""),
        timestamp=at,
    )


def _share(progress: Progress) -> float:
    """Return how much of a job is done, as far as the node that runs tells; never all of it."""
    share = progress.current / progress.maximum if progress.maximum else 0.0
    return round(min(share, 0.99), 3)


def _doing(running: Sequence[Job]) -> str:
    told = next((each.progress for each in running if each.progress.title), None)
    if told is None:
        return f", {len(running)} running" if running else ""
    steps = f" {told.current:g}/{told.maximum:g}" if told.maximum else ""
    more = f" and {len(running) - 1} more" if len(running) > 1 else ""
    return f", {told.title}{steps}{more}"


def _failure(jobs: Sequence[Job], size: int) -> Failure:
    """Return why not all completed, in the words of the first that did not."""
    lacking = [each for each in jobs if each.status != "completed"]
    first = next((each for each in lacking if each.status != "cancelled"), lacking[0])
    why, mend = ("", "") if first.failure is None else (first.failure.message, first.failure.mend)
    counted = Counter(each.status for each in lacking)
    return Failure(
        code="cancelled" if set(counted) == {"cancelled"} else "batch-incomplete",
        message=f"{len(lacking)} of {size} jobs did not complete. {why}".strip(),
        where=first.id,
        found=", ".join(f"{number} {status}" for status, number in counted.items()),
        mend=mend,
    )


def _warnings(jobs: Sequence[Job], size: int) -> tuple[str, ...]:
    said = tuple(dict.fromkeys(warning for each in jobs for warning in each.warnings))
    gone = size - len(jobs)
    if not gone:
        return said
    return (*said, f"{gone} of its {size} jobs {'is' if gone == 1 else 'are'} no longer kept.")
