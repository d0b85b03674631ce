"""Which nodes of an editor workflow are in the prompt, under which ids, and what their inputs are."""

from __future__ import annotations

import pytest

from gateway.editor.convert import convert, is_editor_workflow
from gateway.graph.json_value import Json
from gateway.graph.prompt import Node
from tests.editor.building import ACTIVE, BYPASSED, MUTED, Canvas, Inside, inputs_of
from tests.editor.classes import CLASSES


def picture() -> Canvas:
    """Return a picture that is loaded (1) and saved (2)."""
    canvas = Canvas()
    canvas.add(1, "LoadImage", ["a.png", "image"])
    canvas.add(2, "SaveImage", ["out"])
    canvas.join((1, 0), 2, "images")
    return canvas


def test_a_workflow_becomes_a_prompt_in_the_order_of_its_nodes() -> None:
    conversion = convert(picture().workflow(), CLASSES)
    assert conversion.prompt == {
        "1": Node("LoadImage", {"image": "a.png"}, "Load Image"),
        "2": Node("SaveImage", {"filename_prefix": "out", "images": ["1", 0]}, "Save Image"),
    }
    assert list(conversion.prompt) == ["1", "2"]
    assert conversion.dropped == {}


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        ({"nodes": []}, True),
        ({"nodes": {}}, False),
        ({"1": {"class_type": "X", "inputs": {}}}, False),
        ([], False),
        (None, False),
    ],
)
def test_an_object_with_a_list_of_nodes_is_an_editor_workflow(raw: Json, told: bool) -> None:
    assert is_editor_workflow(raw) is told


def test_a_workflow_without_nodes_comes_to_an_empty_prompt() -> None:
    assert inputs_of({"nodes": []}) == {}


@pytest.mark.parametrize("node_id", [-101, "n1", "Loader.0", 3.0, "9:8"])
def test_ids_stay_as_they_are(node_id: int | str) -> None:
    canvas = Canvas()
    canvas.add(node_id, "LoadImage", ["a.png"])
    canvas.add(2, "SaveImage", ["out"])
    canvas.join((node_id, 0), 2, "images")
    key = "3" if node_id == 3.0 else str(node_id)
    assert inputs_of(canvas.workflow()) == {
        key: {"image": "a.png"},
        "2": {"filename_prefix": "out", "images": [key, 0]},
    }


def test_an_id_that_is_no_whole_number_is_text_all_the_same() -> None:
    assert list(inputs_of({"nodes": [{"id": 1.5, "type": "LoadImage"}]})) == ["1.5"]


@pytest.mark.parametrize("broken", [None, 7, {"id": 3}, {"type": "X"}, {"id": True, "type": "X"}])
def test_what_is_no_node_is_left_out(broken: Json) -> None:
    workflow = picture().workflow()
    nodes = workflow["nodes"]
    assert isinstance(nodes, list)
    assert list(inputs_of({**workflow, "nodes": [broken, *nodes]})) == ["1", "2"]


def test_of_nodes_with_one_id_the_first_stays() -> None:
    workflow = picture().workflow()
    nodes = workflow["nodes"]
    assert isinstance(nodes, list)
    again: Json = {"id": 1, "type": "LoadImage", "widgets_values": ["b.png"]}
    assert inputs_of({**workflow, "nodes": [*nodes, again]})["1"] == {"image": "a.png"}


@pytest.mark.parametrize(("mode", "why"), [(MUTED, "muted"), (BYPASSED, "bypassed")])
def test_muted_and_bypassed_nodes_are_dropped(mode: int, why: str) -> None:
    canvas = picture()
    canvas.nodes[1]["mode"] = mode
    conversion = convert(canvas.workflow(), CLASSES)
    assert conversion.dropped == {"1": why}
    assert conversion.prompt["2"].inputs == {"filename_prefix": "out"}


@pytest.mark.parametrize("mode", [ACTIVE, 1, 3, None, "muted"])
def test_every_other_mode_is_active(mode: Json) -> None:
    canvas = picture()
    canvas.nodes[1]["mode"] = mode
    assert list(inputs_of(canvas.workflow())) == ["1", "2"]


