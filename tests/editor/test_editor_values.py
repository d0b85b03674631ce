"""What a node's widgets hold: `widgets_values` read as the editor reads it."""

from __future__ import annotations

import pytest

from gateway.graph.json_value import Json
from tests.editor.building import Canvas, inputs_of
from tests.editor.classes import CLASSES, define

SAMPLED = {
    "seed": 5,
    "steps": 20,
    "cfg": 8,
    "sampler_name": "euler",
    "scheduler": "normal",
    "denoise": 1,
}


def widgets(kind: str, values: Json = None) -> dict[str, Json]:
    """Return the inputs that a single node of a class comes to."""
    canvas = Canvas()
    canvas.add(1, kind, values)
    return dict(inputs_of(canvas.workflow())["1"])


def test_values_go_to_widgets_in_order_and_the_control_of_a_seed_takes_a_place() -> None:
    values: Json = [5, "randomize", 20, 8, "euler", "normal", 1]
    assert widgets("KSampler", values) == SAMPLED


def test_without_the_control_value_everything_shifts_as_in_the_editor() -> None:
    values: Json = [5, 20, 8, "euler", "normal", 1]
    shifted: dict[str, Json] = {
        "seed": 5,
        "steps": 8,
        "cfg": "euler",
        "sampler_name": "normal",
        "scheduler": 1,
        "denoise": 1,
    }
    assert widgets("KSampler", values) == shifted


def test_a_control_that_is_declared_takes_a_place_whatever_it_is_called() -> None:
    values: Json = [True, 1, 0.5, "a", "x", "y", "fixed", "#000000", {"points": []}, "mine", 4]
    assert widgets("Everything", values) == {
        "flag": True,
        "whole": 1,
        "part": 0.5,
        "words": "a",
        "pick": "x",
        "picked": "y",
        "tint": "#000000",
        "slope": {"points": []},
        "own": "mine",
        "late": 4,
    }


@pytest.mark.parametrize("values", [None, []])
def test_without_values_every_widget_has_its_default(values: Json) -> None:
    assert widgets("Everything", values) == {
        "flag": False,
        "whole": 0,
        "part": 0,
        "words": "",
        "pick": "y",
        "picked": "x",
        "tint": "#ffffff",
        "slope": {"points": [[0, 0], [1, 1]]},
        "own": "",
        "late": 3,
    }


def test_too_few_values_leave_the_rest_at_its_default_and_more_are_ignored() -> None:
    assert widgets("EmptyLatentImage", [64]) == {"width": 64, "height": 512, "batch_size": 1}
    assert widgets("EmptyLatentImage", [1, 2, 3, 4, 5]) == {
        "width": 1,
        "height": 2,
        "batch_size": 3,
    }


def test_null_stays_null() -> None:
    assert widgets("EmptyLatentImage", [None, 8, 1])["width"] is None


def test_a_text_of_several_lines_is_never_null() -> None:
    assert widgets("CLIPTextEncode", [None]) == {"text": ""}


def test_a_combo_takes_its_first_option_for_null() -> None:
    assert widgets("CheckpointLoaderSimple", [None]) == {"ckpt_name": "a.safetensors"}


def test_a_combo_without_options_stays_null() -> None:
    assert widgets("Lists", [None, "x"]) == {"which": None, "note": "x"}
    assert widgets("Lists") == {
        "note": ""
    }  # nothing was saved, nothing is offered: nothing is sent


@pytest.mark.parametrize("value", ["20", 20.7, 999999, -1, True, {"x": 1}])
def test_nothing_is_coerced_or_limited(value: Json) -> None:
    assert widgets("EmptyLatentImage", [value])["width"] == value


def test_a_combo_keeps_a_value_that_it_does_not_offer() -> None:
    assert widgets("CheckpointLoaderSimple", ["mine.ckpt"]) == {"ckpt_name": "mine.ckpt"}


def test_a_list_is_wrapped_so_that_it_is_no_link() -> None:
    assert widgets("CheckpointLoaderSimple", [["4", 0]]) == {"ckpt_name": {"__value__": ["4", 0]}}


def test_objects_are_sent_as_they_are_with_whole_floats_as_integers() -> None:
    value: Json = {"x": 1.0, "list": [2.0, 0.5]}
    sent = widgets("Crop", [value, 0, 0, 8, 8, "name"])
    assert repr(sent) == repr({"region": {"x": 1, "list": [2, 0.5]}, "name": "name"})


@pytest.mark.parametrize(
    ("value", "sent"),
    [(8.0, "8"), (0.5, "0.5"), (2**64 - 1, str(2**64 - 1)), (1e300, "1e+300"), (-0.0, "0")],
)
def test_whole_floats_become_integers_and_integers_stay_exact(value: Json, sent: str) -> None:
    assert repr(widgets("EmptyLatentImage", [value])["width"]) == sent


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_what_is_no_number_in_json_does_not_hinder(value: float) -> None:
    assert repr(widgets("EmptyLatentImage", [value])["width"]) == repr(value)


