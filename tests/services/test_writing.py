"""Values as YAML text, which reads back the same."""

from __future__ import annotations

import pytest

from gateway.graph.json_value import Json
from gateway.services.writing import write_comment, write_key, write_value

WRITTEN: list[tuple[Json, str]] = [
    (None, "null"),
    (True, "true"),
    (False, "false"),
    (7, "7"),
    (0.05, "0.05"),
    (1e-7, "1e-07"),
    ("What to draw.", "What to draw."),
    ("don't (ever)", "don't (ever)"),
    ("", '""'),
    ("true", '"true"'),
    ("No", '"No"'),
    ("6", '"6"'),
    ("3.steps", "3.steps"),
    ("3.e5", '"3.e5"'),
    ("a: b", '"a: b"'),
    ("a #b", '"a #b"'),
    ("a, b", '"a, b"'),
    (" a", '" a"'),
    ("é", '"é"'),
    ("${HOME}", '"$${HOME}"'),
    ("$${HOME}", '"$$${HOME}"'),
    ('a\n\t\r\\"', '"a\\n\\t\\r\\\\\\""'),
    ("\x85\u2028\ufeff\U000e0001", '"\\u0085\\u2028\\uFEFF\\U000E0001"'),
    ("half \ud800", '"half \ufffd"'),
    ([1, ["a"], {}], "[1, [a], {}]"),
    ({"a": 1, "b c": [True], "9:8": "x"}, '{a: 1, b c: [true], "9:8": x}'),
]


@pytest.mark.parametrize(("value", "text"), WRITTEN)
def test_a_value_is_written_on_one_line(value: Json, text: str) -> None:
    assert write_value(value) == text


def test_a_key_is_in_quotes_where_a_reader_could_take_it_for_something_else() -> None:
    assert (write_key("steps"), write_key("y"), write_key("1e3")) == ("steps", '"y"', '"1e3"')


def test_a_comment_stays_on_its_line() -> None:
    assert write_comment("  one\ntwo\x1b[2J\u2028x ") == "# one two [2J x"
