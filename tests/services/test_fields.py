"""Typed keys, and what is read from a mapping by them."""

from __future__ import annotations

from gateway.services.fields import NOTHING, Fields, Key, Reads
from gateway.services.scalar_shapes import Integer, Text
from gateway.services.structure import Spot
from gateway.services.tree import Entry, ScalarNode

SLOTS: Key[int] = Key("slots", Integer(1, 64), "How many.", 2)
TITLE: Key[str | None] = Key("title", Text(), "Its title.", None)
URL: Key[str] = Key("url", Text(), "Where.", "", sample="http://127.0.0.1")

FIELDS = Fields(
    Spot(4, 3),
    {
        "slots": Entry("slots", ScalarNode("4", 4, 5, 10), 5, 3),
        "title": Entry("title", ScalarNode("1", 1, 6, 10), 6, 3),
    },
    {"slots": 4},
)


def test_a_key_reads_its_value_or_its_default() -> None:
    assert FIELDS[SLOTS] == 4
    assert FIELDS[URL] == ""
    assert NOTHING[SLOTS] == 2


def test_a_wrong_value_reads_as_the_default_and_is_written_all_the_same() -> None:
    assert FIELDS[TITLE] is None
    assert TITLE in FIELDS
    assert URL not in FIELDS


def test_another_value_is_taken_for_a_key_that_is_left_out_only() -> None:
    assert FIELDS.get(SLOTS, 9) == 4
    assert FIELDS.get(TITLE, "x") is None
    assert FIELDS.get(URL, "x") == "x"


def test_a_key_is_found_where_it_stands_or_where_the_mapping_begins() -> None:
    assert (FIELDS.at(URL, TITLE).line, FIELDS.at(URL, TITLE).column) == (6, 3)
    assert (FIELDS.at(URL).line, FIELDS.at(URL).column) == (4, 3)
    assert list(FIELDS.spots()) == ["slots", "title"]
    assert FIELDS.has_any(frozenset({"url", "title"}))
    assert not FIELDS.has_any(frozenset({"url"}))


def test_what_stands_under_a_key_can_be_shown() -> None:
    assert FIELDS.found(SLOTS) == "4"
    assert FIELDS.found(URL) is None


def test_a_key_with_a_sample_may_not_be_left_out() -> None:
    assert URL.required
    assert not SLOTS.required


def test_a_shape_that_says_nothing_of_itself_takes_any_value() -> None:
    shape: Reads[object] = Reads()
    assert (shape.says(), shape.bounds(), shape.sample()) == ("a value", "", "a value")
