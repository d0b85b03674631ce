"""PrimitiveNode: it writes its value into the widgets it leads to, and is gone."""

from __future__ import annotations

import pytest

from gateway.graph.json_value import Json
from tests.editor.building import ACTIVE, BYPASSED, MUTED, Canvas, Inputs, Inside, inputs_of


def written(value: Json, kind: str, name: str, values: Json = None) -> Json:
    """Return what a widget holds after a primitive wrote a value into it."""
    canvas = Canvas()
    canvas.add(1, "PrimitiveNode", value)
    canvas.add(2, kind, values)
    canvas.join((1, 0), 2, name, widget=True)
    return inputs_of(canvas.workflow())["2"].get(name)


@pytest.mark.parametrize("mode", [ACTIVE, MUTED, BYPASSED])
def test_it_writes_its_value_whatever_its_mode_is(mode: int) -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveNode", [99, "fixed"], mode=mode)
    canvas.add(2, "EmptyLatentImage", [64, 32, 1])
    canvas.join((1, 0), 2, "batch_size")
    assert inputs_of(canvas.workflow()) == {"2": {"width": 64, "height": 32, "batch_size": 99}}


def test_it_writes_into_every_widget_it_is_linked_to() -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveNode", [256, "fixed"])
    canvas.add(2, "EmptyLatentImage", [64, 32, 1])
    canvas.join((1, 0), 2, "width")
    canvas.join((1, 0), 2, "height")
    assert inputs_of(canvas.workflow())["2"] == {"width": 256, "height": 256, "batch_size": 1}


@pytest.mark.parametrize("values", [None, [], {"value": 5}])
def test_without_a_value_the_widget_keeps_its_own(values: Json) -> None:
    assert written(values, "EmptyLatentImage", "width", [64, 32, 1]) == 64


def test_one_that_leads_nowhere_writes_nothing() -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveNode", [5])
    assert inputs_of(canvas.workflow()) == {}


def test_it_writes_nothing_into_a_socket() -> None:
    assert written(["x"], "PreviewImage", "images") is None


def test_a_link_to_a_slot_or_node_that_is_not_there_writes_nothing() -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveNode", [5])
    canvas.add(2, "EmptyLatentImage", [64, 32, 1])
    canvas.links += [(1, 1, 0, 2, 9, "INT"), (2, 1, 0, 3, 0, "INT"), (3, 1, 0, 2, -1, "INT")]
    assert inputs_of(canvas.workflow())["2"] == {"width": 64, "height": 32, "batch_size": 1}


def test_the_links_word_counts_when_the_slot_has_lost_it() -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveNode", [40])
    canvas.add(2, "EmptyLatentImage", [64, 32, 1])
    canvas.links.append((7, 1, 0, 2, 1, "INT"))
    assert inputs_of(canvas.workflow())["2"] == {"width": 64, "height": 40, "batch_size": 1}


@pytest.mark.parametrize(
    ("slot", "widget", "sent"),
    [
        ("width", "old", {"width": 256}),
        ("old", "width", {"width": 256}),  # the widget counts, whatever its slot was called
        ("old", "older", {"width": 256}),  # neither: the link's own number
    ],
)
def test_a_slot_whose_name_changed_stays_with_its_widget(
    slot: str, widget: str, sent: Inputs
) -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveNode", [256])
    canvas.add(2, "EmptyLatentImage", [64, 32, 1])
    canvas.join((1, 0), 2, slot, "INT")
    slots = canvas.nodes[2]["inputs"]
    assert isinstance(slots, list)
    slots[0] = {"name": slot, "type": "INT", "link": 1, "widget": {"name": widget}}
    assert inputs_of(canvas.workflow())["2"]["width"] == sent["width"]


def test_it_works_inside_subgraphs_too() -> None:
    inside = Inside("sub")
    inside.add(1, "PrimitiveNode", [5])
    inside.add(2, "PrimitiveInt", [1, "fixed"])
    inside.join((1, 0), 2, "value")
    root = Canvas()
    root.add(9, "sub")
    assert inputs_of(root.workflow(inside)) == {"9:2": {"value": 5}}


