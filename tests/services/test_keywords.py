"""Constraints in the words of JSON Schema, and the agreement of both."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.graph.json_value import Json
from gateway.services.constraint import Constraint, misfit
from gateway.services.keywords import json_type, keywords
from tests.services.building import OBJECT


@pytest.mark.parametrize(
    ("constraint", "schema"),
    [
        (
            Constraint("integer", 1, 2**64 - 1, 8),
            {"type": "integer", "minimum": 1, "maximum": 2**64 - 1, "multipleOf": 8},
        ),
        (
            Constraint("string", min_length=1, max_length=9, pattern="^a"),
            {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a"},
        ),
        (Constraint("boolean"), {"type": "boolean"}),
        (Constraint("image", min_length=1), {"type": "string", "minLength": 1}),
        (Constraint("string", options=("a", "b")), {"type": "string", "enum": ["a", "b"]}),
        (Constraint("integer", 0, 9, options=(1, 2)), {"type": "integer", "enum": [1, 2]}),
        (Constraint("string", options=("a", 1, True)), {"enum": ["a", 1, True]}),
        (
            Constraint("array", options=("a",), many=True),
            {"type": "array", "items": {"enum": ["a"]}},
        ),
        (Constraint("array"), {"type": "array"}),
        (Constraint("array", many=True), {"type": "array"}),
        (Constraint("object"), {"type": "object"}),
    ],
)
def test_a_constraint_has_its_keywords(constraint: Constraint, schema: dict[str, Json]) -> None:
    assert keywords(constraint) == schema


def test_options_of_several_types_have_no_type_of_their_own() -> None:
    assert json_type(Constraint("string", options=("a", 1))) is None
    assert json_type(Constraint("audio")) == "string"


numbers = st.integers(-20, 20) | st.floats(-20, 20)
scalars = st.none() | st.booleans() | numbers | st.text(alphabet="ab", max_size=4)
values: st.SearchStrategy[Json] = scalars | st.lists(scalars, max_size=3) | st.just(OBJECT)
limits = st.none() | numbers
constraints = st.one_of(
    st.builds(Constraint, st.sampled_from(["integer", "number"]), limits, limits),
    st.builds(
        Constraint,
        st.just("string"),
        min_length=st.none() | st.integers(0, 3),
        max_length=st.none() | st.integers(0, 3),
        pattern=st.none() | st.sampled_from(["^a", "b", "a$"]),
    ),
    st.builds(Constraint, st.sampled_from(["boolean", "array", "object", "image"])),
    st.builds(
        Constraint,
        st.just("integer"),
        multiple_of=st.integers(1, 5),
    ),
    st.builds(
        Constraint,
        st.just("array"),
        options=st.lists(st.booleans() | st.integers(0, 2) | st.text("ab"), max_size=4).map(tuple),
        many=st.just(True),
    ),
)


@given(constraints, values)
def test_jsonschema_refuses_exactly_what_is_a_misfit(constraint: Constraint, value: Json) -> None:
    accepted = Draft202012Validator(keywords(constraint)).is_valid(value)  # type: ignore[arg-type]
    assert accepted == (misfit(value, constraint) == "")


@given(st.lists(st.booleans() | st.integers(0, 2) | st.text("ab"), max_size=4), scalars)
def test_jsonschema_reads_options_as_we_do(options: list[Json], value: Json) -> None:
    constraint = Constraint("string", options=tuple(options))
    assume(json_type(constraint) is None)
    schema = keywords(constraint)
    assert Draft202012Validator(schema).is_valid(value) == (misfit(value, constraint) == "")  # type: ignore[arg-type]


@given(constraints)
def test_keywords_are_a_schema(constraint: Constraint) -> None:
    Draft202012Validator.check_schema(keywords(constraint))  # type: ignore[arg-type]
