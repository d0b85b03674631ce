"""Bypassed nodes pass links on by the editor's rule, muted ones break them."""

from __future__ import annotations

import pytest

from gateway.graph.cut import Cut, Lost, cut, lost_inputs, source_of
from gateway.graph.definitions import Definitions, DynamicCombo, InputDefinition, Socket
from gateway.graph.prompt import Link, Node, Prompt
from gateway.graph.slots import DefinitionNeeded
from tests.graph.editing import CLASSES, defined

CHAIN: Prompt = {
    "1": Node("Load", {"file": "a.png"}),
    "2": Node("Blur", {"radius": 3, "image": ["1", 0]}, "Soft"),
    "3": Node("Blur", {"radius": 5, "image": ["2", 0]}),
    "9": Node("Save", {"images": ["3", 0]}),
}


def without(prompt: Prompt, *bypassed: str, mute: tuple[str, ...] = ()) -> Prompt:
    return cut(prompt, Cut(frozenset(bypassed), frozenset(mute)), CLASSES)


def test_a_bypassed_node_passes_on_what_it_gets_and_the_others_stay_the_same() -> None:
    found = without(CHAIN, "2")
    assert found == {
        "1": CHAIN["1"],
        "3": Node("Blur", {"radius": 5, "image": ["1", 0]}),
        "9": CHAIN["9"],
    }
    assert found["1"] is CHAIN["1"]
    assert found["9"] is CHAIN["9"]
    assert "2" in CHAIN


def test_a_chain_of_bypassed_nodes_is_followed_to_its_beginning() -> None:
    assert without(CHAIN, "2", "3")["9"].inputs == {"images": ["1", 0]}


def test_what_is_linked_anew_keeps_its_title() -> None:
    titled = {**CHAIN, "3": Node("Blur", CHAIN["3"].inputs, "Softer")}
    assert without(titled, "2")["3"].title == "Softer"


def test_an_input_that_a_chosen_option_needs_is_missed() -> None:
    image = InputDefinition("image", Socket("IMAGE"), required=True)
    chooser = defined("Choose", output_node=True, mode=DynamicCombo({"soft": {"image": image}}))
    classes = {**CLASSES, "Choose": chooser}
    prompt = {**CHAIN, "9": Node("Choose", {"mode": "soft", "mode.image": ["3", 0]})}
    left = cut(prompt, Cut(muted=frozenset({"3"})), classes)
    assert lost_inputs(prompt, left, classes) == (Lost("9", "mode.image"),)


def test_ids_that_are_not_in_the_graph_are_passed_over() -> None:
    assert without(CHAIN, "77") == CHAIN


def test_a_muted_node_breaks_its_links() -> None:
    assert without(CHAIN, mute=("2",))["3"].inputs == {"radius": 5}


def test_a_bypassed_node_behind_a_muted_one_passes_on_nothing() -> None:
    assert without(CHAIN, "3", mute=("2",))["9"].inputs == {}


def test_a_node_that_is_both_is_muted() -> None:
    assert without(CHAIN, "2", mute=("2",))["3"].inputs == {"radius": 5}


def passes(node: Node, slot: int, wanted: str, definitions: Definitions = CLASSES) -> Link | None:
    """Return what a bypassed node gives to an input."""
    return source_of(Link("2", slot), wanted, {"2": node}, Cut(frozenset({"2"})), definitions)


def test_the_input_in_the_same_slot_comes_first_when_it_fits() -> None:
    node = Node("Lora", {"model": ["m", 0], "clip": ["c", 1], "name": "x"})
    assert passes(node, 0, "MODEL") == Link("m", 0)
    assert passes(node, 1, "CLIP") == Link("c", 1)


def test_else_the_first_of_exactly_the_type_and_then_the_first_that_fits() -> None:
    both = {"B": defined("B", "LATENT INT", a="FLOAT,INT", b="MASK", c="INT")}
    node = Node("B", {"a": ["a", 0], "b": ["b", 0], "c": ["c", 0]})
    assert passes(node, 1, "INT", both) == Link("c", 0)
    assert passes(node, 1, "int", both) == Link("a", 0)


