"""What is not the same in two prompts."""

from __future__ import annotations

from gateway.graph.comparison import Change, changes_between
from gateway.graph.prompt import Node, Prompt

BEFORE: Prompt = {
    "1": Node("Load", {"name": "a", "same": 1, "gone": 2}, "Loader"),
    "2": Node("Work", {"x": ["1", 0]}),
    "3": Node("Save", {"on": True, "nothing": None}),
}


def test_a_prompt_does_not_differ_from_itself() -> None:
    assert changes_between(BEFORE, BEFORE) == ()


def test_inputs_that_hold_something_else_are_told_with_both() -> None:
    after = {
        **BEFORE,
        "1": Node("Load", {"name": "b", "same": 1, "new": None}, "Loader"),
        "3": Node("Save", {"on": 1}),
    }
    assert changes_between(BEFORE, after) == (
        Change("1", "Load", "Loader", "name", "a", "b"),
        Change("1", "Load", "Loader", "gone", 2, None, is_there=False),
        Change("1", "Load", "Loader", "new", None, None, was_there=False),
        Change("3", "Save", "", "on", True, 1),
        Change("3", "Save", "", "nothing", None, None, is_there=False),
    )


def test_nodes_that_came_and_went_are_told() -> None:
    after = {
        "1": BEFORE["1"],
        "3": BEFORE["3"],
        "9": Node("More", {"y": ["1", 0]}, "New"),
    }
    assert changes_between(BEFORE, after) == (
        Change("2", "Work", "", is_there=False),
        Change("9", "More", "New", was_there=False),
        Change("9", "More", "New", "y", None, ["1", 0], was_there=False),
    )
