"""How a job moves, and that a finished one stays as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.errors import (
    BackendUnreachable,
    NodeFault,
    NodeFaults,
    PromptRejected,
    RunTimedOut,
)
from gateway.jobs import transitions
from gateway.jobs.job import Failure, Job, NodeSpan, OutputText, Progress, Run

JOB = Job("a", "draw", "local", {"prompt": "x"}, 100.0)
RUN = Run(1, "studio", "p1", 101.0)
TEXT = OutputText("note", 0, "4", "hello")


def test_an_attempt_is_recorded_before_it_is_posted_and_replaced_by_its_own_kind() -> None:
    job = transitions.submit(JOB, RUN)
    assert job.run == RUN
    renamed = Run(1, "studio", "theirs", 101.0)
    assert transitions.submit(job, renamed).runs == (renamed,)


def test_a_started_run_makes_the_job_running_once() -> None:
    job = transitions.start(transitions.submit(JOB, RUN), 102.0)
    assert (job.status, job.started_at) == ("running", 102.0)
    assert transitions.start(job, 109.0) == job
    assert transitions.start(JOB, 102.0) is JOB


def test_a_job_that_waits_for_another_attempt_is_pending_again() -> None:
    job = transitions.requeue(
        transitions.start(transitions.submit(JOB, RUN), 102.0), 103.0, "run-lost"
    )
    assert job.status == "pending"
    assert job.started_at is None
    assert job.runs == (Run(1, "studio", "p1", 101.0, 102.0, 103.0, "run-lost"),)
    assert transitions.requeue(job, 110.0, "other").runs == job.runs
    assert transitions.requeue(JOB, 1.0, "x") == JOB


def test_a_note_is_shown_with_its_time() -> None:
    assert transitions.note(JOB, "studio is away", 5.0).progress == Progress(
        note="studio is away", timestamp=5.0
    )


def test_a_completed_job_has_its_outputs_and_its_run_ended() -> None:
    started = transitions.start(transitions.submit(JOB, RUN), 102.0)
    span = NodeSpan("3", "KSampler", cached=False, started_ms=0, ended_ms=9)
    job = transitions.complete(started, 105.0, (TEXT,), (span,))
    assert (job.status, job.completed_at, job.outputs, job.spans) == (
        "completed",
        105.0,
        (TEXT,),
        (span,),
    )
    assert job.run == Run(1, "studio", "p1", 101.0, 102.0, 105.0, "completed")


def test_a_passed_limit_is_the_status_timeout_and_partial_outputs_are_kept() -> None:
    job = transitions.fail(JOB, 9.0, RunTimedOut("too long", mend="wait"), (TEXT,))
    assert job.status == "timeout"
    assert job.outputs == (TEXT,)
    assert job.failure == Failure("run-timed-out", "too long", mend="wait")
    assert transitions.fail(job, 10.0, BackendUnreachable("x")).failure == job.failure


def test_a_rejected_prompt_keeps_what_each_node_said() -> None:
    fault = NodeFault("value_not_in_list", "Value not in list", "x not in [a]", "ckpt_name")
    error = PromptRejected("refused", node_errors={"4": NodeFaults("Loader", (fault,))})
    failure = transitions.failure_of(error)
    assert failure.node_errors == {
        "4": {
            "class_type": "Loader",
            "errors": [
                {
                    "type": "value_not_in_list",
                    "message": "Value not in list",
                    "details": "x not in [a]",
                    "input": "ckpt_name",
                }
            ],
        }
    }


def test_a_cancelled_job_says_why() -> None:
    job = transitions.cancel(JOB, 9.0, "Its caller left.")
    assert job.status == "cancelled"
    assert job.failure is not None
    assert job.failure.message == "Its caller left."


FINISHED = transitions.cancel(JOB, 9.0, "over")


CHANGES: tuple[Callable[[Job], Job], ...] = (
    lambda job: transitions.submit(job, RUN),
    lambda job: transitions.start(job, 1.0),
    lambda job: transitions.requeue(job, 1.0, "x"),
    lambda job: transitions.note(job, "x", 1.0),
    lambda job: transitions.complete(job, 1.0, (TEXT,), ()),
    lambda job: transitions.fail(job, 1.0, BackendUnreachable("x")),
    lambda job: transitions.cancel(job, 1.0, "again"),
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_finished_job_stays_as_it_is(change: Callable[[Job], Job]) -> None:
    assert change(FINISHED) == FINISHED
