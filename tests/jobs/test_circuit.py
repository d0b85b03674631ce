"""When a backend's circuit opens, lets one job try, and how long it rests."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BackendAnsweredOddly, BackendError, BackendRefused, BackendUnreachable
from gateway.jobs.circuit import Circuit, half_opened, let_down, pause_before

SILENT = BackendUnreachable("nothing listens")
REFUSED = BackendRefused("no")
ODD = BackendAnsweredOddly("a login page")


def after(*faults: tuple[float, BackendError]) -> Circuit:
    circuit = Circuit()
    for at, error in faults:
        circuit = let_down(circuit, at, error)
    return circuit


def test_silence_opens_at_once() -> None:
    assert after((5.0, SILENT)) == Circuit("open", SILENT, 5.0, openings=1)


def test_one_refusal_or_two_leave_it_closed_and_the_third_in_a_short_time_opens() -> None:
    assert after((1.0, REFUSED)).state == "closed"
    assert after((1.0, REFUSED), (2.0, ODD)).state == "closed"
    opened = after((1.0, REFUSED), (2.0, ODD), (3.0, REFUSED))
    assert (opened.state, opened.error, opened.since) == ("open", REFUSED, 3.0)


def test_refusals_far_apart_never_open_it() -> None:
    assert after(*((31.0 * each, REFUSED) for each in range(20))).state == "closed"


def test_one_that_was_let_try_and_failed_rests_longer_and_is_open_since_the_beginning() -> None:
    opened = after((1.0, REFUSED), (2.0, REFUSED), (3.0, REFUSED))
    again = let_down(half_opened(opened), 9.0, ODD)
    assert (again.state, again.since, again.error, again.openings) == ("open", 3.0, ODD, 2)
    assert pause_before(again, 0) > pause_before(opened, 0)


def test_a_second_fault_while_it_is_open_is_the_news_and_nothing_else_changes() -> None:
    twice = after((1.0, SILENT), (2.0, REFUSED))
    assert (twice.state, twice.since, twice.error, twice.openings) == ("open", 1.0, REFUSED, 1)


def test_a_silent_one_is_asked_soon_and_one_that_refuses_is_given_a_rest() -> None:
    assert pause_before(after((0.0, SILENT)), 0) < 0.2
    assert pause_before(after(*((0.0, REFUSED),) * 3), 0) == 1.0


@given(st.integers(1, 2000), st.integers(0, 2000))
def test_no_rest_is_longer_than_a_quarter_of_a_minute(openings: int, questions: int) -> None:
    assert 0 < pause_before(Circuit("open", REFUSED, openings=openings), questions) <= 15
    assert 0 < pause_before(Circuit("open", SILENT, openings=openings), questions) <= 2
