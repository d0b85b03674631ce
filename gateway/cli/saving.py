"""Copying a job's outputs to a folder of the caller's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from gateway.engine import Engine
from gateway.errors import GatewayError
from gateway.jobs.batch import Batch
from gateway.jobs.job import Job, Output, OutputFile

__all__ = ["OutputFolder", "free_path", "make_folder", "save_outputs"]

OutputFolder = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="DIR", help="Copy the outputs there.", show_default=False
    ),
]


def make_folder(folder: Path) -> None:
    """Make the folder that outputs are to be copied to; `GatewayError` is raised when it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        _refuse(folder, fault)


async def save_outputs(engine: Engine, job: Job, folder: Path) -> list[Path]:
    """Copy every output there and return the paths; nothing that is there is written over.

    `GatewayError` is raised when they cannot be written there.

    Args:
        engine: What ran the job.
        job: A finished one.
        folder: Made when it is missing.

    Returns:
        Paths of the copies, in the order of the outputs.
    """
    try:
        return await _saved(engine, job, folder)
    except OSError as fault:
        _refuse(folder, fault)


async def _saved(engine: Engine, job: Job, folder: Path) -> list[Path]:
    await asyncio.to_thread(make_folder, folder)
    saved: list[Path] = []
    for name, output in _named(job):
        path = free_path(folder / name)
        if not isinstance(output, OutputFile):
            path.write_text(output.text, encoding="utf-8")
            saved.append(path)
        elif output.key:
            saved.append(await _copy(engine, output, path))
    return saved


def _named(job: Job) -> Iterator[tuple[str, Output]]:
    """Yield the outputs and what to call them; those of a batch begin with their job's number, from 1."""
    if not isinstance(job, Batch):
        for each in job.outputs:
            yield each.filename if isinstance(each, OutputFile) else f"{each.name}.txt", each
        return
    if job.sheet is not None:
        yield job.sheet.filename, job.sheet
    digits = len(str(job.size))
    for part in job.jobs:
        number = 0 if part.batch is None else part.batch.index + 1
        for name, each in _named(part):
            yield f"{number:0{digits}}-{name}", each


def free_path(path: Path) -> Path:
    """Return the path, or with -2, -3… before its ending when it is taken."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


async def _copy(engine: Engine, output: OutputFile, path: Path) -> Path:
    opened = await engine.calls.open(output)
    with path.open("wb") as file:
        async for chunk in opened.chunks:
            file.write(chunk)
    return path


def _refuse(folder: Path, fault: OSError) -> NoReturn:
    raise GatewayError(
        f"outputs cannot be copied to {folder}: {fault.strerror or type(fault).__name__}",
        code="output-folder-unusable",
        mend="Name a folder that can be written to; what was made is under the project's `outputs`.",
    ) from fault
