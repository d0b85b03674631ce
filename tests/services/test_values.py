"""Values as JSON sees them."""

from __future__ import annotations

import json
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.json_value import Json
from gateway.services.model import ParameterType
from gateway.services.values import (
    flaw_in,
    has_type,
    is_multiple,
    one_of,
    pointer_of,
    same,
    shown,
    text_length,
    type_of_value,
)
from tests.services.building import LIST, OBJECT

DEEP: Json = reduce(lambda inner, _: [inner], range(100), LIST)
DEEP_OBJECT: Json = reduce(lambda inner, _: {"a": inner}, range(65), OBJECT)
NOT_TOO_DEEP: Json = reduce(lambda inner, _: {"a": inner}, range(64), OBJECT)
HUGE = 10**5000


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        (True, True, True),
        ("1", 1, False),
        (None, False, False),
        ([1], [1], True),
    ],
)
def test_equality_is_that_of_json(one: Json, other: Json, equal: bool) -> None:
    assert same(one, other) is equal
    assert one_of(one, ("z", other)) is equal


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        ("integer", [0, -5, 512.0, 10**30], [1.5, True, "1", None, float("inf"), float("nan")]),
        ("number", [0, 1.5, 10**40], [False, "1", float("nan"), float("-inf"), LIST]),
        ("boolean", [True, False], [0, "true", None]),
        ("string", ["", "x"], [1, None, LIST]),
        ("image", ["a.png"], [1, None, OBJECT]),
        ("array", [LIST, [1]], ["", OBJECT, None]),
        ("object", [OBJECT], [LIST, "", None]),
    ],
)
def test_types_are_those_of_json_schema(
    wanted: ParameterType, good: list[Json], bad: list[Json]
) -> None:
    assert [each for each in good if not has_type(each, wanted)] == []
    assert [each for each in bad if has_type(each, wanted)] == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, "boolean"),
        (1, "integer"),
        (1.0, "number"),
        ("", "string"),
        (LIST, "array"),
        (OBJECT, "object"),
        (None, None),
    ],
)
def test_a_value_speaks_for_its_type(value: Json, kind: ParameterType | None) -> None:
    assert type_of_value(value) == kind


@pytest.mark.parametrize(
    ("value", "of", "multiple"),
    [
        (0.3, 0.1, True),
        (0.35, 0.1, False),
        (512, 8, True),
        (513, 8, False),
        (0, 8, True),
        (-16, 8, True),
        (10**18 + 1, 2, False),
        (1e300, 1e-300, True),
        (1e-7, 1e-9, True),
    ],
)
def test_multiples_are_reckoned_as_people_do(value: float, of: float, multiple: bool) -> None:
    assert is_multiple(value, of) is multiple


@pytest.mark.parametrize(
    ("value", "flaw"),
    [
        ("a\x00b", ("", "has a character that is no proper text: NUL at 1")),
        ("\ud83d", ("", "has a character that is no proper text: half of a surrogate pair at 0")),
        (float("nan"), ("", "must be a finite number")),
        (float("inf"), ("", "must be a finite number")),
        (2**64, ("", "is too large: integers go from -2^63 to 2^64-1")),
        (-(2**63) - 1, ("", "is too large: integers go from -2^63 to 2^64-1")),
        (
            [1, {"a/b": ["x", "\x00"]}],
            ("/1/a~1b/1", "has a character that is no proper text: NUL at 0"),
        ),
        ({"a": {"\x00": 1}}, ("/a", 'has a key that is no proper text: "\\u0000"')),
        (DEEP, ("/0" * 65, "nests deeper than 64 levels")),
        (DEEP_OBJECT, ("/a" * 65, "nests deeper than 64 levels")),
    ],
)
def test_what_nothing_could_take_is_found_at_any_depth(value: Json, flaw: tuple[str, str]) -> None:
    assert flaw_in(value) == flaw


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        2**64 - 1,
        -(2**63),
        1.5,
        "",
        "\n\t é 😀",
        LIST,
        {"": [None, {"x": 1}]},
        NOT_TOO_DEEP,
    ],
)
def test_what_is_proper_has_no_flaw(value: Json) -> None:
    assert flaw_in(value) is None


@given(st.text())
def test_a_text_without_a_flaw_can_be_sent(text: str) -> None:
    if flaw_in(text) is None:
        assert text.encode().decode() == text
        assert "\x00" not in text


@pytest.mark.parametrize(
    ("value", "length"),
    [("ab", 2), (["ab", 1, None, ["c"]], 3), ({"key": {"k": "v"}, "n": 2.5}, 6), (None, 0)],
)
def test_the_text_of_a_value_is_counted_at_any_depth(value: Json, length: int) -> None:
    assert text_length(value) == length


def test_a_pointer_escapes_its_own_marks() -> None:
    assert pointer_of("a/b~c") == "/a~1b~0c"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        (None, "null"),
        ([1, "é"], '[1, "é"]'),
        ("x" * 200, '"' + "x" * 58 + "…"),
        ("x" * 59, '"' + "x" * 58 + "…"),
        ("x" * 58, '"' + "x" * 58 + '"'),
        ("\ud83d", '"\ufffd"'),
        pytest.param(HUGE, "a value that is too large to show", id="huge"),
    ],
)
def test_values_are_shown_as_json_of_a_readable_length(value: Json, text: str) -> None:
    assert shown(value) == text


@given(st.recursive(st.none() | st.floats() | st.text(), st.lists, max_leaves=30))
def test_anything_is_shown_in_text_that_can_be_sent(value: Json) -> None:
    assert len(shown(value).encode()) <= 4 * 60
    assert json.dumps(shown(value))
