"""What callers write for what they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.json_value import Json
from gateway.services.courtesies import as_meant, is_left_out
from gateway.services.model import (
    Defaulted,
    Drawn,
    GraphFile,
    LeftOut,
    ParameterType,
    Required,
    Supply,
)
from tests.services.building import bound_parameter


@pytest.mark.parametrize(
    ("value", "wanted", "meant"),
    [
        (512.0, "integer", 512),
        ("512", "integer", 512),
        (" -7 ", "integer", -7),
        ("512.0", "integer", 512),
        ("6.5", "number", 6.5),
        ("7", "number", 7.0),
        ("1e3", "number", 1000.0),
        ("true", "boolean", True),
        ("False", "boolean", False),
    ],
)
def test_what_is_plainly_meant_is_read_so_and_told(
    value: Json, wanted: ParameterType, meant: Json
) -> None:
    read, warning = as_meant(value, wanted)
    assert (read, type(read)) == (meant, type(meant))
    assert "was read as" in warning


def test_the_warning_shows_both() -> None:
    assert as_meant("512", "integer") == (512, '"512" was read as 512')


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (512, "integer"),
        (512.5, "integer"),
        (float("inf"), "integer"),
        ("", "integer"),
        ("512.5", "integer"),
        ("0x10", "integer"),
        ("5_12", "integer"),
        ("٥", "integer"),
        ("9" * 5000, "integer"),
        (True, "integer"),
        (7, "number"),
        ("nan", "number"),
        ("Infinity", "number"),
        ("1e999", "number"),
        ("yes", "boolean"),
        (1, "boolean"),
        (5, "string"),
        ("a.png", "image"),
        ("[]", "array"),
    ],
)
def test_everything_else_stays_as_it_was_written(value: Json, wanted: ParameterType) -> None:
    assert as_meant(value, wanted) == (value, "")


@given(st.text(), st.sampled_from(["integer", "number", "boolean", "string"]))
def test_any_text_is_read_without_failing(text: str, wanted: ParameterType) -> None:
    meant, warning = as_meant(text, wanted)
    assert (meant == text and type(meant) is str) == (warning == "")


@pytest.mark.parametrize(
    ("supply", "value", "kind", "left_out"),
    [
        (LeftOut(), None, "string", True),
        (Defaulted("x"), None, "string", True),
        (Required(), None, "string", False),
        (Drawn(), None, "integer", True),
        (Drawn(), -1, "integer", True),
        (Drawn(), -1.0, "integer", True),
        (Drawn(), 0, "integer", False),
        (LeftOut(), -1, "integer", False),
        (LeftOut(), "", "string", False),
        (GraphFile(), "", "image", True),
        (Required(), "", "image", False),
    ],
)
def test_what_counts_as_left_out(
    supply: Supply, value: Json, kind: ParameterType, left_out: bool
) -> None:
    assert is_left_out(bound_parameter(kind, supply=supply), value) is left_out