def test_an_object_is_read_by_name_and_the_rest_has_its_default() -> None:
    assert widgets("EmptyLatentImage", {"height": 32, "unknown": 1}) == {
        "width": 512,
        "height": 32,
        "batch_size": 1,
    }


def test_an_object_by_name_is_no_list_with_forced_inputs() -> None:
    assert widgets("Forced", {"label": "x", "gain": 1}) == {"label": "x"}


def test_values_by_name_that_the_editor_saves_beside_the_list_are_not_read() -> None:
    canvas = Canvas()
    canvas.add(1, "EmptyLatentImage", [64, 32, 1], widgets_values_named={"width": 7})
    canvas.add(2, "EmptyLatentImage", widgets_values_named={"width": 7})
    sent = inputs_of(canvas.workflow())
    assert (sent["1"]["width"], sent["2"]["width"]) == (64, 512)


def test_values_of_another_kind_count_as_none() -> None:
    assert widgets("LoadImage", "b.png") == {"image": "a.png"}


def test_a_sampler_name_of_the_first_versions_loses_its_prefix() -> None:
    assert widgets("KSampler", [5, "fixed", 20, 8, "sample_heun"])["sampler_name"] == "heun"
    assert widgets("KSampler", [5, "fixed", 20, 8, 7])["sampler_name"] == 7


def test_the_button_of_an_upload_takes_a_place_after_the_required_inputs() -> None:
    assert widgets("OldUpload", ["a.png", "image", 5]) == {"image": "a.png", "gain": 5}
    assert widgets("LoadAudio", ["a.wav", None, ""]) == {"audio": "a.wav"}


def test_a_bounding_box_saves_its_four_numbers_too_and_sends_only_itself() -> None:
    box: Json = {"x": 0, "y": 0, "width": 8, "height": 8}
    assert widgets("Crop", [box, 0, 0, 8, 8, "mine"]) == {"region": box, "name": "mine"}


def test_a_remote_combo_has_a_switch_and_a_button_after_it() -> None:
    assert widgets("Remote", ["m", True, "refresh", "x"]) == {
        "model": "m",
        "refresh": "refresh",
        "after": "x",
    }


def test_a_recording_is_sent_once() -> None:
    assert widgets("RecordAudio", ["a.wav", "again"]) == {"audio": "a.wav"}


def test_a_comparison_is_sent_and_never_saved() -> None:
    assert widgets("ImageCompare", ["x"]) == {"compare_view": {"__value__": ["", ""]}}


def test_a_custom_combo_sends_its_index_and_options() -> None:
    assert widgets("CustomCombo", ["b", 1, "a", "b", ""]) == {
        "choice": "b",
        "index": 1,
        "option1": "a",
        "option2": "b",
        "option3": "",
    }
    assert widgets("CustomCombo", ["b", 1, "a", "b"])["option3"] == ""


def test_a_new_custom_combo_has_one_empty_option() -> None:
    assert widgets("CustomCombo") == {"index": -1, "option1": ""}


@pytest.mark.parametrize(
    ("saved", "sent"),
    [
        (["b", 0, "a", "b", ""], ["b", 1, "a", "b", ""]),
        (["gone", 0, "a", ""], ["gone", -1, "a", ""]),
        ([None, 1, "a", "b", ""], ["a", 0, "a", "b", ""]),
        (["b", 1, "a", "", "b", ""], ["b", -1, "a", ""]),
        (["a"], ["a", -1, ""]),
    ],
)
def test_the_index_of_a_custom_combo_follows_its_choice_and_options_end_at_an_empty_one(
    saved: list[Json], sent: list[Json]
) -> None:
    assert list(widgets("CustomCombo", saved).values()) == sent


def test_3d_loaders_and_savers_send_their_buttons() -> None:
    assert widgets("Load3D", ["a.glb", "up", "more", "clear", "view"]) == {
        "model_file": "a.glb",
        "upload 3d model": "up",
        "upload extra resources": "more",
        "clear": "clear",
        "image": "view",
    }
    assert widgets("SaveGLB", ["mesh", "old"]) == {"filename_prefix": "mesh", "image": ""}


def test_an_input_that_is_forced_to_a_slot_has_no_widget() -> None:
    assert widgets("Forced", ["x"]) == {"label": "x"}


def test_values_of_inputs_that_are_slots_now_are_left_out_when_the_list_has_them_all() -> None:
    assert widgets("Forced", [0.5, "x"]) == {"label": "x"}
    assert widgets("Forced", [0.5, "x", "y"]) == {"label": 0.5}  # another number: nothing is known


def test_of_a_forced_input_with_a_control_the_control_stays_as_in_the_editor() -> None:
    entry = define(
        {
            "noise": ["INT", {"forceInput": True, "control_after_generate": True}],
            "label": ["STRING"],
        }
    )
    canvas = Canvas()
    canvas.add(1, "X", [1, "fixed", "x"])
    assert inputs_of(canvas.workflow(), {"X": entry})["1"] == {"label": "fixed"}


