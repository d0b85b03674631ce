"""Lists that repeat a node: what callers give is read, checked and told item by item."""

from __future__ import annotations

import pytest

from gateway.errors import ArgumentError
from gateway.graph.json_value import Json
from gateway.schema.derive import input_schema
from gateway.services.arguments import Accepted, accept
from gateway.services.constraint import constraint_of, described, misfit
from gateway.services.keywords import keywords
from tests.services.test_arrange import service

STACK = service("""
loras:
  repeat: "10"
  items:
    name: {widget: lora_name, required: true, pattern: '^[a-z]+$', description: A LoRA.}
    strength: {widgets: [strength_model, strength_clip], default: 0.5, minimum: 0, maximum: 2, description: How much.}
  max_items: 3
  description: LoRAs.
  examples: [[{name: a}]]
""")
PLAIN = service("""
blurs:
  repeat: "13"
  items: blur_radius
  max_items: 2
  required: true
""")


def low(least: int, _most: int) -> int:
    return least


def taken(value: Json) -> Accepted:
    return accept(STACK, {"loras": value}, low)


def refused(value: Json, plain: bool = False) -> list[tuple[str, str]]:
    """Return (pointer, message) of everything that is wrong with a list."""
    with pytest.raises(ArgumentError) as error:
        accept(PLAIN if plain else STACK, {"blurs" if plain else "loras": value}, low)
    return [(each.pointer, each.message) for each in error.value.faults]


def test_items_get_their_defaults_and_what_is_null_is_left_out() -> None:
    found = taken([{"name": "a"}, {"name": "b", "strength": None}, {"name": "c", "strength": 1}])
    assert found.arguments == {
        "loras": [
            {"name": "a", "strength": 0.5},
            {"name": "b", "strength": 0.5},
            {"name": "c", "strength": 1},
        ]
    }
    assert found.warnings == ()


def test_what_is_plainly_meant_is_read_so_and_told() -> None:
    found = taken([{"name": "a"}, {"name": "b", "strength": "0.25"}])
    assert found.arguments["loras"] == [
        {"name": "a", "strength": 0.5},
        {"name": "b", "strength": 0.25},
    ]
    assert found.warnings == ('`loras`: item 2, `strength`: "0.25" was read as 0.25',)


def test_plain_items_are_read_alike() -> None:
    found = accept(PLAIN, {"blurs": ["3", 4]}, low)
    assert found.arguments == {"blurs": [3, 4]}
    assert found.warnings == ('`blurs`: item 1, `blur_radius`: "3" was read as 3',)


def test_an_empty_list_is_taken_and_one_left_out_is_not_there() -> None:
    assert taken([]).arguments == {"loras": []}
    assert taken(None).arguments == {}
    assert accept(STACK, {}, low).arguments == {}


OBJECT = "must be an object of `name` (required), `strength`, found "


@pytest.mark.parametrize(
    ("value", "faults"),
    [
        ("a", [("/loras", 'must be a list of at most 3 items, each an object of `name` (required), `strength`, found "a"')]),
        (["a"], [("/loras/0", f'{OBJECT}"a"')]),
        ([{"strength": 1}], [("/loras/0", f'{OBJECT}{{"strength": 1}}')]),
        (
            [{"name": "a", "strengths": 1}],
            [("/loras/0", f'{OBJECT}{{"name": "a", "strengths": 1}}')],
        ),
        ([{"name": "A"}], [("/loras/0/name", 'must be text that is not empty that matches the pattern ^[a-z]+$, found "A"')]),
        (
            [{"name": "a"}, {"name": "", "strength": 9}],
            [
                ("/loras/1/name", 'must be text that is not empty that matches the pattern ^[a-z]+$, found ""'),
                ("/loras/1/strength", "must be a number from 0 to 2, found 9"),
            ],
        ),
        ([{"name": "a"}] * 4, [("/loras", "must be a list of at most 3 items, each an object of `name` (required), `strength`, found [{\"name\": \"a\"}, {\"name\": \"a\"}, {\"name\": \"a\"}, {\"name\": \"a\"}]")]),
        ([{"name": "a\x00"}], [("/loras/0/name", "has a character that is no proper text: NUL at 1")]),
    ],
)  # fmt: skip
def test_every_fault_is_told_by_its_pointer(value: Json, faults: list[tuple[str, str]]) -> None:
    assert refused(value) == faults
    if "\x00" not in str(value) and "\\x00" not in str(value):
        assert misfit(value, constraint_of(STACK.parameters[0]))


@pytest.mark.parametrize(
    ("value", "faults"),
    [
        ([1, 99], [("/blurs/1", "must be an integer from 1 to 31, found 99")]),
        ([None], [("/blurs/0", "must be an integer from 1 to 31, found null")]),
        ([1, 2, 3], [("/blurs", "must be a list of at most 2 items, each an integer from 1 to 31, found [1, 2, 3]")]),
        (7, [("/blurs", "must be a list of at most 2 items, each an integer from 1 to 31, found 7")]),
    ],
)  # fmt: skip
def test_plain_items_are_checked_as_their_widget_is(
    value: Json, faults: list[tuple[str, str]]
) -> None:
    assert refused(value, plain=True) == faults
    assert misfit(value, constraint_of(PLAIN.parameters[0]))


def test_an_author_s_list_is_held_against_the_same() -> None:
    constraint = constraint_of(STACK.parameters[0])
    assert misfit([{"name": "a", "strength": 2}], constraint) == ""
    assert misfit([], constraint) == ""
    assert misfit([{"name": "a"}, {"name": "b", "strength": 3}], constraint) == (
        "has item 2, which has `strength`, which must be a number from 0 to 2, found 3"
    )
    assert misfit([1], constraint_of(PLAIN.parameters[0])) == ""
    assert described(constraint_of(PLAIN.parameters[0])).endswith("each an integer from 1 to 31")


def test_the_schema_tells_each_field_as_its_widget_is() -> None:
    loras = input_schema(STACK)["properties"]
    assert loras == {
        "loras": {
            "type": "array",
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {
                    "name": {
                        "type": "string",
                        "minLength": 1,
                        "pattern": "^[a-z]+$",
                        "description": "A LoRA. A file that ComfyUI has.",
                    },
                    "strength": {
                        "type": "number",
                        "minimum": 0,
                        "maximum": 2,
                        "description": "How much.",
                        "default": 0.5,
                    },
                },
                "required": ["name"],
                "additionalProperties": False,
            },
            "description": "LoRAs.",
            "examples": [[{"name": "a"}]],
        }
    }


def test_the_schema_of_plain_items_is_that_of_the_widget() -> None:
    blurs = input_schema(PLAIN)
    assert blurs["required"] == ["blurs"]
    assert blurs["properties"] == {
        "blurs": {
            "type": "array",
            "maxItems": 2,
            "items": {"type": "integer", "minimum": 1, "maximum": 31},
        }
    }
    assert keywords(constraint_of(PLAIN.parameters[0])) == {
        "type": "array",
        "maxItems": 2,
        "items": {"type": "integer", "minimum": 1, "maximum": 31},
    }


def test_fields_that_may_all_be_left_out_are_none_of_them_required() -> None:
    free = service('blurs: {repeat: "13", items: {radius: blur_radius}}')
    items = keywords(constraint_of(free.parameters[0]))["items"]
    assert items == {
        "type": "object",
        "properties": {"radius": {"type": "integer", "minimum": 1, "maximum": 31}},
        "additionalProperties": False,
    }