def test_one_that_feeds_a_host_leaves_the_node_inside_its_own_value() -> None:
    inside = Inside("sub")
    inside.add(2, "PrimitiveInt", [1, "fixed"])
    inside.add(3, "PreviewImage")
    inside.takes("count", (2, "value"), kind="INT")
    inside.takes("images", (3, "images"), kind="IMAGE")
    root = Canvas()
    root.add(1, "PrimitiveNode", [5])
    root.add(9, "sub", [3])
    root.join((1, 0), 9, "count", "INT")
    root.join((1, 0), 9, "images", "IMAGE")
    assert inputs_of(root.workflow(inside)) == {"9:2": {"value": 1}, "9:3": {}}


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [
        ("count", 3.5, 4),  # whole numbers only, within their limits
        ("count", 99, 5),
        ("count", -99, -5),
        ("free", 2**64 - 1, 2**64 - 1),
        ("free", "20", 20),  # what can be read as a number is one
        ("free", "", 0),
        ("free", [7], 7),
        ("free", [], 0),
        ("free", [7, 8], None),
        ("free", "many", None),
        ("free", {"x": 1}, None),
        ("even", 4, 5),  # multiples of two above the minimum, one
        ("even", 3.9, 3),
        ("exact", 0.123456, 0.123456),
        ("coarse", 0.6, 0.5),
        ("coarse", 99, 10),
        ("coarse", -1, 0),
        ("open", 0.34, 0.3),  # one place, as the step that the editor takes for granted
        ("limits", 1e9, 10**9),
        ("open", True, 1),
        ("open", "0.34", 0.3),
        ("open", None, 0),
        ("tenths", 12.3456789, 12.3),  # as many places as the step has, after all
        ("open", 10**400, 10**400),  # beyond what can be rounded
        ("open", 1e308, 1e308),
        ("even", float("inf"), float("inf")),
    ],
)
def test_a_number_becomes_what_the_widget_accepts(name: str, value: Json, held: Json) -> None:
    assert written([value], "Numbers", name) == held


@pytest.mark.parametrize(
    ("values", "names", "held"),
    [
        ([5], ["free", "count", "even"], [5, 5, 5]),
        ([6], ["free", "even"], [7, 7]),  # the primitive's own number fits both
        ([99], ["free", "count"], [5, 5]),
        ([], ["count", "free"], [1, 1]),  # none of its own: the first one's
        ([99], ["free", "shown"], [99, 99]),  # defined otherwise: each as it is
        ([99], ["count", "far"], [5, 5]),  # no number fits both
        ([3], ["free", "limits"], [3, 3]),
        ([3.25], ["coarse", "fine"], [3.3, 3.3]),
        ([3.125], ["fine", "finer"], [3.13, 3.13]),
        (["many"], ["free", "count"], [None, None]),
        ([4], ["free", "note"], [4, 4]),
    ],
)
def test_a_number_that_feeds_several_widgets_is_made_to_fit_them_all(
    values: list[Json], names: list[str], held: list[Json]
) -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveNode", values)
    canvas.add(2, "Shared")
    for name in names:
        canvas.join((1, 0), 2, name)
    sent = inputs_of(canvas.workflow())["2"]
    assert [sent[name] for name in names] == held


def test_it_writes_into_the_options_that_people_add_to_a_custom_combo() -> None:
    assert written([2.0], "CustomCombo", "option1", ["b", 1, "a", "b"]) == 2


def test_null_becomes_the_first_choice_or_an_empty_text_of_several_lines() -> None:
    assert written([None], "CheckpointLoaderSimple", "ckpt_name", ["b"]) == "a.safetensors"
    assert written([None], "CLIPTextEncode", "text", ["x"]) == ""
    assert written([None], "SaveImage", "filename_prefix", ["x"]) is None


def test_text_is_written_as_it_is() -> None:
    assert written(["a cat"], "CLIPTextEncode", "text", ["x"]) == "a cat"


def test_a_combo_takes_any_value() -> None:
    assert written(["other"], "CheckpointLoaderSimple", "ckpt_name", ["a.safetensors"]) == "other"