def test_an_exact_input_counts_whatever_the_output_gives() -> None:
    odd = {"Odd": defined("Odd", "LATENT", first="VAE", image="IMAGE")}
    node = Node("Odd", {"first": ["v", 0], "image": ["i", 0]})
    assert passes(node, 0, "IMAGE", odd) == Link("i", 0)


def test_an_input_that_fits_must_fit_what_the_output_gives_as_well() -> None:
    odd = {"Odd": defined("Odd", "INT", value="FLOAT,STRING")}
    node = Node("Odd", {"value": ["v", 0]})
    assert passes(node, 0, "FLOAT,INT", odd) is None


def test_a_target_of_any_type_gets_the_same_slot_or_the_first() -> None:
    node = Node("Mix", {"one": ["a", 0], "two": ["b", 0], "mask": ["m", 0]})
    assert passes(node, 1, "*") == Link("b", 0)
    assert passes(node, 9, "*") == Link("a", 0)
    assert passes(Node("Model", {}), 0, "*") is None


def test_no_second_input_is_tried_when_the_chosen_one_is_not_linked() -> None:
    node = Node("Mix", {"two": ["b", 0]})
    assert passes(node, 0, "IMAGE") is None


def test_a_widget_s_slot_passes_on_its_link_and_never_its_value() -> None:
    assert passes(Node("Number", {"value": ["n", 0], "start": ["f", 0]}), 0, "INT") == Link("f", 0)
    odd = {"Odd": defined("Odd", "INT", value=CLASSES["Number"].inputs["value"].kind)}
    assert passes(Node("Odd", {"value": ["n", 0]}), 0, "INT", odd) == Link("n", 0)
    assert passes(Node("Odd", {"value": 7}), 0, "INT", odd) is None


def test_nothing_of_the_type_passes_on_nothing() -> None:
    assert passes(Node("Encode", {"pixels": ["i", 0], "vae": ["v", 0]}), 0, "LATENT") is None


def test_what_is_told_to_be_carried_goes_before_the_types() -> None:
    told = Cut(frozenset({"2"}), carried={"2": {0: "two"}})
    prompt = {"2": Node("Mix", {"one": ["a", 0], "two": ["b", 0]})}
    assert source_of(Link("2", 0), "IMAGE", prompt, told, {}) == Link("b", 0)


def test_the_type_at_the_end_holds_through_a_chain() -> None:
    swap = {**CLASSES, "Swap": defined("Swap", "MASK IMAGE", image="IMAGE", mask="MASK")}
    prompt: Prompt = {
        "1": Node("Load", {}),
        "2": Node("Swap", {"image": ["1", 0], "mask": ["1", 1]}),
        "3": Node("Any", {"input": ["2", 0]}),
        "9": Node("Mix", {"one": ["1", 0], "two": ["1", 0], "mask": ["3", 0]}),
    }
    found = cut(prompt, Cut(frozenset({"2", "3"})), swap)
    assert found["9"].inputs == {"one": ["1", 0], "two": ["1", 0], "mask": ["1", 1]}


@pytest.mark.parametrize("unknown", ["2", "3"])
def test_bypassing_needs_to_know_the_node_and_what_it_feeds(unknown: str) -> None:
    prompt = {**CHAIN, unknown: Node("Custom", CHAIN[unknown].inputs)}
    with pytest.raises(DefinitionNeeded):
        without(prompt, "2")


def test_muting_needs_to_know_nothing() -> None:
    prompt = {**CHAIN, "3": Node("Custom", CHAIN["3"].inputs)}
    assert "image" not in without(prompt, mute=("2",))["3"].inputs


def test_required_inputs_that_were_lost_are_told_optional_ones_are_not() -> None:
    prompt: Prompt = {
        "1": Node("Load", {}),
        "2": Node("Load", {}),
        "3": Node("Mix", {"one": ["1", 0], "two": ["2", 0], "mask": ["2", 1]}),
    }
    after = without(prompt, mute=("2",))
    assert lost_inputs(prompt, after, CLASSES) == (Lost("3", "two"),)
    assert lost_inputs(prompt, prompt, CLASSES) == ()
    assert lost_inputs({}, prompt, CLASSES) == ()
    assert lost_inputs(prompt, {"1": Node("Load", {"file": "b.png"})}, CLASSES) == ()