@pytest.mark.parametrize("kind", ["Note", "MarkdownNote", "Reroute", "PrimitiveNode"])
def test_what_only_the_editor_knows_is_dropped(kind: str) -> None:
    canvas = picture()
    canvas.add(3, kind, ["words"])
    conversion = convert(canvas.workflow(), CLASSES)
    assert list(conversion.prompt) == ["1", "2"]
    assert conversion.dropped == {"3": "known to the editor only"}


def test_nodes_without_connections_stay() -> None:
    canvas = picture()
    canvas.add(3, "EmptyLatentImage", [64, 64, 1])
    assert list(inputs_of(canvas.workflow())) == ["1", "2", "3"]


def test_a_node_has_its_own_title_or_else_that_of_its_class() -> None:
    canvas = Canvas()
    canvas.add(1, "LoadImage", title="Photo")
    canvas.add(2, "LoadImage", title="")
    canvas.add(3, "PreviewImage")
    canvas.add(4, "LoadImage", title=7)
    prompt = convert(canvas.workflow(), CLASSES).prompt
    assert [node.title for node in prompt.values()] == [
        "Photo",
        "Load Image",
        "PreviewImage",
        "Load Image",
    ]


def test_a_class_whose_display_name_is_no_text_has_its_own_name_as_title() -> None:
    classes: dict[str, Json] = {"X": {"input": {}, "display_name": None}}
    prompt = convert({"nodes": [{"id": 1, "type": "X"}]}, classes).prompt
    assert prompt == {"1": Node("X", {}, "X")}


def nested(**modes: int) -> dict[str, Json]:
    """Return a workflow of a host (9) of a host (8) of a node (5), with their modes."""
    inner = Inside("inner")
    inner.add(5, "LoadImage", ["a.png"])
    outer = Inside("outer")
    outer.add(8, "inner", mode=modes.get("inner", ACTIVE))
    root = Canvas()
    root.add(9, "outer", mode=modes.get("outer", ACTIVE))
    return root.workflow(outer, inner)


def test_a_node_inside_subgraphs_has_the_ids_of_its_hosts_before_its_own() -> None:
    conversion = convert(nested(), CLASSES)
    assert list(conversion.prompt) == ["9:8:5"]
    assert conversion.dropped == {"9": "a subgraph", "9:8": "a subgraph"}


@pytest.mark.parametrize("mode", [MUTED, BYPASSED])
def test_nothing_inside_a_muted_or_bypassed_host_is_sent(mode: int) -> None:
    assert list(inputs_of(nested(outer=mode))) == []


@pytest.mark.parametrize("mode", [MUTED, BYPASSED])
def test_the_inside_of_a_nested_muted_host_is_sent_as_the_editor_does(mode: int) -> None:
    assert list(inputs_of(nested(inner=mode))) == ["9:8:5"]


def test_node_ids_that_occur_twice_are_new_inside_subgraphs() -> None:
    inside = Inside("sub")
    inside.add(1, "LoadImage", ["b.png"])
    inside.add(4, "PreviewImage")
    inside.join((1, 0), 4, "images")
    inside.gives("IMAGE", 1)
    root = picture()
    root.add(3, "sub")
    root.join((3, 0), 2, "images")
    root.add(6, "LoadImage")
    root.fields["last_node_id"] = 5
    assert inputs_of(root.workflow(inside)) == {
        "1": {"image": "a.png"},
        "2": {"filename_prefix": "out", "images": ["3:7", 0]},  # 6 is taken
        "3:7": {"image": "b.png"},
        "3:4": {"images": ["3:7", 0]},
        "6": {"image": "a.png"},
    }


def test_ids_of_an_earlier_definition_count_as_taken() -> None:
    first, second = Inside("first"), Inside("second")
    first.add(5, "LoadImage", ["a.png"])
    second.add(5, "LoadImage", ["b.png"])
    root = Canvas()
    root.add(1, "first")
    root.add(2, "second")
    assert inputs_of(root.workflow(first, second)) == {
        "1:5": {"image": "a.png"},
        "2:6": {"image": "b.png"},
    }


