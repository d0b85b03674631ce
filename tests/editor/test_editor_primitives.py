"""PrimitiveNode: it writes its value into the widgets it leads to, and is gone."""

from __future__ import annotations

import pytest

from gateway.graph.json_value import Json
from tests.editor.building import ACTIVE, BYPASSED, MUTED, Canvas, Inside, inputs_of


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
        ("count", 3.5, 4),  # whole numbers only, and never limited
        ("count", 99, 99),
        ("count", 2**64 - 1, 2**64 - 1),
        ("even", 4, 5),  # multiples of two above the minimum, one
        ("even", 3.9, 3),
        ("exact", 0.123456, 0.123456),
        ("coarse", 0.6, 0.5),
        ("coarse", 99, 10),
        ("coarse", -1, 0),
        ("open", 0.34, 0.3),  # one place, as the step that the editor takes for granted
        ("limits", 1e9, 10**9),
        ("open", True, True),
        ("open", "0.34", "0.34"),
        ("open", None, None),
        ("open", 10**400, 10**400),  # beyond what can be rounded
        ("open", 1e308, 1e308),
        ("even", float("inf"), float("inf")),
    ],
)
def test_a_number_becomes_what_the_widget_accepts(name: str, value: Json, held: Json) -> None:
    assert written([value], "Numbers", name) == held


def test_text_is_written_as_it_is() -> None:
    assert written(["a cat"], "CLIPTextEncode", "text", ["x"]) == "a cat"


def test_a_combo_takes_any_value() -> None:
    assert written(["other"], "CheckpointLoaderSimple", "ckpt_name", ["a.safetensors"]) == "other"
