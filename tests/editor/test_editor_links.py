"""What feeds an input: through reroutes, muted and bypassed nodes, and circles."""

from __future__ import annotations

import pytest

from gateway.graph.json_value import Json
from tests.editor.building import BYPASSED, MUTED, Canvas, Inside, inputs_of, why_refused


def chain(kind: str, wanted: str, *, slot: int = 0, mode: int = BYPASSED) -> Canvas:
    """Return a checkpoint (1), a node (2) of a class and mode, and one (3) that takes its output."""
    canvas = Canvas()
    canvas.add(1, "CheckpointLoaderSimple", ["a.safetensors"])
    canvas.add(2, kind, mode=mode)
    canvas.add(3, "Target")
    canvas.join((2, slot), 3, "fed", wanted, widget=False)
    return canvas


def fed(canvas: Canvas) -> Json:
    """Return what the input of node 3 came to, None when it is absent."""
    return inputs_of(canvas.workflow())["3"].get("fed")


def test_a_muted_node_feeds_nothing() -> None:
    canvas = chain("LoraLoader", "MODEL", mode=MUTED)
    canvas.join((1, 0), 2, "model")
    assert fed(canvas) is None


def test_a_widget_that_nothing_feeds_keeps_its_own_value() -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveInt", [7, "fixed"], mode=MUTED)
    canvas.add(2, "EmptyLatentImage", [64, 32, 1])
    canvas.join((1, 0), 2, "width")
    assert inputs_of(canvas.workflow())["2"]["width"] == 64


def test_reroutes_are_followed_whatever_their_type() -> None:
    canvas = Canvas()
    canvas.add(1, "CheckpointLoaderSimple", ["a.safetensors"])
    canvas.add(2, "Reroute")
    canvas.add(4, "Reroute")
    canvas.add(3, "Target")
    canvas.join((1, 1), 2, "", "*")
    canvas.join((2, 0), 4, "", "MODEL")
    canvas.join((4, 0), 3, "fed", "CLIP")
    assert fed(canvas) == ["1", 1]


def test_a_reroute_without_an_origin_feeds_nothing() -> None:
    canvas = chain("Reroute", "CLIP", mode=0)
    assert fed(canvas) is None
    canvas.slot(2, "", "*")
    assert fed(canvas) is None


def test_a_muted_reroute_feeds_nothing() -> None:
    canvas = chain("Reroute", "MODEL", mode=MUTED)
    canvas.join((1, 0), 2, "", "*")
    assert fed(canvas) is None


def test_a_reroute_that_feeds_itself_feeds_nothing() -> None:
    canvas = chain("Reroute", "MODEL", mode=0)
    canvas.join((2, 0), 2, "", "*")
    assert fed(canvas) is None


def test_other_nodes_of_the_editor_alone_feed_nothing() -> None:
    assert fed(chain("Note", "*", mode=0)) is None


def test_native_reroutes_and_floating_links_have_no_effect() -> None:
    canvas = chain("LoraLoader", "MODEL", mode=0)
    canvas.fields["extra"] = {
        "reroutes": [{"id": 1, "linkIds": [1]}],
        "linkExtensions": [{"id": 1, "parentId": 1}],
    }
    canvas.fields["floatingLinks"] = [{"id": 9, "origin_id": 1, "origin_slot": 0, "target_id": -1}]
    assert fed(canvas) == ["2", 0]


def test_nodes_that_feed_each_other_are_sent_as_they_are() -> None:
    canvas = Canvas()
    canvas.add(1, "Target")
    canvas.add(2, "Target")
    canvas.join((1, 0), 2, "a", "X")
    canvas.join((2, 0), 1, "b", "X")
    assert inputs_of(canvas.workflow()) == {"1": {"b": ["2", 0]}, "2": {"a": ["1", 0]}}


def test_a_bypassed_node_passes_on_the_input_of_the_same_number_when_its_type_fits() -> None:
    canvas = chain("LoraLoader", "CLIP", slot=1)
    canvas.join((1, 0), 2, "model")
    canvas.join((1, 1), 2, "clip")
    assert fed(canvas) == ["1", 1]


