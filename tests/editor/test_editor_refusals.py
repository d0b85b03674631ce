"""What cannot be converted faithfully is refused, with every reason."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pytest

from gateway.editor.convert import Unconvertible, convert
from gateway.graph.json_value import Json
from tests.editor.building import BYPASSED, MUTED, Canvas, Inside, inputs_of, why_refused
from tests.editor.classes import CLASSES


@pytest.mark.parametrize("raw", [None, [], "x", {}, {"nodes": {}}])
def test_what_is_no_editor_workflow_is_refused(raw: Json) -> None:
    assert why_refused(raw) == [
        (
            "workflow-not-editor-format",
            "this is not the editor's save format: it has no `nodes` list",
        )
    ]


def test_every_active_node_of_an_unknown_class_is_named_at_once() -> None:
    inside = Inside("sub")
    inside.add(5, "Third")
    root = Canvas()
    root.add(1, "First")
    root.add(2, "Second/Of It")
    root.add(3, "LoadImage")
    root.add(4, "sub")
    assert why_refused(root.workflow(inside)) == [
        ("workflow-node-unknown", "node 1: the node definitions know no class First"),
        ("workflow-node-unknown", "node 2: the node definitions know no class Second/Of It"),
        ("workflow-node-unknown", "node 4:5: the node definitions know no class Third"),
    ]


def test_the_error_holds_all_messages_and_a_mend_for_each() -> None:
    root = Canvas()
    root.add(1, "First")
    root.add(2, "Second")
    with pytest.raises(Unconvertible) as refused:
        convert(root.workflow(), CLASSES)
    assert str(refused.value) == (
        "node 1: the node definitions know no class First; "
        "node 2: the node definitions know no class Second"
    )
    assert all(each.mend for each in refused.value.faults)


@pytest.mark.parametrize("entry", [None, 7, []])
def test_a_definition_that_is_no_object_is_none(entry: Json) -> None:
    root = Canvas()
    root.add(1, "X")
    assert [code for code, _ in why_refused(root.workflow(), {"X": entry})] == [
        "workflow-node-unknown"
    ]


@pytest.mark.parametrize("mode", [MUTED, BYPASSED])
def test_an_unknown_class_that_takes_no_part_is_no_hindrance(mode: int) -> None:
    root = Canvas()
    root.add(1, "LoadImage", ["a.png"])
    root.add(2, "Unknown", mode=mode)
    root.add(3, "PreviewImage")
    root.join((1, 0), 2, "in", "IMAGE")
    root.nodes[2]["outputs"] = [{"name": "out", "type": "IMAGE"}]
    root.join((2, 0), 3, "images")
    passed: Mapping[str, Json] = {"images": ["1", 0]} if mode == BYPASSED else {}
    assert inputs_of(root.workflow()) == {"1": {"image": "a.png"}, "3": passed}


def test_a_broken_link_inside_a_subgraph_is_refused_with_its_host() -> None:
    inside = Inside("sub")
    inside.add(5, "PreviewImage", inputs=[{"name": "images", "type": "IMAGE", "link": 7}])
    root = Canvas()
    root.add(9, "sub")
    assert why_refused(root.workflow(inside)) == [
        (
            "workflow-link-broken",
            "a node of subgraph node 9 names link 7, which is not in the file",
        )
    ]


def test_a_link_from_a_missing_node_inside_a_subgraph_is_refused_with_its_whole_id() -> None:
    inside = Inside("sub")
    inside.add(5, "PreviewImage")
    inside.join((4, 0), 5, "images")
    inside.gives("IMAGE", 3)
    root = Canvas()
    root.add(9, "sub")
    assert why_refused(root.workflow(inside)) == [
        ("workflow-link-broken", "link 1 comes from node 9:4, which is not in the file")
    ]


def test_a_subgraph_that_holds_itself_is_refused() -> None:
    inside = Inside("sub")
    inside.add(5, "sub")
    root = Canvas()
    root.add(9, "sub")
    assert why_refused(root.workflow(inside)) == [
        ("workflow-subgraph-cyclic", "subgraph Subgraph sub holds itself, at node 9:5")
    ]


def test_subgraphs_that_hold_each_other_are_refused() -> None:
    first, second = Inside("first"), Inside("second")
    first.add(5, "second")
    second.add(6, "first")
    second.fields["name"] = 7
    root = Canvas()
    root.add(9, "first")
    assert why_refused(root.workflow(first, second)) == [
        ("workflow-subgraph-cyclic", "subgraph Subgraph first holds itself, at node 9:5:6")
    ]


def test_subgraphs_may_be_nested_deeply_but_not_without_end() -> None:
    keys = [f"level {at}" for at in range(80)]
    levels = [Inside(key) for key in keys]
    for level, (_, below) in zip(levels, pairwise(keys), strict=False):
        level.add(1, below)
    root = Canvas()
    root.add(1, "level 20")
    levels[-1].add(2, "LoadImage")
    assert len(inputs_of(root.workflow(*levels))) == 1
    root.nodes[1]["type"] = "level 0"
    assert [code for code, _ in why_refused(root.workflow(*levels))] == ["workflow-subgraph-cyclic"]


def test_a_workflow_with_too_many_nodes_is_refused_before_they_are_all_made() -> None:
    levels = [Inside(f"level {at}") for at in range(20)]
    for at, level in enumerate(levels[:-1]):
        for node_id in range(10):
            level.add(node_id, f"level {at + 1}")
    root = Canvas()
    root.add(1, "level 0")
    assert why_refused(root.workflow(*levels)) == [
        (
            "workflow-too-large",
            "the workflow has more than 20,000 nodes once its subgraphs are opened",
        )
    ]
