"""JSON written for review."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.json_value import Json
from gateway.schema.document import dump

documents: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["properties", "$defs"]) | st.text(), inner, max_size=3)
    ),
    max_leaves=10,
)


def test_keys_are_sorted_except_where_their_order_is_the_yamls() -> None:
    document: Json = {
        "type": "object",
        "properties": {
            "z": {"type": "string", "enum": ["b", "a"]},
            "a": {"properties": {"y": 1, "b": 2}},
        },
        "required": ["z", "a"],
    }
    assert dump(document) == (
        "{\n"
        '  "properties": {\n'
        '    "z": {\n'
        '      "enum": [\n'
        '        "b",\n'
        '        "a"\n'
        "      ],\n"
        '      "type": "string"\n'
        "    },\n"
        '    "a": {\n'
        '      "properties": {\n'
        '        "y": 1,\n'
        '        "b": 2\n'
        "      }\n"
        "    }\n"
        "  },\n"
        '  "required": [\n'
        '    "z",\n'
        '    "a"\n'
        "  ],\n"
        '  "type": "object"\n'
        "}\n"
    )


def test_a_parameter_called_properties_is_a_parameter() -> None:
    document: Json = {"properties": {"properties": {"type": "string", "default": ""}}}
    assert dump(document).index('"default"') < dump(document).index('"type"')


def test_keys_are_sorted_in_lists_too() -> None:
    assert json.loads(dump([{"b": 1, "a": 2}]), object_pairs_hook=list) == [[("a", 2), ("b", 1)]]


def test_text_stays_readable() -> None:
    assert dump("für 図") == '"für 図"\n'


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dump(float("nan"))


@given(documents)
def test_what_is_written_is_what_was_there(document: Json) -> None:
    assert json.loads(dump(document)) == document
    assert dump(json.loads(dump(document))) == dump(document)
