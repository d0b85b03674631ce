"""What `default: random` draws from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.services.constraint import Constraint, misfit
from gateway.services.seeds import Drawable, drawable

SAFE = 2**53 - 1


@pytest.mark.parametrize(
    ("constraint", "drawn"),
    [
        (Constraint("integer"), Drawable(0, SAFE)),
        (Constraint("integer", 0, 2**64 - 1), Drawable(0, SAFE)),
        (Constraint("integer", -5, 10), Drawable(0, 10)),
        (Constraint("integer", 5, 5), Drawable(5, 5)),
        (Constraint("integer", 2.5, 9.5), Drawable(3, 9)),
        (Constraint("integer", 5, 21, 8), Drawable(1, 2, 8)),
        (Constraint("integer", 0, 10, 1.5), Drawable(0, 3, 3)),
        (Constraint("integer", 1, 7, 8), None),
        (Constraint("integer", maximum=-1), None),
        (Constraint("integer", minimum=2**53), None),
        (Constraint("integer", options=(3, 5, True, "x")), Drawable(0, 1, options=(3, 5))),
        (Constraint("integer", options=("x",)), None),
    ],
)
def test_numbers_are_drawn_within_the_limits_and_never_beyond_2_53(
    constraint: Constraint, drawn: Drawable | None
) -> None:
    assert drawable(constraint) == drawn


def test_an_option_is_drawn_by_its_place() -> None:
    assert Drawable(0, 2, options=(3, 5, 8)).draw(lambda low, high: high) == 8


@given(
    st.integers(-100, 2**64),
    st.integers(-100, 2**64),
    st.none() | st.integers(1, 50) | st.sampled_from([0.5, 1.5, 2.25]),
    st.booleans(),
)
def test_whatever_is_drawn_would_be_accepted(
    low: int, high: int, step: float | None, lowest: bool
) -> None:
    constraint = Constraint("integer", low, high, step)
    found = drawable(constraint)
    if found is not None:
        number = found.draw(lambda least, greatest: least if lowest else greatest)
        assert misfit(number, constraint) == ""
        assert 0 <= number <= SAFE
