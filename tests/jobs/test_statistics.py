"""The figures of jobs, from what stores count."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.jobs.statistics import (
    Counted,
    Figures,
    Sample,
    Statistics,
    Tally,
    Times,
    statistics_of,
)


def running(*seconds: float) -> Times | None:
    """Return the figures of runs that took so long."""
    return statistics_of(
        [Counted(samples=[Sample("draw", 0, each) for each in seconds])]
    ).whole.running


def numbers(times: Times | None) -> tuple[float, float, float]:
    """Return average, p50 and p95."""
    assert times is not None
    return times.average, times.p50, times.p95


def test_nothing_has_no_figures() -> None:
    assert statistics_of([]) == Statistics(Figures({}), {})
    assert (Figures({}).total, Figures({}).active, Figures({}).success_rate) == (0, 0, None)


def test_parts_are_put_together() -> None:
    ann = Counted(
        [Tally("draw", "completed", 2), Tally("draw", "failed", 1)], [Sample("draw", 1, 2)]
    )
    bob = Counted(
        [Tally("draw", "completed", 1), Tally("paint", "running", 3)], [Sample("draw", 3, 4)]
    )
    told = statistics_of([ann, bob])
    assert dict(told.whole.counts) == {"running": 3, "completed": 3, "failed": 1}
    assert list(told.whole.counts) == ["running", "completed", "failed"]
    assert numbers(told.services["draw"].running) == pytest.approx((3, 3, 3.9))
    assert numbers(told.services["draw"].waiting) == pytest.approx((2, 2, 2.9))
    assert told.services["paint"] == Figures({"running": 3})
    assert told.whole.running == told.services["draw"].running


def test_a_cancelled_job_is_neither_success_nor_failure() -> None:
    assert Figures({"cancelled": 5}).success_rate is None
    assert (
        Figures({"completed": 3, "timeout": 1, "cancelled": 5, "running": 2}).success_rate == 0.75
    )
    assert Figures({"pending": 1, "running": 2, "completed": 4}).active == 3


def test_one_run_is_its_own_figures() -> None:
    assert running(7.0) == Times(7, 7, 7)


def test_a_clock_that_was_set_back_makes_no_time_negative() -> None:
    assert numbers(running(-3.0, 5.0)) == pytest.approx((2.5, 2.5, 4.75))


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=60))
def test_half_and_95_of_100_are_as_everybody_reckons_them(seconds: list[float]) -> None:
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    times = running(*seconds)
    assert times is not None
    assert times.p50 == pytest.approx(cuts[49])
    assert times.p95 == pytest.approx(cuts[94])
    assert times.average == pytest.approx(statistics.fmean(seconds))
