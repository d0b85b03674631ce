"""A short soak: what the long one proves, it proves too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from benchmarks.soak import as_lines, soak
from benchmarks.soak_proof import Left, grown, proof
from gateway.jobs.job import InputFile, Job, JobStatus, OutputFile, Run

SECONDS = 10.0


@pytest.mark.timeout(200)
@pytest.mark.servers
async def test_a_soak_loses_nothing_and_does_nothing_twice() -> None:
    soaked, findings = await soak(SECONDS, 7, ".gateway/jobs.db")
    assert all(each.good for each in findings), "\n".join(as_lines(soaked, findings, SECONDS))
    assert len(soaked.told) > 10
    assert soaked.did["gateways killed"] > 0


def job(status: JobStatus = "completed") -> Job:
    """Return a job that left one file."""
    file = OutputFile("image", 0, "9", "image", "output", "image/png", "a.png", 1, "j/a.png")
    given = InputFile("image", "d1", "cat.png", "image/png", 1)
    run = Run(1, "sim", "p1", 1.0)
    return Job("j", "draw", "local", {}, 1.0, status, runs=(run,), inputs=(given,), outputs=(file,))


GOOD = Left([job()], frozenset({"j"}), {"p1": 1}, frozenset({"j/a.png"}), frozenset({"d1"}))

BAD: Mapping[str, Left] = {
    "accepted = ended": replace(GOOD, jobs=[job("running")]),
    "lost of those told": replace(GOOD, told=frozenset({"j", "k"})),
    "prompts posted": replace(GOOD, posted={}),
    "prompts posted twice": replace(GOOD, posted={"p1": 2}),
    "prompts of no job": replace(GOOD, posted={"p1": 1, "p2": 1}),
    "outputs missing": replace(GOOD, files=frozenset()),
    "outputs orphaned": replace(GOOD, files=frozenset({"j/a.png", "k/a.png"})),
    "inputs missing": replace(GOOD, inputs=frozenset()),
    "inputs orphaned": replace(GOOD, inputs=frozenset({"d1", "d2"})),
}


def test_what_holds_is_proved() -> None:
    assert [each.what for each in proof(GOOD) if not each.good] == []


@pytest.mark.parametrize("what", BAD)
def test_what_does_not_hold_is_found(what: str) -> None:
    assert [each.what for each in proof(BAD[what]) if not each.good] == [what]


def test_memory_that_grows_is_found() -> None:
    assert grown([60, 80, 81, 82, 81, 80, 82, 83]).good
    assert not grown([60, 80, 90, 100, 110, 120, 130, 140]).good
