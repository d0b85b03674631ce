"""The values that the YAML itself gives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.graph.definitions import Combo, Definitions, InputDefinition
from gateway.graph.json_value import Json
from gateway.graph.prompt import Node
from gateway.services.bound import BoundOutput, BoundService
from gateway.services.model import Defaulted, Drawn, Example
from gateway.services.objections import Told, objections_to
from gateway.services.stated import stated_values
from tests.definitions.recorded import DEFINITIONS
from tests.services.building import PLACE, bound, parameter
from tests.services.test_arrange import SWITCHES, service

STACK = service("""
loras:
  repeat: "10"
  items:
    name: {widget: lora_name, required: true}
    strength: {widgets: [strength_model, strength_clip], default: 0.5, maximum: 2}
  default: [{name: a}, {name: b, strength: 1}]
""")


def said(of: BoundService, *examples: dict[str, Json]) -> list[tuple[str, str, Json]]:
    """Return (what it is of, how it is called, the value) of what the first parameter is given."""
    declared = replace(of.service, examples=tuple(Example(each, PLACE) for each in examples))
    found = stated_values(of.parameters[0], declared)
    return [(each.of.name, each.said, each.value) for each in found]


def test_each_value_of_a_list_that_makes_several_jobs_is_one() -> None:
    steps = bound(parameter("steps", "3.steps", batch="values", supply=Defaulted(4)))
    assert said(steps, {"steps": [5, 6]}, {"steps": 7}, {}) == [
        ("steps", "the default", 4),
        ("steps", "example 1", 5),
        ("steps", "example 1", 6),
        ("steps", "example 2", 7),
    ]


@pytest.mark.parametrize("left_out", [None, -1])
def test_what_leaves_a_parameter_out_is_no_value(left_out: Json) -> None:
    seed = bound(parameter("seed", "3.seed", supply=Drawn()))
    assert said(seed, {"seed": left_out}, {"seed": 3}) == [("seed", "example 2", 3)]


def test_the_items_of_a_list_are_looked_at_field_by_field() -> None:
    assert said(STACK, {"loras": [{"name": "c"}]}, {"loras": None}) == [
        ("name", "item 1 of the default", "a"),
        ("strength", "item 1 of the default", 0.5),
        ("name", "item 2 of the default", "b"),
        ("strength", "item 2 of the default", 1),
        ("name", "item 1 of example 1", "c"),
        ("strength", "item 1 of example 1", 0.5),
        ("strength", "the default of `strength`", 0.5),
    ]


def test_a_field_that_an_item_leaves_out_is_no_value() -> None:
    blurs = service('blurs: {repeat: "13", items: {r: {widget: blur_radius}, s: {widget: sigma}}}')
    assert said(blurs, {"blurs": [{"r": 2, "s": None}]}) == [("r", "item 1 of example 1", 2)]


# --- on a backend ---------------------------------------------------------------------------------


def with_loras(*names: str) -> Definitions:
    loader = DEFINITIONS["LoraLoader"]
    combo = InputDefinition("lora_name", Combo(names))
    return {
        **DEFINITIONS,
        "LoraLoader": replace(loader, inputs={**loader.inputs, "lora_name": combo}),
    }


def refused(of: BoundService, live: Definitions) -> list[str]:
    found = objections_to(of, Told("studio", live))
    return [each.message for each in found if each.parameter == of.parameters[0].name]


def test_a_list_in_an_example_is_no_wrong_value() -> None:
    steps = bound(parameter("steps", "3.steps", batch="values"), definitions={})
    service_of = replace(steps.service, examples=(Example({"steps": [4, 0]}, PLACE),))
    assert refused(replace(steps, service=service_of), DEFINITIONS) == [
        "example 1: `steps` of node 3 (KSampler) is 0, below its minimum 1"
    ]


def test_a_model_in_an_item_is_looked_for_as_any_other() -> None:
    (found,) = objections_to(STACK, Told("studio", with_loras("b", "graph.safetensors")))
    assert (found.code, found.avoided, found.parameter) == ("widget-option-unknown", True, "loras")
    assert found.message.startswith("item 1 of the default: `lora_name` of node 10 (LoraLoader")


def with_wrong(node_id: str, name: str, value: Json, parameters: str) -> list[str]:
    """Return the codes of what is said of a graph in which one widget is wrong."""
    node = SWITCHES[node_id]
    wrong = Node(node.class_type, {**node.inputs, name: value}, node.title)
    of = replace(service(parameters), prompt={**SWITCHES, node_id: wrong})
    live = with_loras("a.safetensors", "a", "b")
    return [each.code for each in objections_to(of, Told("studio", live))]


@pytest.mark.parametrize(
    ("parameters", "codes"),
    [
        ('loras: {repeat: "10", items: lora_name, default: []}', []),
        ('loras: {repeat: "10", items: lora_name}', ["widget-option-unknown"]),
        ('loras: {repeat: "10", items: {n: lora_name}, required: true}', ["widget-option-unknown"]),
        ('loras: {repeat: "10", items: {n: {widget: lora_name, default: a}}, required: true}', []),
        ("lora: {choices: {one: {10.lora_name: a}, two: {10.lora_name: b}}, required: true}", []),
        (
            'lora: {choices: {one: {10.lora_name: a}, own: {mute: ["16"]}}, default: one}',
            ["widget-option-unknown"],
        ),
    ],
    ids=[
        "default",
        "left out",
        "optional field",
        "field's default",
        "labels",
        "a label sets nothing",
    ],
)
def test_what_the_graph_holds_matters_where_a_call_may_leave_it(
    parameters: str, codes: list[str]
) -> None:
    assert with_wrong("10", "lora_name", "gone.safetensors", parameters) == codes


def test_what_no_call_s_graph_has_is_not_looked_at() -> None:
    off = 'look: {choices: {on: {}, off: {bypass: ["10"], mute: ["16"]}}, value: off}\n'
    assert with_wrong("10", "lora_name", "gone.safetensors", off) == []
    assert with_wrong("10", "lora_name", "gone.safetensors", off.replace("value", "default")) == [
        "widget-option-unknown"
    ]
    empty = 'loras: {repeat: "10", items: lora_name, value: []}'
    assert with_wrong("10", "lora_name", "gone.safetensors", empty) == []
    of = service(off)
    named = replace(of, outputs=(BoundOutput("preview", "16", None),))
    assert objections_to(named, Told("studio", DEFINITIONS)) == ()


def test_a_fixed_list_is_told_item_by_item_and_once() -> None:
    of = service('loras: {repeat: "10", items: lora_name, value: [a, gone]}')
    (found,) = objections_to(of, Told("studio", with_loras("a")))
    assert found.about == ("loras", "10", "lora_name", "item 2 of the fixed value")
    assert not found.avoided
