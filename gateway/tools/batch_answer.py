"""From a batch to an answer: how far all are, what differs, one sheet of all pictures, links, the record."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.graph.json_value import Json
from gateway.jobs.batch import Batch, seeds_of, varied_of
from gateway.jobs.job import Job, Output, OutputFile
from gateway.tools.answer import Answer, FileLink
from gateway.tools.job_answer import JobAnswers, link_of, told_output, warning_of_unsent
from gateway.tools.job_record import (
    Places,
    failure_record,
    handle_record,
    head_record,
    output_record,
    progress_record,
)
from gateway.tools.running import Asking

__all__ = ["Answers", "batch_record"]

_LISTED = 50
_PICTURES_SHOWN = 8
"""Pictures that are shown by themselves beside their sheet; of more, the sheet alone."""

_MOST_OUTPUTS = 800
"""Outputs that an answer lists; more would not be taken by clients."""

_OF_A_RUN = ("prompt_id", "backend", "backend_reason", "attempts")


@dataclass(frozen=True, slots=True)
class Answers:
    """Makes answers of jobs and of batches."""

    jobs: JobAnswers

    async def result(self, job: Job, asking: Asking) -> Answer:
        """Return what a finished job or batch answers, or the handle of one that goes on."""
        if not isinstance(job, Batch):
            return await self.jobs.result(job, asking)
        return await (self._whole(job, asking) if job.finished else self._handle(job))

    async def status(self, job: Job) -> Answer:
        """Return what `query_job_status` answers."""
        if not isinstance(job, Batch):
            return await self.jobs.status(job)
        record = batch_record(job)
        expected = None if job.finished else await self._expected(job)
        if expected is not None:
            record["expected_ms"] = round(expected * 1000)
        await self._kept(job)
        ended = f" Call get_job_result with job_id {job.id}." if job.finished else ""
        return Answer(f"{job.service}: {job.status}, {_standing(job)}.{ended}", record)

    async def _handle(self, batch: Batch) -> Answer:
        record = {
            **handle_record(batch, await self._expected(batch)),
            "batch": _counted(batch),
            "jobs": _rows(batch),
        }
        said = f"{batch.size} jobs of {batch.service} are {batch.status}: batch {batch.id}."
        return Answer(f"{said} {record['message']}", record)

    async def _whole(self, batch: Batch, asking: Asking) -> Answer:
        made = [_Made(each, await self.jobs.places(each, asking)) for each in batch.jobs]
        if batch.sheet is not None:
            own = replace(batch, outputs=(batch.sheet,))
            made.insert(0, _Made(own, await self.jobs.places(own, asking)))
        unsent = [text for each in made for text in warning_of_unsent(each.job, each.places)]
        share = _share(made)
        left = f"Of each job {share} outputs are listed: get_job_result with its job_id has all."
        cut = any(len(each.job.outputs) > share for each in made)
        warnings = [*batch.warnings, *unsent, *([left] if cut else [])]
        record: dict[str, Json] = {
            **_head(batch),
            "jobs": _rows(batch),
            "total_images": _pictures(batch),
            "outputs": [record for each in made for record in each.records()[:share]],
            "warnings": list(warnings),
        }
        if batch.failure is not None:
            record["error"] = failure_record(batch.failure)
        await self._kept(batch)
        return Answer(
            text=_text(batch, made, warnings),
            structured=record,
            images=await self.jobs.images(_shown(batch)),
            links=tuple(link for each in made for link in each.links())[:_LISTED],
            failed=not batch.counts.get("completed"),
        )

    async def _expected(self, batch: Batch) -> float | None:
        """Return how long all should take, with every slot there is."""
        executor = self.jobs.executor
        await executor.expectations.know(batch.service)
        one = executor.expectations.seconds(batch)
        slots = sum(each.slots for each in executor.fleet.backends.values())
        return None if one is None else one * math.ceil(batch.size / max(slots, 1))

    async def _kept(self, batch: Batch) -> None:
        ledger = self.jobs.executor.ledger
        await asyncio.gather(*(ledger.kept(each.id) for each in batch.jobs))


@dataclass(frozen=True, slots=True)
class _Made:
    """The outputs of one of the jobs, or the sheet of all, and where they are."""

    job: Job
    places: Places

    def records(self) -> list[Json]:
        """Return them as an answer lists them, each with the job it is of."""
        return [
            {"job_id": self.job.id, **output_record(self.job, number, each, self.places)}
            for number, each in enumerate(self.job.outputs)
        ]

    def links(self) -> list[FileLink]:
        """Return the links to the files."""
        numbered = enumerate(self.job.outputs)
        found = (link_of(self.job, number, each, self.places) for number, each in numbered)
        return [each for each in found if each is not None]


def _share(made: Sequence[_Made]) -> int:
    """Return how many outputs of each job are listed."""
    total = sum(len(each.job.outputs) for each in made)
    return total if total <= _MOST_OUTPUTS else max(1, _MOST_OUTPUTS // len(made))


def batch_record(batch: Batch) -> dict[str, Json]:
    """Return what `query_job_status` answers of a batch."""
    record = {**_head(batch), "progress": progress_record(batch), "jobs": _rows(batch)}
    if batch.failure is not None:
        record["error"] = failure_record(batch.failure)
    return record


def _head(batch: Batch) -> dict[str, Json]:
    record = head_record(batch)
    return {
        **{name: each for name, each in record.items() if name not in _OF_A_RUN},
        "batch": _counted(batch),
    }


def _counted(batch: Batch) -> dict[str, Json]:
    return {"size": batch.size, **{str(status): number for status, number in batch.counts.items()}}


def _rows(batch: Batch) -> list[Json]:
    """Return a line for each job: what it is of the batch, and how it went."""
    names, drawn = varied_of(batch.jobs), seeds_of(batch.jobs)
    rows: list[Json] = []
    for each in batch.jobs:
        row: dict[str, Json] = {
            "job_id": each.id,
            "status": each.status,
            "parameters": {
                name: each.arguments[name]
                for name in names
                if name in each.arguments and name not in drawn
            },
            "seeds": {name: each.seeds[name] for name in drawn if name in each.seeds},
        }
        if each.failure is not None:
            row["error"] = {"code": each.failure.code, "message": each.failure.message}
        rows.append(row)
    return rows


def _pictures(batch: Batch) -> int:
    files = [each for job in batch.jobs for each in job.outputs if isinstance(each, OutputFile)]
    return sum(each.kind == "image" for each in files)


def _shown(batch: Batch) -> list[tuple[Output, ...]]:
    """Return whose pictures are shown: the sheet, and those on it when they are few."""
    sheet = () if batch.sheet is None else (batch.sheet,)
    few = not sheet or _pictures(batch) <= _PICTURES_SHOWN
    return [sheet, tuple(each for job in batch.jobs for each in job.outputs) if few else ()]


def _text(batch: Batch, made: Sequence[_Made], warnings: Sequence[str]) -> str:
    lines = [f"{batch.service}: {_standing(batch)} (batch {batch.id})."]
    if batch.failure is not None:
        lines.append(f"{batch.failure.message} {batch.failure.mend}".strip())
    outputs = [
        f"- {each.name}: {told_output(each, number, of.places)}"
        for of in made
        for number, each in enumerate(of.job.outputs)
    ]
    lines += outputs[:_LISTED]
    if len(outputs) > _LISTED:
        lines.append(f"- … and {len(outputs) - _LISTED} more")
    lines.extend(f"Note: {warning}" for warning in warnings)
    return "\n".join(lines)


def _standing(batch: Batch) -> str:
    """Return in a few words how far all are: `3 of 4 completed, 1 failed`."""
    counts = dict(batch.counts)
    told = f"{counts.pop('completed', 0)} of {batch.size} completed"
    return ", ".join([told, *(f"{number} {status}" for status, number in counts.items())])
