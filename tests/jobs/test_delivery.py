"""What an attempt at telling a webhook comes to."""

from __future__ import annotations

import pytest

from gateway.jobs.delivery import (
    Delivery,
    NotNow,
    Refused,
    Taken,
    after_attempt,
)

BEGUN = Delivery("job", "draw", attempts=1)


def test_what_was_taken_is_delivered_and_its_earlier_errors_are_over() -> None:
    before = Delivery("job", "draw", attempts=3, last_error="nothing answers there")
    assert after_attempt(before, Taken(), 8, 0.5) == (
        Delivery("job", "draw", "delivered", 3),
        0.0,
    )


def test_what_was_refused_is_not_tried_again() -> None:
    settled, _ = after_attempt(BEGUN, Refused("no"), 8, 0.5)
    assert settled == Delivery("job", "draw", "failed", 1, "no")


def test_pauses_grow_up_to_an_hour_and_the_last_attempt_fails() -> None:
    pauses: list[float] = []
    for attempt in range(1, 9):
        begun = Delivery("job", "draw", attempts=attempt)
        settled, pause = after_attempt(begun, NotNow("busy"), 8, 0.5)
        assert settled.last_error == "busy"
        assert settled.status == ("failed" if attempt == 8 else "pending")
        pauses.append(pause)
    assert pauses == [5, 20, 80, 320, 1280, 3600, 3600, 0]


@pytest.mark.parametrize(("chance", "pause"), [(0.0, 3.75), (0.5, 5.0), (1.0, 6.25)])
def test_chance_spreads_what_failed_together(chance: float, pause: float) -> None:
    assert after_attempt(BEGUN, NotNow("busy"), 8, chance)[1] == pause


@pytest.mark.parametrize(
    ("wish", "pause"), [(-5.0, 1.0), (0.0, 1.0), (30.0, 30.0), (86400.0, 3600.0)]
)
def test_a_receivers_wish_is_heard_within_limits(wish: float, pause: float) -> None:
    assert after_attempt(BEGUN, NotNow("busy", wish), 8, 0.9)[1] == pause
