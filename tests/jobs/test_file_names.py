"""Names of kept files: readable and harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.jobs.names import safe_name, unique_name


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("t_00001_.png", "t_00001_.png"),
        ("ünï cøde 图.png", "ünï cøde 图.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\windows\\x.png", "x.png"),
        ("a\x00b\n.png", "a_b_.png"),
        ("", "file"),
        ("...", "file"),
        ("con.png", "con_.png"),
        ("NUL", "NUL_"),
        (".hidden", "hidden"),
        ("a" * 300 + ".png", "a" * 116 + ".png"),
        ("x." + "e" * 40, "x." + "e" * 16),
    ],
)
def test_a_name_is_kept_as_far_as_it_does_no_harm(given_name: str, kept: str) -> None:
    assert safe_name(given_name) == kept


@given(st.text())
def test_a_safe_name_has_no_folder_is_short_and_stays_as_it_is(text: str) -> None:
    name = safe_name(text)
    assert name
    assert not set(name) & set('/\\\0:*?"<>|\n')
    assert name.strip(".") == name
    assert len(name) <= 137
    assert safe_name(name) == name


def test_a_taken_name_gets_a_number_before_its_extension() -> None:
    assert unique_name("a.png", ()) == "a.png"
    assert unique_name("a.png", {"a.png"}) == "a (2).png"
    assert unique_name("a.png", {"a.png", "a (2).png"}) == "a (3).png"
    assert unique_name("plain", {"plain"}) == "plain (2)"