def test_new_ids_are_above_those_that_subgraphs_kept_so_far_and_not_above_later_ones() -> None:
    inside = Inside("sub")
    for node_id in (61, 1, 12, 62, 88):
        inside.add(node_id, "LoadImage", [f"{node_id}.png"])
    root = Canvas()
    root.add(1, "sub")
    assert {key: each["image"] for key, each in inputs_of(root.workflow(inside)).items()} == {
        "1:61": "61.png",
        "1:62": "1.png",
        "1:12": "12.png",
        "1:63": "62.png",
        "1:88": "88.png",
    }


def test_the_old_names_of_hosts_widgets_follow_new_ids() -> None:
    inside = Inside("sub")
    inside.add(1, "PrimitiveInt", [1, "fixed"])
    inside.takes("value", (1, "value"))
    root = Canvas()
    root.add(1, "sub", [42], properties={"proxyWidgets": [["1", "value"], "stale", []]})
    assert inputs_of(root.workflow(inside)) == {"1:2": {"value": 42}}


def test_a_slot_that_the_class_does_not_declare_keeps_its_link_under_its_name() -> None:
    canvas = picture()
    canvas.join((1, 1), 2, "gone_input", "MASK")
    assert inputs_of(canvas.workflow())["2"] == {
        "filename_prefix": "out",
        "images": ["1", 0],
        "gone_input": ["1", 1],
    }


def test_a_slot_of_a_widget_that_the_class_does_not_have_is_gone() -> None:
    canvas = picture()
    canvas.join((1, 0), 2, "old_prefix", "STRING")
    assert "old_prefix" not in inputs_of(canvas.workflow())["2"]


def test_the_name_of_a_slot_counts_and_never_its_label() -> None:
    canvas = picture()
    slots = canvas.nodes[2]["inputs"]
    assert isinstance(slots, list)
    assert isinstance(slots[0], dict)
    slots[0] |= {"label": "Bilder", "localized_name": "Bilder"}
    assert inputs_of(canvas.workflow())["2"]["images"] == ["1", 0]


def test_the_slots_own_word_counts_for_a_link_and_not_the_slot_that_the_link_names() -> None:
    canvas = Canvas()
    canvas.add(1, "LoadImage", ["a.png"])
    canvas.add(2, "Blend", [0.5])
    canvas.join((1, 0), 2, "second", "IMAGE")  # slot 0 in the file, slot 1 of the class
    assert inputs_of(canvas.workflow())["2"] == {"amount": 0.5, "second": ["1", 0]}


def test_links_win_over_widgets_of_the_same_name() -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveInt", [7, "fixed"])
    canvas.add(2, "EmptyLatentImage", [64, 32, 1])
    canvas.join((1, 0), 2, "width")
    assert inputs_of(canvas.workflow())["2"] == {"width": ["1", 0], "height": 32, "batch_size": 1}


def test_links_may_be_objects_at_the_root_too() -> None:
    workflow = picture().workflow()
    link: Json = {"id": 1, "origin_id": 1, "origin_slot": 0, "target_id": 2, "target_slot": 0}
    assert inputs_of({**workflow, "version": 1, "links": [link]})["2"]["images"] == ["1", 0]


def test_a_file_without_a_version_is_read_all_the_same() -> None:
    workflow = picture().workflow()
    del workflow["version"]
    assert inputs_of(workflow)["2"]["images"] == ["1", 0]


@pytest.mark.parametrize("broken", [None, 7, [1, 2], [None, 1, 0, 2, 0], [9, None, 0, 2, 0]])
def test_what_is_no_link_is_left_out(broken: Json) -> None:
    workflow = picture().workflow()
    links = workflow["links"]
    assert isinstance(links, list)
    assert inputs_of({**workflow, "links": [broken, *links]}) == inputs_of(workflow)