def test_else_the_first_input_whose_type_is_exactly_the_wanted_one() -> None:
    canvas = chain("Wild", "VAE")  # first: MODEL, second: *, outputs of any type
    canvas.join((1, 0), 2, "first")
    canvas.join((1, 1), 2, "second")
    canvas.join((1, 2), 2, "extra", "VAE")
    assert fed(canvas) == ["1", 2]


def test_else_the_first_input_whose_type_fits_both_the_output_and_the_wanted_one() -> None:
    canvas = chain("Wild", "VAE")
    canvas.join((1, 0), 2, "first")
    canvas.join((1, 1), 2, "second")
    assert fed(canvas) == ["1", 1]


def test_a_list_of_types_fits_when_any_of_its_members_does() -> None:
    canvas = chain("Target", "int, vae")
    canvas.join((1, 0), 2, "first", "MODEL")
    canvas.join((1, 2), 2, "second", "VAE,CLIP")
    assert fed(canvas) == ["1", 2]


def test_a_list_of_types_with_the_wildcard_fits_all() -> None:
    canvas = chain("Target", "VAE")
    canvas.join((1, 2), 2, "any", "CLIP,*")
    assert fed(canvas) == ["1", 2]


def test_without_an_input_that_fits_a_bypassed_node_feeds_nothing() -> None:
    canvas = chain("KSampler", "IMAGE")
    canvas.join((1, 0), 2, "model")
    assert fed(canvas) is None


def test_where_the_wildcard_is_wanted_the_input_of_the_same_number_is_taken_or_the_first() -> None:
    canvas = chain("LoraLoader", "*", slot=1)
    canvas.join((1, 0), 2, "model")
    canvas.join((1, 1), 2, "clip")
    assert fed(canvas) == ["1", 1]
    canvas = chain("CheckpointLoaderSimple", "*", slot=2)  # one input only, a widget
    canvas.join((1, 2), 2, "ckpt_name")
    assert fed(canvas) == ["1", 2]


def test_the_chosen_input_counts_even_when_nothing_feeds_it() -> None:
    canvas = chain("Blend", "IMAGE")
    canvas.join((1, 0), 2, "second")
    assert fed(canvas) is None


def test_widgets_count_as_inputs_of_a_bypassed_node() -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveInt", [7, "fixed"])
    canvas.add(2, "PrimitiveInt", [8, "fixed"], mode=BYPASSED)
    canvas.add(3, "EmptyLatentImage", [64, 32, 1])
    canvas.join((1, 0), 2, "value")
    canvas.join((2, 0), 3, "width")
    assert inputs_of(canvas.workflow())["3"]["width"] == ["1", 0]


def test_behind_a_bypassed_node_that_nothing_feeds_a_widget_keeps_its_value() -> None:
    canvas = Canvas()
    canvas.add(2, "PrimitiveInt", [8, "fixed"], mode=BYPASSED)
    canvas.add(3, "EmptyLatentImage", [64, 32, 1])
    canvas.join((2, 0), 3, "width")
    assert inputs_of(canvas.workflow())["3"]["width"] == 64


def test_the_wanted_type_is_that_of_the_last_input_through_a_whole_chain() -> None:
    canvas = chain("Wild", "CLIP")  # its first input, MODEL, fits no CLIP
    canvas.add(4, "Reroute")
    canvas.add(5, "LoraLoader", mode=BYPASSED)
    canvas.join((5, 1), 4, "", "*")
    canvas.join((4, 0), 2, "second")
    canvas.join((1, 0), 5, "model")
    canvas.join((1, 1), 5, "clip")
    assert fed(canvas) == ["1", 1]


def test_an_output_that_the_class_does_not_have_is_of_any_type_unless_the_file_says() -> None:
    canvas = chain("Maker", "VAE", slot=1)
    canvas.join((1, 2), 2, "either")
    assert fed(canvas) == ["1", 2]
    canvas.nodes[2]["outputs"] = [{"name": "a", "type": "VAE"}, {"name": "b", "type": "MODEL"}]
    assert fed(canvas) is None


