"""What one ComfyUI would refuse of one service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gateway.graph.definitions import Combo, Definition, Definitions, InputDefinition
from gateway.graph.json_value import Json
from gateway.graph.object_info import parse_definitions
from gateway.graph.prompt import Node, Prompt
from gateway.graph.replacements import Replacement
from gateway.services.bound import BoundService
from gateway.services.model import (
    ById,
    Defaulted,
    Example,
    Fixed,
    Kind,
    Limits,
    OutputRule,
    Required,
)
from gateway.services.objections import Objection, Told, objections_to
from tests.definitions.recorded import DEFINITIONS
from tests.services.building import PLACE, TEXT_TO_IMAGE, bound, choices, parameter

FROM = Node("CheckpointLoaderSimple", {"ckpt_name": "sd15/tiny-sd15.ckpt"})


def with_models(*names: str, definitions: Definitions = DEFINITIONS) -> Definitions:
    """Return definitions with these checkpoints."""
    loader = definitions["CheckpointLoaderSimple"]
    combo = InputDefinition("ckpt_name", Combo(names))
    return {**definitions, loader.class_type: replace(loader, inputs={"ckpt_name": combo})}


def changed(class_type: str, **fields: Json) -> Definitions:
    """Return definitions in which the author says something else of a class."""
    definition = replace(DEFINITIONS[class_type], **fields)  # pyright: ignore[reportArgumentType]
    return {**DEFINITIONS, class_type: definition}


def without(*class_types: str) -> Definitions:
    return {name: each for name, each in DEFINITIONS.items() if name not in class_types}


def told(
    service: BoundService, definitions: Definitions, **more: Mapping[str, str]
) -> list[Objection]:
    return list(objections_to(service, Told("studio", definitions, **more)))  # type: ignore[arg-type]


def codes(service: BoundService, definitions: Definitions = DEFINITIONS) -> list[str]:
    return [each.code for each in told(service, definitions)]


def test_a_service_that_fits_has_nothing_said_of_it() -> None:
    service = bound(
        parameter("prompt", "6.text", supply=Required()),
        parameter("steps", "3.steps", supply=Defaulted(20), limits=Limits(1, 50)),
        outputs=[OutputRule("image", ById("9"), PLACE, "image", 1)],
    )
    assert codes(service) == []


# --- the graph ------------------------------------------------------------------------------------


def test_a_class_that_is_not_there_is_told_with_the_pack_that_has_it() -> None:
    (refused,) = told(bound(), without("VAEDecode"), packs={"VAEDecode": "Decoder Pack"})
    assert refused == Objection(
        "node-class-missing",
        ("8", ""),
        "node 8: ComfyUI has no node class VAEDecode; did you mean VAEEncode?",
        PLACE,
        found="VAEDecode",
        mend="Install Decoder Pack there, or change w.json.",
    )


@pytest.mark.parametrize(
    ("packs", "mend"),
    [
        ({}, "Install the pack that brings it there, or change w.json."),
        (
            {"VAEDecode": "comfy-core 0.30.1"},
            "It comes with ComfyUI itself: update that, or change w.json.",
        ),
    ],
)
def test_who_brings_a_class_is_told_as_far_as_it_is_known(packs: dict[str, str], mend: str) -> None:
    (refused,) = told(bound(), without("VAEDecode"), packs=packs)
    assert refused.mend == mend


def test_a_replaced_class_is_a_warning_with_the_new_one() -> None:
    replacement = Replacement("VAEDecode", "VAEEncode", {}, {})
    backend = Told("studio", without("VAEDecode"), {"VAEDecode": (replacement,)})
    (refused,) = objections_to(bound(), backend)
    assert (refused.code, refused.severity) == ("node-class-replaced", "warning")
    assert refused.mend == "Use VAEEncode in w.json."


def test_a_deprecated_class_is_a_warning() -> None:
    (refused,) = told(bound(), changed("VAEDecode", deprecated=True))
    assert (refused.code, refused.severity, refused.mend) == ("node-deprecated", "warning", "")
    (refused,) = told(bound(), changed("VAEDecode", experimental=True))
    assert (refused.code, refused.severity, refused.mend) == ("node-experimental", "warning", "")


def test_a_model_that_lies_in_another_folder_is_found() -> None:
    service = bound(prompt={**TEXT_TO_IMAGE, "4": FROM})
    (refused,) = told(service, with_models("tiny-sd15.safetensors", "other.safetensors"))
    assert refused.mend == (
        "Did you mean 'tiny-sd15.safetensors'? Install it there, or change w.json."
    )


def test_a_model_that_another_loader_offers_is_told() -> None:
    other = Definition("UNETLoader", {"n": InputDefinition("n", Combo(("sd15/tiny-sd15.ckpt",)))})
    service = bound(prompt={**TEXT_TO_IMAGE, "4": FROM})
    (refused,) = told(service, {**with_models("unlike"), "UNETLoader": other})
    assert refused.mend == ("It is there as `n` of UNETLoader. Install it there, or change w.json.")


def test_an_option_that_is_empty_is_looked_for_nowhere_else() -> None:
    service = bound(
        prompt={**TEXT_TO_IMAGE, "4": Node("CheckpointLoaderSimple", {"ckpt_name": ""})}
    )
    (refused,) = told(service, with_models("unlike"))
    assert refused.mend == "Install it there, or change w.json."


def test_a_choice_that_is_no_file_is_not_to_be_installed() -> None:
    sampler = Node("KSampler", {**TEXT_TO_IMAGE["3"].inputs, "sampler_name": "eulr"})
    (refused,) = told(bound(prompt={**TEXT_TO_IMAGE, "3": sampler}, definitions={}), DEFINITIONS)
    assert refused.mend == "Did you mean 'euler'? Change w.json."


def test_what_is_wrong_with_the_graph_itself_is_mended_in_the_editor() -> None:
    sampler = Node("KSampler", {**TEXT_TO_IMAGE["3"].inputs, "steps": 0})
    (refused,) = told(bound(prompt={**TEXT_TO_IMAGE, "3": sampler}), DEFINITIONS)
    assert refused.code == "widget-out-of-limits"
    assert refused.mend == "Correct it in ComfyUI and export w.json again."


def test_what_each_call_sets_may_be_anything_in_the_graph() -> None:
    sampler = Node("KSampler", {**TEXT_TO_IMAGE["3"].inputs, "steps": 0, "cfg": -1})
    prompt = {**TEXT_TO_IMAGE, "3": sampler}
    steps = parameter("steps", "3.steps", supply=Required())
    cfg = parameter("cfg", "3.cfg")  # left out, the graph's own value holds
    assert codes(bound(steps, cfg, prompt=prompt)) == ["widget-out-of-limits"]


def test_a_partner_node_that_is_not_pinned_is_told() -> None:
    (refused,) = told(bound(), changed("VAEDecode", api_node=True))
    assert (refused.code, refused.severity, refused.found) == (
        "workflow-paid-node",
        "warning",
        "VAEDecode",
    )
    pinned = changed("VAEDecode", api_node=True)
    assert codes(bound(definitions=pinned), pinned) == []


# --- the YAML's own values ------------------------------------------------------------------------


def test_a_default_that_a_backend_refuses_is_told_where_it_stands() -> None:
    service = bound(
        parameter("sampler", "3.sampler_name", supply=Defaulted("euler")), definitions=DEFINITIONS
    )
    sampler = DEFINITIONS["KSampler"]
    combo = InputDefinition("sampler_name", Combo(("eulers", "ddim")))
    live = {
        **DEFINITIONS,
        "KSampler": replace(sampler, inputs={**sampler.inputs, "sampler_name": combo}),
    }
    (refused,) = told(service, live)
    assert refused == Objection(
        "widget-option-unknown",
        ("sampler", "3", "sampler_name", "the default"),
        "the default: `sampler_name` of node 3 (KSampler) is 'euler', not one of: 'eulers', 'ddim'",
        PLACE,
        parameter="sampler",
        found="euler",
        mend="Did you mean 'eulers'? Give what the node takes.",
    )


def test_every_value_that_the_yaml_gives_is_looked_at() -> None:
    service = bound(
        parameter("steps", "3.steps", choices=(10, 300)),
        parameter("cfg", "3.cfg", supply=Fixed(9.0)),
        examples=(Example({"steps": 300}, PLACE), Example({}, PLACE)),
        definitions={},
    )
    live = changed("KSampler")
    sampler = live["KSampler"]
    narrow = parse_definitions(
        {
            "X": {
                "input": {
                    "required": {"steps": ["INT", {"max": 200}], "cfg": ["FLOAT", {"max": 8}]}
                }
            }
        }
    )["X"].inputs
    live = {**live, "KSampler": replace(sampler, inputs={**sampler.inputs, **narrow})}
    assert [(each.about[-1], each.found, each.mend) for each in told(service, live)] == [
        ("the choice 300", "300", "Give what the node takes."),
        ("example 1", "300", "Give what the node takes."),
        ("the fixed value", "9.0", "Give what the node takes."),
    ]


def test_a_model_that_arguments_choose_is_placed_where_it_is() -> None:
    chosen = parameter("model", "4.ckpt_name", supply=Defaulted("gone.safetensors"))
    fixed = parameter("model", "4.ckpt_name", supply=Fixed("gone.safetensors"))
    for each, avoided in ((chosen, True), (fixed, False)):
        service = bound(each, definitions={})
        (refused,) = told(service, with_models("tiny-sd15.safetensors"))
        assert refused.avoided is avoided


def test_labels_are_told_by_their_names() -> None:
    sizes = choices(small={"5.width": 64, "5.height": 64}, none={"5.width": 0, "5.height": 64})
    service = bound(parameter("size", choice_map=sizes), definitions={})
    (refused,) = told(service, DEFINITIONS)
    assert refused.about == ("size", "5", "width", "the choice 'none'")
    assert refused.message == (
        "the choice 'none': `width` of node 5 (EmptyLatentImage) is 0, below its minimum 16"
    )
    assert codes(service, without("EmptyLatentImage")) == ["node-class-missing"]


def test_limits_wider_than_the_nodes_are_told() -> None:
    wide = parameter("steps", "3.steps", limits=Limits(minimum=0, maximum=50))
    (refused,) = told(bound(wide, definitions={}), DEFINITIONS)
    assert (refused.code, refused.found) == ("binding-limit-widened", "0")
    assert refused.message == ("`minimum`: `steps` of node 3 (KSampler) is 0, below its minimum 1")


def test_an_input_that_is_not_there_is_told_with_those_that_are() -> None:
    prompt = {**TEXT_TO_IMAGE, "8": Node("VAEDecode", {**TEXT_TO_IMAGE["8"].inputs, "tiled": True})}
    service = bound(parameter("tiled", "8.tiled"), prompt=prompt, definitions={})
    (refused,) = told(service, DEFINITIONS)
    assert (refused.code, refused.severity) == ("widget-not-there", "warning")
    assert refused.message == (
        "node 8 (VAEDecode) has no input `tiled`, so what it is set to is ignored; it has: samples, vae"
    )
    assert codes(service, without("VAEDecode")) == ["node-class-missing"]


def test_an_input_that_another_choice_brings_may_be_set() -> None:
    prompt: Prompt = {
        "1": Node("EmptyAudio", {"duration": 1.0, "sample_rate": 44100, "channels": 2}),
        "2": Node(
            "SaveAudioAdvanced",
            {"audio": ["1", 0], "filename_prefix": "x", "format": "flac", "format.quality": "128k"},
        ),
    }
    quality = parameter("quality", "2.format.quality")
    assert codes(bound(quality, prompt=prompt, definitions={})) == []


def test_what_fills_a_template_is_not_known_before_a_call() -> None:
    prompt = parameter("prompt", "6.text", template="{{ prompt }}!", supply=Defaulted("x"))
    file = parameter("image", "1.image", type="image", supply=Required())
    example = Example({"image": "x"}, PLACE)
    loading = {**TEXT_TO_IMAGE, "1": Node("LoadImage", {"image": "a.png"})}
    assert "widget-option-unknown" not in codes(bound(prompt))
    service = bound(file, prompt=loading, definitions={}, examples=(example,))
    assert codes(service) == ["parameter-without-effect"]


def test_a_parameter_of_a_node_that_never_runs_is_told() -> None:
    prompt = {**TEXT_TO_IMAGE, "20": Node("CLIPTextEncode", {"text": "x", "clip": ["4", 1]})}
    both = parameter("both", "20.text", "6.text")
    alone = parameter("alone", "20.text")
    assert codes(bound(both, prompt=prompt)) == []
    (refused,) = told(bound(alone, prompt=prompt), DEFINITIONS)
    assert (refused.code, refused.severity, refused.parameter, refused.found) == (
        "parameter-without-effect",
        "warning",
        "alone",
        "20",
    )
    assert refused.message == (
        "it sets node 20 (CLIPTextEncode), which no output node needs: ComfyUI never runs it"
    )


# --- named outputs --------------------------------------------------------------------------------


def output(node_id: str, kind: Kind | None = None, index: int | None = None) -> OutputRule:
    return OutputRule("out", ById(node_id), PLACE, kind, index)


VIDEO: Prompt = {
    "1": Node("EmptyImage", {"width": 64, "height": 64, "batch_size": 1, "color": 0}),
    "2": Node("SaveWEBM", {"images": ["1", 0]}),
    "3": Node("SaveImage", {"images": ["1", 0], "filename_prefix": "x"}),
    "4": Node("AnySaver", {"images": ["1", 0]}),
    "5": Node("Cropper", {"image": ["1", 0]}),
}
SAVERS: Definitions = {
    "EmptyImage": Definition("EmptyImage", {}, outputs=("IMAGE",)),
    "SaveWEBM": Definition("SaveWEBM", {}, output_node=True),
    "SaveImage": Definition("SaveImage", {}, output_node=True),
    "AnySaver": Definition("AnySaver", {}, output_node=True),
    "Cropper": Definition("Cropper", {}, extra={"has_intermediate_output": True}),
}


@pytest.mark.parametrize(
    ("rule", "found", "said"),
    [
        (output("3", "image", 3), [], ""),
        (output("4", "audio", 3), [], ""),
        (output("2", "video", 0), [], ""),
        (
            output("1"),
            [("output-not-output-node", "error")],
            "output `out`: node 1 (EmptyImage) is no output node, so it leaves nothing",
        ),
        (
            output("5"),
            [("output-never-runs", "warning")],
            "output `out`: node 5 (Cropper) is needed by no output node, so it never runs",
        ),
        (
            output("3", "video"),
            [("output-kind-impossible", "warning")],
            "output `out`: node 3 (SaveImage) leaves image, never video",
        ),
        (
            output("2", "video", 1),
            [("output-index-impossible", "warning")],
            "output `out`: node 2 (SaveWEBM) leaves one file, so there is none at index 1",
        ),
    ],
)
def test_outputs_that_cannot_come_are_told(
    rule: OutputRule, found: list[tuple[str, str]], said: str
) -> None:
    service = bound(prompt=VIDEO, definitions={}, outputs=[rule])
    refused = [each for each in told(service, SAVERS) if each.about[0] == "out"]
    assert [(each.code, each.severity) for each in refused] == found
    assert [each.message for each in refused] == ([said] if said else [])


@pytest.mark.parametrize(
    "source", [Definition("EmptyImage", {}, outputs=("IMAGE",), lists=True), None]
)
def test_a_list_may_run_a_node_several_times(source: Definition | None) -> None:
    live = {name: each for name, each in SAVERS.items() if name != "EmptyImage"}
    live = live if source is None else {**live, "EmptyImage": source}
    service = bound(prompt=VIDEO, definitions={}, outputs=[output("2", "video", 1)])
    assert "output-index-impossible" not in codes(service, live)


def test_an_output_of_a_class_that_is_not_there_is_told_once() -> None:
    service = bound(outputs=[output("9")])
    assert codes(service, without("SaveImage")) == ["node-class-missing"]
