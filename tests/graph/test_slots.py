"""Slots in the editor's order, their types, and which fit."""

from __future__ import annotations

import pytest

from gateway.graph.definitions import Definition, InputDefinition, InputKind
from gateway.graph.prompt import Node
from gateway.graph.slots import (
    DefinitionNeeded,
    definition_of,
    fits,
    input_slots,
    is_required,
    output_type,
    type_of_input,
)
from tests.graph.editing import CLASSES

WIDE = CLASSES["Wide"]
INPUTS = {"mode": "deep", "images.image0": ["1", 0], "images.image1": ["1", 0], "named.b": 1.0}


def test_sockets_come_before_widgets_each_in_the_order_of_the_definition() -> None:
    assert input_slots(WIDE, INPUTS) == (
        ("image", "IMAGE"),
        ("images.image0", "IMAGE"),
        ("images.image1", "IMAGE"),
        ("text", "STRING"),
        ("flag", "BOOLEAN"),
        ("kind", "COMBO"),
        ("color", "COLOR"),
        ("mode", "COMFY_DYNAMICCOMBO_V3"),
        ("mode.depth", "INT"),
        ("named.b", "FLOAT"),
    )


@pytest.mark.parametrize("mode", ["flat", "unheard", 3, None])
def test_a_dynamic_combo_has_the_children_of_what_is_chosen_only(mode: str | int | None) -> None:
    names = [name for name, _ in input_slots(WIDE, {"mode": mode})]
    assert "mode" in names
    assert "mode.depth" not in names


def test_an_input_of_several_types_lists_them_and_any_is_a_star() -> None:
    assert input_slots(CLASSES["Matched"], {}) == (("value", "INT,FLOAT"),)
    assert type_of_input(CLASSES["Any"], "input", {}) == "*"
    star: InputKind = CLASSES["Wide"].inputs["images"].kind
    grown = Definition("G", {"many": InputDefinition("many", star)})
    assert type_of_input(grown, "many", {}) == "IMAGE"


def test_what_a_class_does_not_declare_is_of_any_type() -> None:
    assert type_of_input(CLASSES["Blur"], "gone", {}) == "*"
    assert output_type(CLASSES["Blur"], 7) == "*"
    assert output_type(CLASSES["Blur"], 1) == "*"
    assert output_type(CLASSES["Blur"], -1) == "*"
    assert output_type(CLASSES["Matched"], 0) == "*"
    assert output_type(CLASSES["Blur"], 0) == "IMAGE"


@pytest.mark.parametrize(
    ("name", "required"),
    [
        ("image", True),
        ("images.image0", True),
        ("images.image1", False),
        ("named.a", True),
        ("named.b", False),
        ("mode.depth", True),
        ("mode.width", False),
        ("gone", False),
    ],
)
def test_as_many_of_a_growing_input_as_its_minimum_says_are_required(
    name: str, required: bool
) -> None:
    assert is_required(WIDE, name, INPUTS) is required


def test_an_optional_input_is_not_required() -> None:
    assert not is_required(CLASSES["Mix"], "mask", {})


@pytest.mark.parametrize(
    ("one", "other", "fit"),
    [
        ("IMAGE", "IMAGE", True),
        ("IMAGE", "image", True),
        ("IMAGE", "MASK", False),
        ("*", "MASK", True),
        ("MASK", "*", True),
        ("FLOAT,INT", "INT", True),
        ("INT", "FLOAT, INT", True),
        ("FLOAT,INT", "STRING", False),
    ],
)
def test_types_fit_as_the_editor_would_link_them(one: str, other: str, fit: bool) -> None:
    assert fits(one, other) is fit
    assert fits(other, one) is fit


def test_a_class_nothing_is_known_of_is_told_by_name() -> None:
    with pytest.raises(DefinitionNeeded) as needed:
        definition_of(Node("Custom", {}), CLASSES)
    assert needed.value.class_type == "Custom"
    assert definition_of(Node("Blur", {}), CLASSES) is CLASSES["Blur"]