def test_an_output_of_any_type_has_the_type_that_the_file_saw_it_take() -> None:
    canvas = chain("Maker", "VAE")
    canvas.join((1, 2), 2, "either")
    assert fed(canvas) == ["1", 2]
    canvas.nodes[2]["outputs"] = [{"name": "a", "type": "MODEL"}]
    assert fed(canvas) is None


def test_a_type_that_is_no_text_is_the_wildcard_and_a_list_is_a_combo() -> None:
    canvas = chain("Target", "COMBO")
    canvas.join((1, 0), 2, "model", "MODEL")
    canvas.join((1, 1), 2, "choice")
    slots = canvas.nodes[2]["inputs"]
    assert isinstance(slots, list)
    assert isinstance(slots[1], dict)
    slots[1]["type"] = ["one", "two"]
    canvas.nodes[2]["outputs"] = [{"name": "event", "type": -1}]
    assert fed(canvas) == ["1", 1]


def test_a_slot_of_several_types_passes_on_one_of_them() -> None:
    canvas = Canvas()
    canvas.add(1, "LoadImage", ["a.png"])
    canvas.add(2, "Either", mode=BYPASSED)
    canvas.add(3, "PreviewImage")
    canvas.join((1, 1), 2, "input", "IMAGE,MASK")
    canvas.join((2, 0), 3, "images")
    assert inputs_of(canvas.workflow())["3"] == {"images": ["1", 1]}


def test_a_link_that_is_not_in_the_file_is_refused() -> None:
    canvas = chain("Target", "*", mode=0)
    canvas.links.clear()
    assert why_refused(canvas.workflow()) == [
        (
            "workflow-link-broken",
            "a node of the workflow names link 1, which is not in the file",
        )
    ]


def test_a_link_from_a_node_that_is_not_in_the_file_is_refused() -> None:
    canvas = chain("Target", "*", mode=0)
    del canvas.nodes[2]
    assert why_refused(canvas.workflow()) == [
        ("workflow-link-broken", "link 1 comes from node 2, which is not in the file")
    ]


@pytest.mark.parametrize("link", [True, 1.5, {}, []])
def test_a_link_id_that_is_none_leaves_the_input_without(link: Json) -> None:
    canvas = chain("Target", "*", mode=0)
    canvas.nodes[3]["inputs"] = [{"name": "fed", "type": "*", "link": link}]
    assert fed(canvas) is None


@pytest.mark.parametrize(
    ("other", "fed"),
    [
        (None, ["1", 1]),  # any type is wanted: the first input is passed on
        ((1, 2), None),  # a VAE beside it makes the group one of VAEs
        ((4, 0), ["1", 1]),  # what comes through a reroute may be any
        ((1, 9), ["1", 1]),
        ((99, 0), None),
    ],
)
def test_inputs_of_one_group_take_the_type_of_what_another_one_is_linked_to(
    other: tuple[int, int] | None, fed: Json
) -> None:
    canvas = Canvas()
    canvas.add(1, "CheckpointLoaderSimple", ["a.safetensors"])
    canvas.add(2, "CLIPTextEncode", ["x"], mode=BYPASSED)
    canvas.add(3, "Switch")
    canvas.add(4, "Reroute", outputs=[{"name": "", "type": "*"}])
    canvas.join((1, 1), 2, "clip")
    canvas.join((2, 0), 3, "on_false", "*")
    if other == (99, 0):  # the type of a subgraph's input
        inside = Inside("sub")
        inside.nodes, inside.links = canvas.nodes, canvas.links
        inside.takes("any", (3, "on_true"), kind="VAE")
        root = Canvas()
        root.add(9, "sub")
        assert inputs_of(root.workflow(inside))["9:3"] == {}
        return
    if other is not None:
        canvas.join(other, 3, "on_true", "*")
    assert inputs_of(canvas.workflow())["3"].get("on_false") == fed
