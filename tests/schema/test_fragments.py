"""What a tool's schema says of one parameter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.graph.definitions import (
    Combo,
    InputDefinition,
    IntegerWidget,
    NumberWidget,
    TextWidget,
)
from gateway.graph.json_value import Json
from gateway.schema.fragments import MOST_LISTED, fragment_of
from gateway.services.bound import BoundParameter, BoundWidget
from gateway.services.model import Defaulted, Drawn, GraphFile, Limits, ParameterType, Required
from tests.services.building import bound_parameter, widget

SAFE = 2**53 - 1


def tooltip(text: str) -> BoundWidget:
    definition = InputDefinition("w", TextWidget(), tooltip=text)
    return BoundWidget("1", "w", "Custom", "x", definition)


@pytest.mark.parametrize(
    ("given", "fragment"),
    [
        (bound_parameter("string"), {"type": "string"}),
        (bound_parameter("string", supply=Required()), {"type": "string", "minLength": 1}),
        (bound_parameter("string", supply=Defaulted("")), {"type": "string", "default": ""}),
        (
            bound_parameter("integer", widget(IntegerWidget(0, 2**64 - 1)), supply=Drawn()),
            {"type": "integer", "minimum": 0, "maximum": SAFE, "description": "Default: random."},
        ),
        (
            bound_parameter("integer", widget(IntegerWidget(-(2**64), 10))),
            {"type": "integer", "minimum": -SAFE, "maximum": 10},
        ),
        (
            bound_parameter(
                "number", widget(NumberWidget(0.0, 2.0**60)), limits=Limits(multiple_of=0.5)
            ),
            {"type": "number", "minimum": 0, "maximum": 2**60, "multipleOf": 0.5},
        ),
        (
            bound_parameter("string", title="Words", description="Says so.", examples=("a", "b")),
            {"type": "string", "title": "Words", "description": "Says so.", "examples": ["a", "b"]},
        ),
        (
            bound_parameter("image", supply=Required()),
            {
                "type": "string",
                "minLength": 1,
                "description": "The image file: path, URL, data: URL or comfyui:// result.",
            },
        ),
        (
            bound_parameter("file", supply=GraphFile()),
            {
                "type": "string",
                "description": "The file: path, URL, data: URL or comfyui:// result. "
                "Default: the workflow's own.",
            },
        ),
        (
            bound_parameter("file", supply=GraphFile(), description="Anything."),
            {
                "type": "string",
                "description": "Anything. Path, URL, data: URL or comfyui:// result. "
                "Default: the workflow's own.",
            },
        ),
        (
            bound_parameter("string", options=("a", 1, True)),
            {"enum": ["a", 1, True]},
        ),
        (
            bound_parameter("array", options=("a", "b")),
            {"type": "array", "items": {"enum": ["a", "b"]}},
        ),
    ],
)
def test_a_parameter_has_its_fragment(given: BoundParameter, fragment: dict[str, Json]) -> None:
    assert fragment_of(given) == fragment


def test_a_limit_without_a_fraction_is_told_as_an_integer() -> None:
    limits = Limits(minimum=0.0, maximum=2.5, multiple_of=1.0)
    fragment = fragment_of(bound_parameter("number", widget(NumberWidget()), limits=limits))
    told = {key: repr(fragment[key]) for key in ("minimum", "maximum", "multipleOf")}
    assert told == {"minimum": "0", "maximum": "2.5", "multipleOf": "1"}


@pytest.mark.parametrize("kind", ["string", "array"])
def test_long_lists_are_described(kind: ParameterType) -> None:
    many = tuple(f"o{n}" for n in range(MOST_LISTED + 1))
    assert fragment_of(bound_parameter(kind, options=many)) == {
        "type": kind,
        "description": 'One of 65, such as "o0", "o1", "o2".',
    }
    few = fragment_of(bound_parameter("string", options=many[:-1]))
    assert few == {"type": "string", "enum": list(many[:-1])}


def test_files_of_a_backend_are_described_unless_the_yaml_lists_them() -> None:
    given = bound_parameter("string", widget(Combo(("x.ckpt",))), options=("x.ckpt",))
    live = replace(given, lives_on_backend=True)
    assert fragment_of(live) == {"type": "string", "description": "A file that ComfyUI has."}
    refreshed = replace(live, options=("x.ckpt", "y.ckpt"), lives_on_backend=False)
    assert fragment_of(refreshed) == {"type": "string", "enum": ["x.ckpt", "y.ckpt"]}
    listed = bound_parameter("string", options=("z.ckpt",), choices=("z.ckpt",))
    assert fragment_of(replace(listed, lives_on_backend=True)) == {
        "type": "string",
        "enum": ["z.ckpt"],
    }


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("Two\n  lines.", "Two lines."),
        ("hid\u200bden\u202e text\x07", "hidden text"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_a_tooltip_is_cleaned_before_a_model_reads_it(text: str, description: str) -> None:
    assert fragment_of(bound_parameter("string", tooltip(text)))["description"] == description


def test_the_first_tooltip_there_is_describes_and_the_yaml_wins() -> None:
    given = bound_parameter("string", widget(), tooltip(""), tooltip("second"), tooltip("third"))
    assert fragment_of(given)["description"] == "second"
    said = bound_parameter("string", tooltip("tip"), description="The YAML's.")
    assert fragment_of(said)["description"] == "The YAML's."
