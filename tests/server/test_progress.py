"""Progress: numbers that grow, short messages, no long silence."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.jobs.job import Job, Progress
from gateway.server.progress import Step, advance, describe, reporting

QUEUED = Job("j", "paint", "local", {}, 1.0)
RUNNING = replace(QUEUED, status="running")


@pytest.mark.parametrize(
    ("job", "text"),
    [
        (QUEUED, "queued"),
        (replace(QUEUED, progress=Progress(queue_position=2)), "queued, 2 before it"),
        (replace(QUEUED, progress=Progress(queue_position=0)), "queued, next in line"),
        (RUNNING, "running"),
        (replace(RUNNING, progress=Progress(node="3")), "node 3"),
        (replace(RUNNING, progress=Progress(5, 20, "3", "KSampler")), "KSampler 5/20"),
        (replace(RUNNING, progress=Progress(0, 0, "8", "VAE Decode")), "VAE Decode"),
        (
            replace(RUNNING, progress=Progress(5, 20, "3", "KSampler", seconds_left=12.3)),
            "KSampler 5/20, about 12 s left",
        ),
        (replace(RUNNING, progress=Progress(seconds_left=185.0)), "running, about 3 min left"),
        (replace(RUNNING, progress=Progress(seconds_left=0.4)), "running"),
        (
            replace(RUNNING, progress=Progress(note="backend studio died; trying again")),
            "running (backend studio died; trying again)",
        ),
        (replace(RUNNING, status="completed"), "completed"),
    ],
)
def test_a_job_is_described_in_a_few_words(job: Job, text: str) -> None:
    assert describe(job) == text


def test_steps_of_a_node_are_the_numbers_themselves() -> None:
    first = advance(Step(), replace(RUNNING, progress=Progress(5, 20, "3", "KSampler")))
    second = advance(first, replace(RUNNING, progress=Progress(20, 20, "3", "KSampler")))
    assert [(step.number, step.total) for step in (first, second)] == [(5, 20), (20, 20)]


def test_a_next_node_goes_on_from_where_the_last_one_ended() -> None:
    sampled = advance(Step(), replace(RUNNING, progress=Progress(20, 20, "3")))
    decoding = advance(sampled, replace(RUNNING, progress=Progress(1, 4, "8")))
    assert (decoding.number, decoding.total) == (21, 24)


def test_waiting_does_not_spoil_the_numbers_of_the_steps_that_follow() -> None:
    step = Step()
    for _ in range(3):
        step = advance(step, QUEUED)
    step = advance(step, replace(RUNNING, progress=Progress(5, 20, "3")))
    assert (step.number, step.total) == (5, 20)


numbers = st.integers(0, 50).map(float)
progresses = st.builds(Progress, numbers, numbers, st.sampled_from([None, "3", "8"]))


@given(st.lists(progresses, min_size=1, max_size=30))
def test_numbers_always_grow_and_never_pass_their_total(told: list[Progress]) -> None:
    step, last = Step(), 0.0
    for progress in told:
        step = advance(step, replace(RUNNING, progress=progress))
        assert step.number > last
        assert step.total is None or step.number <= step.total
        last = step.number


async def test_a_silent_job_is_told_again_every_few_seconds() -> None:
    told: list[tuple[float, float | None, str | None]] = []
    enough = asyncio.Event()

    async def send(number: float, total: float | None, message: str | None) -> None:
        told.append((number, total, message))
        if len(told) == 4:
            enough.set()

    async with reporting(send, pulse=0.01) as report:
        await report(replace(RUNNING, progress=Progress(5, 20, "3", "KSampler")))
        await asyncio.wait_for(enough.wait(), 4)
    assert {message for _, _, message in told} == {"KSampler 5/20"}
    assert sorted({number for number, _, _ in told}) == [number for number, _, _ in told]


async def test_nothing_is_told_after_the_call_has_ended() -> None:
    told: list[float] = []

    async def send(number: float, *_: object) -> None:
        told.append(number)

    async with reporting(send, pulse=0.001) as report:
        await report(QUEUED)
    count = len(told)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(told) == count
