"""What a contact sheet of a batch shows: a cell for each job, in a grid that follows what varies. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.graph.json_value import Json
from gateway.jobs.batch import Batch, seeds_of, varied_of
from gateway.jobs.job import Job, OutputFile

__all__ = ["Cell", "Plan", "sheet_plan"]

_WIDEST = 8
"""Columns of a grid that follows what varies; a longer row is wrapped."""

_TALLEST = 3
"""How many times as many rows as columns such a grid has at most."""

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """One job on the sheet.

    Attributes:
        picture: Its first picture, if it left one that is kept.
        lines: What varies, a thing a line.
        instead: What is said where there is no picture.
    """

    picture: OutputFile | None
    lines: tuple[str, ...]
    instead: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The cells in their order, in rows of so many columns."""

    columns: int
    cells: tuple[Cell, ...]


def sheet_plan(batch: Batch) -> Plan | None:
    """Return what the contact sheet of a finished batch shows; None when no job left a picture."""
    names, seeds = varied_of(batch.jobs), seeds_of(batch.jobs)
    told = [name for name in names if name not in seeds]
    cells = tuple(_cell(each, told, seeds) for each in batch.jobs)
    if all(each.picture is None for each in cells):
        return None
    return Plan(_columns(batch.jobs, told), cells)


def _cell(job: Job, names: Sequence[str], seeds: Sequence[str]) -> Cell:
    pictures = [
        each
        for each in job.outputs
        if isinstance(each, OutputFile) and each.key and each.mime_type.startswith("image/")
    ]
    files = {each.parameter: each.filename for each in job.inputs}
    lines = [f"{name}: {_said(files.get(name, job.arguments.get(name)))}" for name in names]
    lines += [f"{name} {job.seeds[name]}" for name in seeds if name in job.seeds]
    return Cell(pictures[0] if pictures else None, tuple(lines), _instead(job))


def _instead(job: Job) -> str:
    if job.status != "completed":
        return job.status
    kinds = [each.kind for each in job.outputs if isinstance(each, OutputFile)]
    return kinds[0] if kinds else "no picture"


def _said(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = " ".join(text[: 2 * _LONGEST].split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _columns(jobs: Sequence[Job], names: Sequence[str]) -> int:
    """Return how many jobs stand in a row: a turn of what varies, several of them, or as a square has."""
    count = len(jobs)
    turns = {_run(jobs, names[:slow]) for slow in range(len(names) + 1)} - {1, count}
    several = {each * times for each in turns for times in range(2, _WIDEST // each + 1)}
    for rows in (turns, several):
        fitting = [each for each in rows if each <= _WIDEST and count <= _TALLEST * each * each]
        if fitting:
            return min(fitting, key=lambda each: (max(each, count / each), -each))
    return math.ceil(math.sqrt(count))


def _run(jobs: Sequence[Job], names: Sequence[str]) -> int:
    """Return how many of the first jobs have the same values of these parameters."""
    texts = [json.dumps([each.arguments.get(name) for name in names]) for each in jobs]
    return next((index for index, text in enumerate(texts) if text != texts[0]), len(texts))
