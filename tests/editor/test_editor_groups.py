"""Group nodes, which subgraphs replaced."""

from __future__ import annotations

import pytest

from gateway.editor.convert import convert
from gateway.graph.json_value import Json
from tests.editor.building import ACTIVE, BYPASSED, MUTED, Canvas, inputs_of, why_refused
from tests.editor.classes import CLASSES

LOADER: Json = {
    "type": "LoadImage",
    "title": "Loader",
    "outputs": [{"name": "IMAGE", "type": "IMAGE"}, {"name": "MASK", "type": "MASK"}],
    "widgets_values": ["a.png", "image"],
}
BLEND: Json = {
    "type": "Blend",
    "title": "Blending",
    "inputs": [{"name": "first", "type": "IMAGE"}, {"name": "second", "type": "IMAGE"}],
    "outputs": [{"name": "IMAGE", "type": "IMAGE"}],
    "widgets_values": [0.5],
}


def grouped(group: Json, kind: str = "workflow>Mine", mode: int = ACTIVE) -> Canvas:
    """Return a picture (1), a group node (2) and what takes its output (3)."""
    root = Canvas()
    root.add(1, "LoadImage", ["b.png", "image"])
    root.add(2, kind, ["c.png", "image", 0.25], mode=mode)
    root.add(3, "PreviewImage")
    root.fields["extra"] = {"groupNodes": {"Mine": group}}
    return root


def pair(**more: Json) -> dict[str, Json]:
    return {"nodes": [LOADER, BLEND], "links": [[0, 0, 1, 0, "IMAGE"]], **more}


@pytest.mark.parametrize("kind", ["workflow>Mine", "workflow/Mine"])
@pytest.mark.parametrize("mode", [ACTIVE, MUTED, BYPASSED])
def test_a_group_becomes_a_subgraph_with_new_ids_whatever_its_mode_is(kind: str, mode: int) -> None:
    root = grouped(pair(), kind, mode)
    root.join((1, 0), 2, "second", "IMAGE")
    root.join((2, 1), 3, "images")  # 0 is the mask of the loader, whose image is used inside
    assert inputs_of(root.workflow()) == {
        "1": {"image": "b.png"},
        "6:4": {"image": "c.png"},
        "6:5": {"amount": 0.25, "first": ["6:4", 0], "second": ["1", 0]},
        "3": {"images": ["6:5", 0]},
    }


def test_new_ids_come_after_the_highest_that_the_file_ever_gave() -> None:
    root = grouped(pair())
    root.fields["last_node_id"] = 40
    assert list(inputs_of(root.workflow())) == ["1", "43:41", "43:42", "3"]


def test_two_group_nodes_have_ids_of_their_own() -> None:
    root = grouped(pair())
    root.add(7, "workflow>Mine")
    assert list(inputs_of(root.workflow())) == ["1", "10:8", "10:9", "3", "13:11", "13:12"]


def test_values_that_the_group_node_does_not_hold_are_those_of_its_definition() -> None:
    root = grouped(pair())
    root.nodes[2]["widgets_values"] = ["c.png"]
    sent = inputs_of(root.workflow())
    assert (sent["6:4"], sent["6:5"]["amount"]) == ({"image": "c.png"}, 0.5)


def test_an_output_that_is_used_inside_is_shown_when_the_definition_says_so() -> None:
    root = grouped(pair(external=[[0, 0, "IMAGE"], [1]]))
    root.join((2, 0), 3, "images")
    assert inputs_of(root.workflow())["3"] == {"images": ["6:4", 0]}


def test_inputs_of_one_name_have_the_nodes_title_before_them() -> None:
    twice: Json = {"nodes": [BLEND, BLEND], "links": []}
    root = grouped(twice)
    root.join((1, 0), 2, "Blending second", "IMAGE")
    sent = inputs_of(root.workflow())
    assert (sent["6:4"].get("second"), sent["6:5"].get("second")) == (None, ["1", 0])


@pytest.mark.parametrize("links", [None, 7, [None], [[0, 0, 1]], [[0, 0, 9, 0]], [[0, "a", 1, 0]]])
def test_links_of_a_group_that_cannot_be_read_are_left_out(links: Json) -> None:
    sent = inputs_of(grouped(pair(links=links)).workflow())
    assert sent["6:5"] == {"amount": 0.25}


def test_a_group_without_a_definition_is_a_node_of_an_unknown_class() -> None:
    root = grouped(pair(), "workflow>Other")
    assert [code for code, _ in why_refused(root.workflow())] == ["workflow-node-unknown"]


def test_a_part_of_a_group_that_is_no_node_is_a_node_of_an_unknown_class() -> None:
    refused = why_refused(grouped({"nodes": [LOADER, None]}).workflow())
    assert refused == [("workflow-node-unknown", "node 6:5: the node definitions know no class ")]


def test_a_workflow_whose_groups_nobody_uses_is_as_it_was() -> None:
    root = grouped(pair(), "PreviewImage")
    assert list(convert(root.workflow(), CLASSES).prompt) == ["1", "2", "3"]
