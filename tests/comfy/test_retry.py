"""When to try again."""

from __future__ import annotations

from itertools import takewhile

from gateway.comfy.retry import pause_before_reconnect, pause_before_retry
from gateway.errors import BackendAnsweredOddly, BackendRefused, BackendUnreachable


def test_who_cannot_be_reached_is_asked_thrice_within_a_quarter_of_a_second() -> None:
    away = BackendUnreachable("away")
    pauses = [pause_before_retry(failed, away) for failed in range(1, 6)]
    assert pauses == [0.05, 0.2, None, None, None]


def test_an_answer_stays_what_it_is() -> None:
    assert pause_before_retry(1, BackendRefused("no")) is None
    assert pause_before_retry(1, BackendAnsweredOddly("odd")) is None


def test_who_waited_for_the_whole_timeout_does_not_wait_again() -> None:
    assert pause_before_retry(1, BackendUnreachable("slow", code="backend-timed-out")) is None


def test_pauses_between_connections_grow_to_two_seconds_and_no_further() -> None:
    pauses = [pause_before_reconnect(failed) for failed in range(10_000)]
    assert pauses[:6] == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0]
    assert pauses == sorted(pauses)
    assert max(pauses) == 2.0
    assert len(list(takewhile(lambda each: each < 1.0, pauses))) == 4
