"""How a backend stands: what runs there, and the word for one that is drained."""

from __future__ import annotations

from dataclasses import replace

from gateway.jobs.job import Job, Run
from gateway.jobs.standing import Standing, draining_of, runs_on

WAITS = Job("a", "draw", "local", {}, 1.0)
BEGUN = WAITS.with_run(Run(1, "studio", "p", 2.0))


def test_what_runs_on_a_backend_is_what_has_begun_there_and_is_not_over() -> None:
    lost = BEGUN.with_run(Run(1, "studio", "p", 2.0, ended_at=3.0))
    elsewhere = lost.with_run(Run(2, "attic", "q", 4.0))
    over = replace(BEGUN, status="completed")
    assert runs_on([WAITS, BEGUN, BEGUN, lost, elsewhere, over]) == {"studio": 2, "attic": 1}


def test_a_backend_drains_until_its_last_run_is_over() -> None:
    assert draining_of(drained=True, runs=2) == "draining"
    assert draining_of(drained=True, runs=0) == "drained"
    assert draining_of(drained=False, runs=2) is None


def test_a_backend_that_nobody_complains_of_stands_well() -> None:
    assert Standing() == Standing("closed", None, "", drained=False, models=frozenset())
