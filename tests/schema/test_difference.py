"""What breaks callers of a tool."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.graph.json_value import Json
from gateway.schema.difference import Change, breaking_changes, changes_between
from tests.services.building import LIST


def tool(*required: str, **properties: Json) -> dict[str, Json]:
    return {
        "name": "draw",
        "inputSchema": {
            "type": "object",
            "properties": properties,
            "required": list(required),
            "additionalProperties": False,
        },
        "outputSchema": {
            "type": "object",
            "properties": {"job_id": {"type": "string"}},
            "required": ["job_id"],
        },
    }


def several(value: dict[str, Json], most: int, **about: Json) -> dict[str, Json]:
    lists: dict[str, Json] = {"type": "array", "items": value, "minItems": 1, "maxItems": most}
    return {"anyOf": [value, lists], **about}


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        (tool(a={"type": "string"}), tool(a={"type": "string"}), []),
        ({}, {}, []),
        ({}, tool(), [("note", "", "the tool is new")]),
        (tool(), {}, [("breaking", "", "the tool is gone")]),
        (
            tool(),
            {**tool(), "name": "paint"},
            [("breaking", "/name", 'the tool is called "paint" instead of "draw"')],
        ),
        (
            tool(a={"type": "string"}),
            tool(),
            [("breaking", "/inputSchema/properties/a", "the parameter `a` is gone")],
        ),
        (
            tool(),
            tool(a={"type": "string"}),
            [("note", "/inputSchema/properties/a", "the parameter `a` is new")],
        ),
        (
            tool(),
            tool("a", a={"type": "string"}),
            [
                (
                    "breaking",
                    "/inputSchema/properties/a",
                    "the parameter `a` is new and required now",
                )
            ],
        ),
        (
            tool(a={"type": "string"}),
            tool("a", a={"type": "string"}),
            [("breaking", "/inputSchema/properties/a", "the parameter `a` is required now")],
        ),
        (
            tool("a", a={"type": "string"}),
            tool(a={"type": "string"}),
            [("note", "/inputSchema/properties/a", "the parameter `a` is not required any more")],
        ),
        (
            tool(a={"type": "string"}),
            tool(a={"type": "integer"}),
            [("breaking", "/inputSchema/properties/a/type", "`a` takes integer instead of string")],
        ),
        (
            tool(a={"type": "string"}),
            tool(a={"enum": ["x", 1]}),
            [
                (
                    "breaking",
                    "/inputSchema/properties/a/type",
                    "`a` takes other values instead of string",
                ),
                ("breaking", "/inputSchema/properties/a/enum", "`a` takes only certain values now"),
            ],
        ),
        (
            tool(a={"enum": ["x", 1]}),
            tool(a={"type": "string"}),
            [
                (
                    "breaking",
                    "/inputSchema/properties/a/type",
                    "`a` takes string instead of several types",
                )
            ],
        ),
        (tool(a={"type": "integer"}), tool(a={"type": "number"}), []),
        (
            tool(a={"type": "string"}),
            tool(a={"type": "number"}),
            [("breaking", "/inputSchema/properties/a/type", "`a` takes number instead of string")],
        ),
        (
            tool(a={"type": "integer"}),
            tool(a={"type": "string"}),
            [("breaking", "/inputSchema/properties/a/type", "`a` takes string instead of integer")],
        ),
        (
            tool(a={"type": "integer", "minimum": 1, "maximum": 9, "default": 2, "multipleOf": 8}),
            tool(a={"type": "integer", "minimum": 1, "maximum": 9, "default": 2, "multipleOf": 8}),
            [],
        ),
        (
            tool(a={"type": "string", "enum": ["x", "y", "z"]}),
            tool(a={"type": "string", "enum": ["z"]}),
            [("breaking", "/inputSchema/properties/a/enum", '`a` takes no "x", "y" any more')],
        ),
        (
            tool(a={"enum": ["x"]}),
            tool(a={"enum": ["x", "y"]}),
            [("note", "/inputSchema/properties/a/enum", '`a` takes "y" as well')],
        ),
        (
            tool(a={"type": "integer", "multipleOf": 8}),
            tool(a={"type": "integer", "multipleOf": 16}),
            [
                (
                    "breaking",
                    "/inputSchema/properties/a/multipleOf",
                    "`a` has another multipleOf: 16",
                )
            ],
        ),
        (
            tool(a={"type": "string", "enum": ["x", "y"]}),
            tool(a={"type": "string", "enum": ["y", "z"]}),
            [
                ("breaking", "/inputSchema/properties/a/enum", '`a` takes no "x" any more'),
                ("note", "/inputSchema/properties/a/enum", '`a` takes "z" as well'),
            ],
        ),
        (tool(a={"type": "string", "enum": ["x"]}), tool(a={"type": "string"}), []),
        (
            tool(a={"type": "array", "items": {"enum": ["x"]}}),
            tool(a={"type": "array", "items": {"enum": LIST}}),
            [("breaking", "/inputSchema/properties/a/items/enum", '`a` takes no "x" any more')],
        ),
        (
            tool(a={"type": "array", "items": {"type": "integer", "maximum": 9}}),
            tool(a={"type": "array", "items": {"type": "integer", "maximum": 8}, "maxItems": 2}),
            [
                (
                    "breaking",
                    "/inputSchema/properties/a/items/maximum",
                    "`a` has a narrower maximum: 8 (it was 9)",
                ),
                (
                    "breaking",
                    "/inputSchema/properties/a/maxItems",
                    "`a` has a narrower maxItems: 2 (there was none)",
                ),
            ],
        ),
        (
            tool(a={"items": {"properties": {"x": {"type": "string"}, "y": {"maximum": 3}}}}),
            tool(a={"items": {"properties": {"y": {"maximum": 2}, "z": {}}, "required": ["z"]}}),
            [
                (
                    "breaking",
                    "/inputSchema/properties/a/items/properties/x",
                    "the field of `a` `x` is gone",
                ),
                (
                    "breaking",
                    "/inputSchema/properties/a/items/properties/y/maximum",
                    "`y` has a narrower maximum: 2 (it was 3)",
                ),
                (
                    "breaking",
                    "/inputSchema/properties/a/items/properties/z",
                    "the field of `a` `z` is new and required now",
                ),
            ],
        ),
        (
            tool(a={"type": "integer", "minimum": 1, "maximum": 9}),
            tool(a={"type": "integer", "minimum": 2, "maximum": 8}),
            [
                (
                    "breaking",
                    "/inputSchema/properties/a/minimum",
                    "`a` has a narrower minimum: 2 (it was 1)",
                ),
                (
                    "breaking",
                    "/inputSchema/properties/a/maximum",
                    "`a` has a narrower maximum: 8 (it was 9)",
                ),
            ],
        ),
        (
            tool(a={"type": "integer", "minimum": 1, "maximum": 9}),
            tool(a={"type": "integer", "minimum": 0}),
            [],
        ),
        (
            tool(a={"type": "string"}),
            tool(a={"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^a"}),
            [
                (
                    "breaking",
                    "/inputSchema/properties/a/minLength",
                    "`a` has a narrower minLength: 1 (there was none)",
                ),
                (
                    "breaking",
                    "/inputSchema/properties/a/maxLength",
                    "`a` has a narrower maxLength: 5 (there was none)",
                ),
                ("breaking", "/inputSchema/properties/a/pattern", '`a` has another pattern: "^a"'),
            ],
        ),
        (
            tool(a={"type": "integer", "multipleOf": 8}),
            tool(a={"type": "integer"}),
            [],
        ),
        (
            tool(a={"type": "integer", "default": 1}),
            tool(a={"type": "integer", "default": 2}),
            [("note", "/inputSchema/properties/a/default", "`a` has another default: 2")],
        ),
        (
            tool(a={"type": "integer", "default": 1}),
            tool(a={"type": "integer"}),
            [("note", "/inputSchema/properties/a/default", "`a` has another default: none")],
        ),
        (
            tool(),
            {**tool(), "outputSchema": {"type": "object"}},
            [
                ("breaking", "/outputSchema/required", 'answers may lack "job_id"'),
                ("breaking", "/outputSchema/properties/job_id", "`job_id` is gone from the answer"),
            ],
        ),
        (
            tool(),
            {
                **tool(),
                "outputSchema": {
                    "properties": {"job_id": {"type": "integer"}},
                    "required": ["job_id"],
                },
            },
            [
                (
                    "breaking",
                    "/outputSchema/properties/job_id",
                    "`job_id` of the answer is of another type",
                )
            ],
        ),
        (
            tool(a={"type": "string"}),
            {"name": "draw", "inputSchema": "odd", "outputSchema": tool()["outputSchema"]},
            [("breaking", "/inputSchema/properties/a", "the parameter `a` is gone")],
        ),
        (tool(a="odd"), tool(a=3), []),
        (
            tool(a={"type": "string", "default": "x"}),
            tool(a=several({"type": "string"}, 4, default="x")),
            [("note", "/inputSchema/properties/a", "`a` takes a list of values as well")],
        ),
        (
            tool(a=several({"type": "string"}, 4)),
            tool(a={"type": "string"}),
            [("breaking", "/inputSchema/properties/a", "`a` takes no list of values any more")],
        ),
        (
            tool(a=several({"type": "integer"}, 4)),
            tool(a=several({"type": "integer", "maximum": 9}, 3)),
            [
                (
                    "breaking",
                    "/inputSchema/properties/a/maxItems",
                    "`a` has a narrower maxItems: 3 (it was 4)",
                ),
                (
                    "breaking",
                    "/inputSchema/properties/a/maximum",
                    "`a` has a narrower maximum: 9 (there was none)",
                ),
            ],
        ),
    ],
)
def test_a_difference_is_told(
    old: dict[str, Json], new: dict[str, Json], changes: list[tuple[str, str, str]]
) -> None:
    found = changes_between(old, new)
    assert [(each.severity, each.pointer, each.message) for each in found] == changes
    assert breaking_changes(old, new) == tuple(
        Change("breaking", pointer, message)
        for severity, pointer, message in changes
        if severity == "breaking"
    )


limits = st.integers(0, 5)
numbers: st.SearchStrategy[dict[str, Json]] = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number"])},
    optional={"minimum": limits, "maximum": limits, "multipleOf": st.integers(1, 3)},
)
texts: st.SearchStrategy[dict[str, Json]] = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={
        "minLength": limits,
        "maxLength": limits,
        "enum": st.lists(st.sampled_from(["", "a", "bb"]), unique=True, min_size=1),
    },
)


@st.composite
def tools(draw: st.DrawFn) -> dict[str, Json]:
    one = numbers | texts
    many = st.builds(several, one, st.integers(1, 3))
    properties = draw(st.dictionaries(st.sampled_from(["a", "b"]), one | many))
    required = draw(st.lists(st.sampled_from(["a", "b"]), unique=True))
    return tool(*(each for each in required if each in properties), **properties)


singles = st.integers(-1, 6) | st.sampled_from([0.5, "", "a", "bb", "cccccc"])
calls = st.dictionaries(
    st.sampled_from(["a", "b"]),
    singles | st.lists(singles, max_size=4),
)


@given(tools(), tools(), calls)
def test_a_call_that_worked_works_when_nothing_breaks(
    old: dict[str, Json], new: dict[str, Json], call: dict[str, Json]
) -> None:
    worked = Draft202012Validator(old["inputSchema"]).is_valid(call)  # type: ignore[arg-type]
    works = Draft202012Validator(new["inputSchema"]).is_valid(call)  # type: ignore[arg-type]
    if not breaking_changes(old, new):
        assert works or not worked
