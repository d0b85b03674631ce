"""What goes with nodes that are left out, and what a graph can do without."""

from __future__ import annotations

import pytest

from gateway.graph.absence import absence_of, runs_for
from gateway.graph.cut import cut
from gateway.graph.prompt import Node, Prompt
from gateway.graph.slots import DefinitionNeeded
from tests.graph.editing import CLASSES

MIXED: Prompt = {
    "9": Node("Save", {"images": ["4", 0]}),
    "1": Node("Load", {"file": "a.png"}),
    "2": Node("Load", {"file": "b.png"}),
    "3": Node("Blur", {"radius": 1, "image": ["2", 0]}),
    "4": Node("Mix", {"one": ["1", 0], "two": ["3", 0], "mask": ["2", 1]}),
}


def test_a_node_that_lacks_a_required_input_is_bypassed_where_it_can_pass_on() -> None:
    found = absence_of(MIXED, frozenset({"2"}), CLASSES)
    assert found.bypassed == {"4"}
    assert found.gone == {"2": "", "3": "image"}
    assert cut(MIXED, found.cut, CLASSES) == {
        "9": Node("Save", {"images": ["1", 0]}),
        "1": MIXED["1"],
    }


def test_an_optional_input_only_loses_its_link() -> None:
    prompt = {**MIXED, "3": Node("Blur", {"radius": 1, "image": ["1", 0]})}
    found = absence_of(prompt, frozenset({"2"}), CLASSES)
    assert (found.bypassed, found.gone) == (frozenset(), {"2": ""})
    assert cut(prompt, found.cut, CLASSES)["4"].inputs == {"one": ["1", 0], "two": ["3", 0]}


def test_where_nothing_can_be_passed_on_all_behind_it_goes_sources_first() -> None:
    prompt: Prompt = {
        "m": Node("Model", {}),
        "1": Node("Load", {}),
        "2": Node("Encode", {"pixels": ["1", 0], "vae": ["m", 2]}),
        "3": Node("Sample", {"model": ["m", 0], "latent": ["2", 0], "steps": 4}),
        "4": Node("Decode", {"samples": ["3", 0], "vae": ["m", 2]}),
        "9": Node("Save", {"images": ["4", 0]}),
    }
    found = absence_of(prompt, frozenset({"1"}), CLASSES)
    assert list(found.gone.items()) == [
        ("1", ""),
        ("2", "pixels"),
        ("3", "latent"),
        ("4", "samples"),
        ("9", "images"),
    ]
    assert runs_for(cut(prompt, found.cut, CLASSES), CLASSES) == frozenset()


def test_an_output_node_goes_although_it_could_pass_on() -> None:
    prompt = {
        **MIXED,
        "5": Node("Save", {"images": ["3", 0]}),
        "6": Node("Save", {"images": ["5", 0]}),
    }
    found = absence_of(prompt, frozenset({"2"}), CLASSES)
    assert {"5", "6"} <= found.gone.keys()


def test_a_node_that_feeds_nobody_goes() -> None:
    prompt: Prompt = {"1": Node("Load", {}), "2": Node("Blur", {"image": ["1", 0]})}
    assert absence_of(prompt, frozenset({"1"}), CLASSES).gone == {"1": "", "2": "image"}


def test_a_node_that_cannot_pass_on_everything_that_is_used_goes() -> None:
    prompt: Prompt = {
        "1": Node("Load", {}),
        "2": Node("Load", {}),
        "3": Node("Mix", {"one": ["1", 0], "two": ["2", 0]}),
        "4": Node("Split", {"image": ["3", 0]}),
        "5": Node("Mix", {"one": ["1", 0], "two": ["4", 0], "mask": ["4", 1]}),
        "9": Node("Save", {"images": ["5", 0]}),
    }
    found = absence_of(prompt, frozenset({"2"}), CLASSES)
    assert (found.bypassed, set(found.gone)) == ({"3"}, {"2"})
    swapped = {**prompt, "3": Node("Mix", {"one": ["2", 0], "two": ["1", 0]})}
    found = absence_of(swapped, frozenset({"2"}), CLASSES)
    assert (found.bypassed, set(found.gone)) == ({"5"}, {"2", "3", "4"})


def test_ids_that_are_not_there_are_passed_over() -> None:
    found = absence_of(MIXED, frozenset({"77"}), CLASSES)
    assert (found.bypassed, found.gone) == (frozenset(), {})


def test_what_is_behind_must_be_known() -> None:
    prompt = {**MIXED, "3": Node("Custom", {"image": ["2", 0]})}
    with pytest.raises(DefinitionNeeded):
        absence_of(prompt, frozenset({"2"}), CLASSES)
    assert absence_of(prompt, frozenset({"1"}), CLASSES).gone.keys() >= {"1"}


def test_output_nodes_run_with_all_they_need_and_unknown_classes_may_be_some() -> None:
    prompt = {**MIXED, "7": Node("Blur", {"image": ["1", 0]}), "8": Node("Custom", {})}
    assert runs_for(prompt, CLASSES) == {"9", "1", "2", "3", "4", "8"}
