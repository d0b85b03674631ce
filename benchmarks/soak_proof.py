"""What a soak must prove, from what is left of it: the jobs, the files, and what ComfyUI was asked."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.database.opening import open_job_store
from gateway.execution.ledger import Ledger
from gateway.execution.leftovers import clear_leftovers
from gateway.jobs.job import FINISHED, Job, OutputFile
from gateway.jobs.store import JobQuery
from gateway.storage.local import open_input_store

__all__ = ["Finding", "Left", "grown", "proof", "what_is_left"]

_PAGE = 500
_MOST_GROWTH = 25.0
"""MiB that a gateway may grow by: what a thousand calls may cost (docs/performance.md)."""


@dataclass(frozen=True, slots=True)
class Left:
    """What a soak left.

    Attributes:
        jobs: All that the store has.
        told: Ids of jobs whose callers were told that they were taken on.
        posted: Prompt id → how often any ComfyUI took it.
        files: Names of files in the output store, as keys.
        inputs: Digests in the input store.
    """

    jobs: Sequence[Job]
    told: frozenset[str]
    posted: Mapping[str, int]
    files: frozenset[str]
    inputs: frozenset[str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was to be proved."""

    what: str
    found: str
    good: bool


async def what_is_left(
    root: Path, store: str, told: Iterable[str], posted: Mapping[str, int]
) -> Left:
    """Look into the stores of a project whose gateways have ended."""
    opened = await open_job_store(store, root, "proof")
    jobs: list[Job] = []
    while True:
        page = await opened.list(JobQuery(limit=_PAGE, offset=len(jobs)))
        jobs.extend(page.jobs)
        if len(page.jobs) < _PAGE:
            break
    # What a gateway does with files that have been nobody's for a day, done at once.
    await clear_leftovers(Ledger(opened), open_input_store(str(root / ".gateway/inputs")), age=0)
    await opened.close()
    files, inputs = await asyncio.to_thread(_files, root)
    return Left(jobs, frozenset(told), posted, files, inputs)


def _files(root: Path) -> tuple[frozenset[str], frozenset[str]]:
    outputs, inputs = root / ".gateway" / "outputs", root / ".gateway" / "inputs"
    keys = (each.relative_to(outputs).as_posix() for each in outputs.rglob("*") if each.is_file())
    return frozenset(keys), frozenset(each.name for each in inputs.rglob("*") if each.is_file())


def proof(left: Left) -> list[Finding]:
    """Return what was to be proved of the jobs and their files, and whether it holds."""
    ends = Counter(job.status for job in left.jobs)
    accepted = len(left.jobs)
    ids = {job.id for job in left.jobs}
    told = ", ".join(f"{ends[each]} {each}" for each in sorted(FINISHED))
    twice = sorted(each for each, count in left.posted.items() if count > 1)
    runs = {run.prompt_id for job in left.jobs for run in job.runs}
    strange = left.posted.keys() - runs
    outputs = [each for job in left.jobs for each in job.outputs if isinstance(each, OutputFile)]
    missing = [each for each in outputs if each.missing or each.key not in left.files]
    orphans = [each for each in left.files if each.partition("/")[0] not in ids]
    digests = {each.digest for job in left.jobs for each in job.inputs}
    finished = sum(ends[each] for each in FINISHED)
    return [
        Finding("accepted = ended", f"{accepted} = {told}", accepted == finished),
        Finding("lost of those told", str(len(left.told - ids)), left.told <= ids),
        Finding("prompts posted", str(len(left.posted)), bool(left.posted)),
        Finding("prompts posted twice", str(len(twice)), not twice),
        Finding("prompts of no job", str(len(strange)), not strange),
        Finding("output files", str(len(outputs)), bool(outputs)),
        Finding("outputs missing", str(len(missing)), not missing),
        Finding("outputs orphaned", str(len(orphans)), not orphans),
        Finding("inputs missing", str(len(digests - left.inputs)), digests <= left.inputs),
        Finding("inputs orphaned", str(len(left.inputs - digests)), left.inputs <= digests),
        Finding("failures", json.dumps(_reasons(left.jobs)), good=True),
    ]


def _reasons(jobs: Sequence[Job]) -> dict[str, int]:
    return dict(Counter(job.failure.code for job in jobs if job.failure is not None).most_common())


def grown(sizes: Sequence[float]) -> Finding:
    """Return whether memory stayed flat.

    Args:
        sizes: MiB of a gateway that lived all the time, at equal intervals.
    """
    quarter = max(len(sizes) // 4, 1)
    # The first quarter is start-up: libraries, the first calls.
    before, after = min(sizes[quarter : 2 * quarter] or sizes), min(sizes[-quarter:])
    found = f"{before:.0f} MiB, then {after:.0f} MiB"
    return Finding("memory of a gateway", found, after - before <= _MOST_GROWTH)
