"""Copying a job's outputs to a folder of the caller's."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.engine import Engine
from gateway.jobs.job import Job, OutputFile

__all__ = ["free_path", "save_outputs"]


async def save_outputs(engine: Engine, job: Job, folder: Path) -> list[Path]:
    """Copy every output there and return the paths; nothing that is there is written over.

    Args:
        engine: What ran the job.
        job: A finished one.
        folder: Made when it is missing.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    saved: list[Path] = []
    for output in job.outputs:
        if not isinstance(output, OutputFile):
            path = free_path(folder / f"{output.name}.txt")
            path.write_text(output.text, encoding="utf-8")
            saved.append(path)
        elif output.key:
            saved.append(await _copy(engine, output, free_path(folder / output.filename)))
    return saved


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
