"""What a ComfyUI would refuse in a prompt, told before it is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.graph.check import Problem, check_prompt, remarks_on
from gateway.graph.definitions import Definition, Definitions
from gateway.graph.json_value import Json
from gateway.graph.object_info import parse_definitions
from gateway.graph.prompt import Node, Prompt, parse_prompt
from gateway.graph.replacements import parse_replacements

WORKFLOWS = Path(__file__).parents[2] / "workflows"


def graph(**changed: Json) -> Prompt:
    inputs: dict[str, Json] = {
        "seed": 1,
        "steps": 20,
        "cfg": 7.0,
        "sampler_name": "euler",
        "scheduler": "normal",
        "denoise": 1.0,
        "model": ["4", 0],
        "positive": ["6", 0],
        "negative": ["6", 0],
        "latent_image": ["5", 0],
    }
    return {
        "3": Node("KSampler", {k: v for k, v in {**inputs, **changed}.items() if v is not None}),
        "4": Node("CheckpointLoaderSimple", {"ckpt_name": "tiny-sd15.safetensors"}),
        "5": Node("EmptyLatentImage", {"width": 512, "height": 512, "batch_size": 1}),
        "6": Node("CLIPTextEncode", {"text": "x", "clip": ["4", 1]}),
        "8": Node("VAEDecode", {"samples": ["3", 0], "vae": ["4", 2]}),
        "9": Node("SaveImage", {"images": ["8", 0], "filename_prefix": "x"}),
    }


def messages(prompt: Prompt, definitions: Definitions) -> list[tuple[str, str, str]]:
    return [
        (each.code, each.node_id, each.input_name) for each in check_prompt(prompt, definitions)
    ]


def test_a_graph_that_comfyui_takes_has_no_problems(definitions: Definitions) -> None:
    assert check_prompt(graph(), definitions) == ()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"steps": 0}, "widget-out-of-limits"),
        ({"steps": 10001}, "widget-out-of-limits"),
        ({"steps": "10001"}, "widget-out-of-limits"),
        ({"cfg": 100.5}, "widget-out-of-limits"),
        ({"steps": "many"}, "widget-value-refused"),
        ({"steps": {}}, "widget-value-refused"),
        ({"steps": "20.5"}, "widget-value-refused"),
        ({"denoise": "high"}, "widget-value-refused"),
        ({"sampler_name": ["4", 0]}, "link-type-mismatch"),
        ({"steps": ["4", 0]}, "link-type-mismatch"),
        ({"model": ["5", 0]}, "link-type-mismatch"),
        ({"model": "a model"}, "input-not-linked"),
        ({"sampler_name": "eulr"}, "widget-option-unknown"),
        ({"sampler_name": {"__value__": "eulr"}}, "widget-option-unknown"),
        ({"denoise": None}, "input-missing"),
        ({"model": ["4", 3]}, "link-slot-missing"),
        ({"model": ["4", -1]}, "link-slot-missing"),
    ],
)
def test_what_comfyui_would_refuse_is_told(
    definitions: Definitions, changed: dict[str, Json], code: str
) -> None:
    assert messages(graph(**changed), definitions) == [(code, "3", *changed)]


@pytest.mark.parametrize(
    "changed",
    [{"steps": "20"}, {"steps": True}, {"steps": 20.5}, {"unknown": 3}],
)
def test_what_comfyui_converts_or_ignores_is_no_problem(
    definitions: Definitions, changed: dict[str, Json]
) -> None:
    assert check_prompt(graph(**changed), definitions) == ()


def test_a_message_names_node_input_and_what_is_valid(definitions: Definitions) -> None:
    (problem,) = check_prompt(graph(scheduler="normale"), definitions)
    assert problem == Problem(
        code="widget-option-unknown",
        node_id="3",
        class_type="KSampler",
        input_name="scheduler",
        message="`scheduler` of node 3 (KSampler) is 'normale', not one of: 'simple', 'sgm_uniform', "
        "'karras', 'exponential', 'ddim_uniform', 'beta', 'normal', 'linear_quadratic', 'kl_optimal'",
        found="normale",
        near=("normal",),
    )


def test_a_long_list_is_cut_and_counted(definitions: Definitions) -> None:
    (problem,) = check_prompt(graph(sampler_name="?"), definitions)
    assert problem.message.endswith("'dpm_fast' … (44 in all)")


@pytest.mark.parametrize(
    ("count", "ending"),
    [(12, "one of: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"), (13, " (13 in all)")],
)
def test_a_list_is_cut_where_more_than_twelve_would_be_shown(count: int, ending: str) -> None:
    options: Json = list(range(count))
    definitions = parse_definitions(
        {"X": {"input": {"required": {"a": [options, {}]}}, "output_node": True}}
    )
    (problem,) = check_prompt({"1": Node("X", {"a": "b"})}, definitions)
    assert problem.message.endswith(ending)


def test_a_missing_input_is_told_with_its_node(definitions: Definitions) -> None:
    assert check_prompt(graph(denoise=None), definitions) == (
        Problem(
            code="input-missing",
            node_id="3",
            class_type="KSampler",
            input_name="denoise",
            message="node 3 (KSampler) needs an input `denoise`, and has none",
        ),
    )


def test_a_link_to_an_output_that_is_not_there_is_told_with_both_nodes(
    definitions: Definitions,
) -> None:
    assert check_prompt(graph(model=["4", 3]), definitions) == (
        Problem(
            code="link-slot-missing",
            node_id="3",
            class_type="KSampler",
            input_name="model",
            message="`model` of node 3 (KSampler) comes from output 3 of node 4 "
            "(CheckpointLoaderSimple), which has 3, counted from 0",
        ),
    )


def test_inputs_after_one_nothing_is_known_of_are_looked_at() -> None:
    definitions = parse_definitions(
        {"X": {"input": {"required": {"a": [["b"], {}]}}, "output_node": True}}
    )
    prompt: Prompt = {"1": Node("X", {"extra": 3, "a": "c"})}
    assert messages(prompt, definitions) == [("widget-option-unknown", "1", "a")]


def test_an_input_that_a_chosen_option_brings_is_looked_at(definitions: Definitions) -> None:
    prompt: Prompt = {
        "1": Node("EmptyAudio", {"duration": 1.0, "sample_rate": 44100, "channels": 2}),
        "2": Node(
            "SaveAudioAdvanced",
            {
                "audio": ["1", 0],
                "filename_prefix": "x",
                "format": "mp3",
                "format.quality": "no such quality",
            },
        ),
    }
    assert messages(prompt, definitions) == [("widget-option-unknown", "2", "format.quality")]


def test_a_list_without_options_says_so() -> None:
    definitions = parse_definitions(
        {"X": {"input": {"required": {"a": [[], {}]}}, "output_node": True}}
    )
    (problem,) = check_prompt({"1": Node("X", {"a": "b"})}, definitions)
    assert problem.message.endswith("not one of: (none)")


def test_an_unknown_class_is_told_with_its_nearest(definitions: Definitions) -> None:
    problems = check_prompt(
        {"1": Node("KSamplr", {}), "2": Node("Mystery9", {}, "The mystery")}, definitions
    )
    assert problems == tuple(
        Problem("node-class-missing", node_id, class_type, "", message, found=class_type, near=near)
        for node_id, class_type, message, near in (
            (
                "1",
                "KSamplr",
                "node 1: ComfyUI has no node class KSamplr; did you mean KSampler?",
                ("KSampler",),
            ),
            (
                "2",
                "Mystery9",
                (
                    'node 2 "The mystery": ComfyUI has no node class Mystery9; its custom nodes may '
                    "not be installed"
                ),
                (),
            ),
        )
    )


def test_a_graph_that_leaves_nothing_is_told(definitions: Definitions) -> None:
    prompt: Prompt = {"1": Node("EmptyLatentImage", {"width": 64, "height": 64, "batch_size": 1})}
    assert check_prompt(prompt, definitions) == (
        Problem(
            code="graph-without-output",
            node_id="",
            class_type="",
            input_name="",
            message="no node of the graph is an output node, so there is nothing to run",
        ),
    )


def test_a_link_to_a_class_nothing_is_known_of_is_believed() -> None:
    definitions = {"Save": Definition("Save", {}, output_node=True)}
    prompt: Prompt = {"1": Node("Custom", {}), "2": Node("Save", {"a": ["1", 7], "b": ["x", 0]})}
    assert messages(prompt, definitions) == [("node-class-missing", "1", "")]


def test_what_a_chosen_option_needs_is_needed(definitions: Definitions) -> None:
    inputs: dict[str, Json] = {"audio": ["1", 0], "filename_prefix": "x", "format": "mp3"}
    prompt: Prompt = {
        "1": Node("EmptyAudio", {"duration": 1.0, "sample_rate": 44100, "channels": 2}),
        "2": Node("SaveAudioAdvanced", inputs),
    }
    assert messages(prompt, definitions) == [("input-missing", "2", "format.quality")]
    inputs["format"] = "flac"
    assert messages(prompt, definitions) == []
    inputs["format"] = "new in the next version"
    assert messages(prompt, definitions) == [("widget-option-unknown", "2", "format")]
    del inputs["format"]
    assert messages(prompt, definitions) == [("input-missing", "2", "format")]


def test_an_upload_widget_may_name_any_file(definitions: Definitions) -> None:
    prompt: Prompt = {
        "1": Node("LoadImage", {"image": "gateway/ab.png"}),
        "2": Node("PreviewImage", {"images": ["1", 0]}),
    }
    assert check_prompt(prompt, definitions) == ()


def test_the_shipped_text_to_image_fits_its_definitions(definitions: Definitions) -> None:
    prompt = parse_prompt(json.loads((WORKFLOWS / "text_to_image.json").read_text("utf-8")))
    # Only the checkpoint is another machine's.
    assert messages(prompt, definitions) == [("widget-option-unknown", "4", "ckpt_name")]


def test_a_link_of_another_type_is_told_with_what_would_fit(definitions: Definitions) -> None:
    (problem,) = check_prompt(graph(latent_image=["4", 2]), definitions)
    assert problem.message == (
        "`latent_image` of node 3 (KSampler) comes from output 2 of node 4 (CheckpointLoaderSimple), "
        "which gives VAE; it takes LATENT"
    )
    (problem,) = check_prompt(graph(model=["4", 1]), definitions)
    assert problem.message.endswith("which gives CLIP; it takes MODEL; its output 0 would fit")
    assert (problem.found, problem.near) == ("CLIP", ())


def test_a_value_where_only_a_link_can_be_is_told(definitions: Definitions) -> None:
    (problem,) = check_prompt(graph(model="x" * 100), definitions)
    assert problem.message == (
        "`model` of node 3 (KSampler) takes a link (MODEL), and holds a value"
    )
    assert problem.found == "x" * 79 + "…"
    nothing: dict[str, Json] = {**graph()["3"].inputs, "model": None}
    assert check_prompt({**graph(), "3": Node("KSampler", nothing)}, definitions) == ()


def test_a_type_of_a_pack_may_have_a_widget_that_nobody_here_knows() -> None:
    definitions = parse_definitions(
        {"X": {"input": {"required": {"a": ["MY_TYPE", {}]}}, "output_node": True}}
    )
    assert check_prompt({"1": Node("X", {"a": 3})}, definitions) == ()


def test_what_no_output_needs_is_not_looked_at(definitions: Definitions) -> None:
    aside = {"20": Node("KSampler", {"steps": 0}), "21": Node("Gone", {})}
    assert messages({**graph(), **aside}, definitions) == [("node-class-missing", "21", "")]


def test_people_write_the_options_of_some_combos_themselves() -> None:
    raw: dict[str, Json] = {
        "CustomCombo": {
            "input": {"required": {"choice": ["COMBO", {"options": []}]}},
            "output_node": True,
        }
    }
    prompt: Prompt = {"1": Node("CustomCombo", {"choice": "mine"})}
    assert check_prompt(prompt, parse_definitions(raw)) == ()


REPLACED: dict[str, Json] = {
    "OldNode": [
        {
            "new_node_id": "EmptyLatentImage",
            "old_node_id": "OldNode",
            "input_mapping": [
                {"new_id": "width", "old_id": "w"},
                {"new_id": "height", "old_id": "height"},
                {"new_id": "batch_size", "set_value": 1},
            ],
            "output_mapping": None,
        }
    ]
}


def test_a_class_that_comfyui_replaces_is_a_warning_with_what_becomes_of_it(
    definitions: Definitions,
) -> None:
    prompt = {**graph(), "5": Node("OldNode", {"w": 64, "height": 64})}
    assert check_prompt(prompt, definitions, parse_replacements(REPLACED)) == (
        Problem(
            code="node-class-replaced",
            node_id="5",
            class_type="OldNode",
            input_name="",
            message="node 5 (OldNode): ComfyUI no longer has OldNode and runs EmptyLatentImage in its "
            "place (`w` becomes `width`, `batch_size` is 1)",
            severity="warning",
            found="OldNode",
            near=("EmptyLatentImage",),
        ),
    )


def test_a_replacement_that_changes_no_input_says_no_more(definitions: Definitions) -> None:
    replacements = parse_replacements({"OldNode": [{"new_node_id": "EmptyLatentImage"}]})
    (problem,) = check_prompt({**graph(), "5": Node("OldNode", {})}, definitions, replacements)
    assert problem.message.endswith("runs EmptyLatentImage in its place")


def test_a_replacement_that_is_not_there_itself_helps_nobody(definitions: Definitions) -> None:
    replacements = parse_replacements({"OldNode": [{"new_node_id": "AlsoGone"}]})
    prompt = {**graph(), "5": Node("OldNode", {})}
    assert [each.code for each in check_prompt(prompt, definitions, replacements)] == [
        "node-class-missing"
    ]


def test_what_authors_say_of_their_nodes_is_passed_on() -> None:
    definitions = parse_definitions(
        {
            "Old": {"input": {}, "deprecated": True},
            "New": {"input": {}, "experimental": True},
            "Both": {"input": {}, "deprecated": True, "experimental": True},
            "Good": {"input": {}},
        }
    )
    prompt: Prompt = {
        "1": Node("Old", {}, "Mine"),
        "2": Node("New", {}),
        "3": Node("Both", {}),
        "4": Node("Good", {}),
        "5": Node("Unknown", {}),
    }
    replacements = parse_replacements({"Old": [{"new_node_id": "Newer"}]})
    assert [
        (each.code, each.message, each.near)
        for each in remarks_on(prompt, definitions, replacements)
    ] == [
        (
            "node-deprecated",
            'node 1 (Old "Mine") is marked deprecated; Newer is to take its place',
            ("Newer",),
        ),
        (
            "node-experimental",
            "node 2 (New) is marked experimental: it may change or go with the next version",
            (),
        ),
        ("node-deprecated", "node 3 (Both) is marked deprecated", ()),
        (
            "node-experimental",
            "node 3 (Both) is marked experimental: it may change or go with the next version",
            (),
        ),
    ]
    assert len(remarks_on(prompt, definitions)) == 4
    assert {(each.node_id, each.class_type, each.input_name, each.severity, each.found) for each in
            remarks_on(prompt, definitions)} == {
        ("1", "Old", "", "warning", "Old"),
        ("2", "New", "", "warning", "New"),
        ("3", "Both", "", "warning", "Both"),
    }  # fmt: skip
    several = parse_replacements({"Old": [{"new_node_id": "Newer"}, {"new_node_id": "Newest"}]})
    assert remarks_on(prompt, definitions, several)[0].near == ("Newer",)


def test_a_choice_within_a_choice_that_is_left_out_is_not_missed() -> None:
    codec: dict[str, Json] = {"options": [{"key": "auto", "inputs": {"required": {}}}]}
    inner: Json = {"required": {"codec": ["COMFY_DYNAMICCOMBO_V3", codec], "crf": ["INT", {}]}}
    outer: dict[str, Json] = {"options": [{"key": "auto", "inputs": inner}]}
    raw: dict[str, Json] = {
        "Save": {
            "input": {"required": {"format": ["COMFY_DYNAMICCOMBO_V3", outer]}},
            "output_node": True,
        }
    }
    prompt: Prompt = {"1": Node("Save", {"format": "auto", "codec": "auto"})}
    assert messages(prompt, parse_definitions(raw)) == [("input-missing", "1", "format.crf")]
