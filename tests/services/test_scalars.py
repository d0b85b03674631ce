"""Every rule of YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#1032-tag-resolution)."""

from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway.services.scalars import type_scalar
from gateway.services.tree import ScalarValue


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("NULL", None),
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        ("FALSE", False),
        ("0", 0),
        ("-0", 0),
        ("+12", 12),
        ("-7", -7),
        ("18446744073709551615", 2**64 - 1),
        ("0o17", 15),
        ("0xFf", 255),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("-1.5e-2", -0.015),
        (".5", 0.5),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("0.0", 0.0),
        ("6.5", 6.5),
        ("3.10", 3.1),
        (".inf", math.inf),
        ("+.Inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_a_plain_scalar_is_what_the_core_schema_says(text: str, value: ScalarValue) -> None:
    typed = type_scalar(text)
    assert typed == value
    assert type(typed) is type(value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_not_a_number_is_a_number(text: str) -> None:
    typed = type_scalar(text)
    assert isinstance(typed, float)
    assert math.isnan(typed)


@pytest.mark.parametrize(
    "text",
    [
        *("on", "off", "yes", "no", "y", "n", "On", "Yes", "NO"),
        *("tRUE", "nUll", "none", "None", "nan", "inf", "Infinity"),
        *("9:8", "1:30:00", "190:20:30", "2026-01-01", "2026-01-01T00:00:00Z"),
        *("010", "007", "-01", "00", "01.5", "0o8", "0O17", "0b1", "0xG", "-0x1", "+0o1"),
        *("1_000", "1,000", "1e", "e1", ".", "-", "+", "..", "1.2.3", "+.nan", "-.nan"),
        *("٣", "１", "²", "1 ", " 1", "=", "<<", "3.steps", "0x", "0o"),
    ],
)
def test_everything_else_is_text(text: str) -> None:
    assert type_scalar(text) == text


def test_a_number_of_thousands_of_digits_breaks_nothing() -> None:
    assert type_scalar("9" * 5000) == math.inf
    assert type_scalar("0x" + "f" * 5000) == "0x" + "f" * 5000


@given(st.integers())
def test_an_integer_reads_as_itself(number: int) -> None:
    assert type_scalar(str(number)) == number


@given(st.floats(allow_nan=False))
def test_a_float_reads_as_itself(number: float) -> None:
    text = yaml.safe_dump(number).split("\n")[0]
    assert type_scalar(text) == number


@given(st.text(max_size=12))
def test_any_text_is_something(text: str) -> None:
    typed = type_scalar(text)
    assert typed == text or not isinstance(typed, str)
