"""Which nodes of a prompt ComfyUI runs."""

from __future__ import annotations

from gateway.graph.definitions import Definition
from gateway.graph.prompt import Node, Prompt
from gateway.graph.reach import running_nodes, upstream_of

PROMPT: Prompt = {
    "1": Node("Load", {"a": 1}),
    "2": Node("Work", {"x": ["1", 0], "y": ["1", 1], "lost": ["99", 0]}),
    "3": Node("Save", {"images": ["2", 0]}),
    "4": Node("Work", {"x": ["1", 0]}),
    "5": Node("Gone", {"x": ["6", 0]}),
    "6": Node("Load", {}),
}
DEFINITIONS = {
    "Load": Definition("Load", {}),
    "Work": Definition("Work", {}),
    "Save": Definition("Save", {}, output_node=True),
}


def test_output_nodes_run_and_what_they_need() -> None:
    # 5 may be an output node: nothing is known of its class.
    assert running_nodes(PROMPT, DEFINITIONS) == {"1", "2", "3", "5", "6"}


def test_nodes_that_are_not_there_need_nothing() -> None:
    assert upstream_of(PROMPT, ["4", "77"]) == {"1", "4"}