def test_inputs_come_in_the_order_that_the_definition_names() -> None:
    entry = define({"b": ["INT", {}], "a": ["STRING", {}], "c": ["FLOAT"]})
    entry["input_order"] = {"required": ["a", "b"]}
    canvas = Canvas()
    canvas.add(1, "X", ["text", 3, 0.5])
    assert inputs_of(canvas.workflow(), {"X": entry})["1"] == {"a": "text", "b": 3, "c": 0.5}


@pytest.mark.parametrize("entry", [{}, {"input": None}, {"input": {"required": []}}])
def test_a_class_whose_definition_says_nothing_has_no_widgets(entry: Json) -> None:
    canvas = Canvas()
    canvas.add(1, "X", [1, 2])
    assert inputs_of(canvas.workflow(), {**CLASSES, "X": entry})["1"] == {}


def test_a_definition_with_a_forgotten_comma_makes_slots() -> None:
    canvas = Canvas()
    canvas.add(1, "LoadImage", ["a.png"])
    canvas.add(2, "Broken", ["x"])
    canvas.add(3, "Broken", {"odd": "x"})
    canvas.join((1, 0), 2, "image", "IMAGE")
    assert inputs_of(canvas.workflow())["2"] == {"image": ["1", 0]}


def test_a_dynamic_combo_brings_the_inputs_of_its_choice_right_after_itself() -> None:
    assert widgets("Encode", ["video", "av1", 30, "x"]) == {
        "format": "video",
        "format.codec": "av1",
        "format.crf": 30,
        "name": "x",
    }
    assert widgets("Encode", ["none", "x"]) == {"format": "none", "name": "x"}


def test_a_new_dynamic_combo_has_its_first_option_and_the_defaults_of_its_children() -> None:
    assert widgets("Encode") == {
        "format": "video",
        "format.codec": "h264",
        "format.crf": 23,
        "name": "out",
    }


def test_dynamic_combos_nest() -> None:
    assert widgets("Encode", ["nested", "fast", 3, "x"]) == {
        "format": "nested",
        "format.how": "fast",
        "format.how.speed": 3,
        "name": "x",
    }
    assert widgets("Encode", ["nested", "slow", "x"]) == {
        "format": "nested",
        "format.how": "slow",
        "name": "x",
    }


@pytest.mark.parametrize("choice", ["unknown", 7, {}])
def test_a_choice_that_a_dynamic_combo_does_not_offer_brings_nothing(choice: Json) -> None:
    assert widgets("Encode", [choice, "x"]) == {"format": choice, "name": "x"}


def test_a_linked_child_of_a_dynamic_combo_is_sent_under_its_full_name() -> None:
    canvas = Canvas()
    canvas.add(1, "PrimitiveInt", [5, "fixed"])
    canvas.add(2, "Encode", ["video", "av1", 30, "x"])
    canvas.join((1, 0), 2, "format.crf", "INT")
    assert inputs_of(canvas.workflow())["2"]["format.crf"] == ["1", 0]


def test_slots_of_another_choice_of_a_dynamic_combo_are_gone() -> None:
    canvas = Canvas()
    canvas.add(1, "LoadImage", ["a.png"])
    canvas.add(2, "Encode", ["none", "x"])
    canvas.add(3, "Encode", [7, "x"])
    canvas.add(4, "Encode", ["nested", "slow", "x"])
    canvas.join((1, 0), 2, "format.sound", "AUDIO")
    canvas.join((1, 0), 3, "format.sound", "AUDIO")
    canvas.join((1, 0), 4, "format.how.speed", "AUDIO")
    canvas.join((1, 0), 4, "formatted", "AUDIO")
    sent = inputs_of(canvas.workflow())
    assert (sent["2"], sent["3"]) == ({"format": "none", "name": "x"}, {"format": 7, "name": "x"})
    assert "format.how.speed" not in sent["4"]
    assert sent["4"]["formatted"] == ["1", 0]


def test_slots_that_grow_are_sent_when_linked_under_their_own_names() -> None:
    canvas = Canvas()
    canvas.add(1, "LoadImage", ["a.png"])
    canvas.add(2, "Batch")
    canvas.slot(2, "images.image1", "IMAGE")
    canvas.join((1, 0), 2, "images.image0", "IMAGE")
    canvas.join((1, 0), 2, "images.image2", "IMAGE")
    assert inputs_of(canvas.workflow())["2"] == {
        "images.image0": ["1", 0],
        "images.image2": ["1", 0],
    }


def test_slots_that_grow_below_a_dynamic_combo_are_sent_too() -> None:
    canvas = Canvas()
    canvas.add(1, "LoadImage", ["a.png"])
    canvas.add(2, "Encode", ["video", "av1", 30, "x"])
    canvas.join((1, 0), 2, "format.frames.frame3", "IMAGE")
    assert inputs_of(canvas.workflow())["2"]["format.frames.frame3"] == ["1", 0]


def test_slots_that_grow_of_an_unknown_shape_are_sent_too() -> None:
    canvas = Canvas()
    canvas.add(1, "LoadImage", ["a.png"])
    canvas.add(2, "Shapeless")
    canvas.join((1, 0), 2, "any.1", "IMAGE")
    assert inputs_of(canvas.workflow())["2"] == {"any.1": ["1", 0]}
