"""A node repeated in a chain."""

from __future__ import annotations

from gateway.graph.prompt import Node, Prompt
from gateway.graph.repeat import carries_of, clone_ids, repeat
from tests.graph.editing import CLASSES, defined

STACK: Prompt = {
    "4": Node("Model", {}),
    "10": Node("Lora", {"name": "a", "model": ["4", 0], "clip": ["4", 1]}, "LoRA"),
    "3": Node("Sample", {"model": ["10", 0], "latent": ["5", 0], "steps": 4}),
    "6": Node("Text", {"clip": ["10", 1], "model": ["4", 0]}),
}
CARRIES = {"model": 0, "clip": 1}


def test_three_in_a_chain_feed_each_other_and_the_last_feeds_the_rest() -> None:
    found = repeat(STACK, "10", CARRIES, 3)
    assert list(found) == ["4", "10", "10:2", "10:3", "3", "6"]
    assert found["10"] is STACK["10"]
    assert found["10:2"] == Node(
        "Lora", {"name": "a", "model": ["10", 0], "clip": ["10", 1]}, "LoRA 2"
    )
    assert found["10:3"].inputs == {"name": "a", "model": ["10:2", 0], "clip": ["10:2", 1]}
    assert found["3"].inputs["model"] == ["10:3", 0]
    assert found["6"].inputs == {"clip": ["10:3", 1], "model": ["4", 0]}
    assert found["4"] is STACK["4"]


def test_what_a_chain_feeds_keeps_its_class_and_title() -> None:
    titled = {**STACK, "3": Node("Sample", STACK["3"].inputs, "Mine")}
    found = repeat(titled, "10", CARRIES, 2)["3"]
    assert (found.class_type, found.title) == ("Sample", "Mine")


def test_one_is_the_graph_as_it_is() -> None:
    found = repeat(STACK, "10", CARRIES, 1)
    assert found == STACK
    assert all(found[each] is STACK[each] for each in STACK)


def test_what_is_not_carried_is_the_same_for_each() -> None:
    found = repeat(STACK, "10", {"model": 0}, 2)
    assert found["10:2"].inputs == {"name": "a", "model": ["10", 0], "clip": ["4", 1]}
    assert found["6"].inputs["clip"] == ["10:2", 1]


def test_ids_that_the_graph_has_are_passed_over_and_titles_count() -> None:
    prompt = {**STACK, "10:2": Node("Blur", {}), "10": Node("Lora", STACK["10"].inputs)}
    assert clone_ids(prompt, "10", 3) == ("10", "10:3", "10:4")
    assert clone_ids(prompt, "10", 1) == ("10",)
    found = repeat(prompt, "10", CARRIES, 3)
    assert found["10:2"] is prompt["10:2"]
    assert [found["10:3"].title, found["10:4"].title] == ["Lora 2", "Lora 3"]


def test_how_a_chain_goes_on_is_found_by_types() -> None:
    assert carries_of(STACK["10"], CLASSES["Lora"]) == {"model": 0, "clip": 1}
    assert carries_of(Node("Lora", {"clip": ["4", 1]}), CLASSES["Lora"]) == {"clip": 1}
    assert carries_of(Node("Encode", {"pixels": ["1", 0]}), CLASSES["Encode"]) == {}


def test_the_second_input_of_a_type_goes_on_from_the_second_output_of_it() -> None:
    apply = defined("Apply", "COND COND", positive="COND", negative="COND", image="IMAGE")
    node = Node("Apply", {"positive": ["6", 0], "negative": ["7", 0], "image": ["1", 0]})
    assert carries_of(node, apply) == {"positive": 0, "negative": 1}
