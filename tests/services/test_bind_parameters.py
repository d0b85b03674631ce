"""Parameters bound to widgets: types, options, files, and choices as maps."""

from __future__ import annotations

import pytest

from gateway.errors import Finding
from gateway.graph.json_value import Json
from gateway.graph.prompt import Node, Prompt
from gateway.services.bound import BoundParameter
from gateway.services.model import (
    Defaulted,
    Drawn,
    Fixed,
    GraphFile,
    LeftOut,
    Parameter,
    ParameterType,
    Required,
    Supply,
)
from tests.definitions.recorded import DEFINITIONS
from tests.services.building import PLACE, bound, choices, codes, findings, parameter

MEDIA: Prompt = {
    "1": Node("LoadImage", {"image": "example.png"}),
    "2": Node("LoadAudio", {"audio": "s.flac"}),
    "3": Node("Custom", {"nothing": None, "file": "photo.png", "tags": {"__value__": ["a"]}}),
    "4": Node("CurveEditor", {"curve": {"points": [[0, 0]], "interpolation": "linear"}}),
    "5": Node("TextOverlay", {"color": "#ffffff"}),
    "6": Node("LTXVEmptyLatentAudio", {"frame_rate": 25}),
    "7": Node("SaveVideo", {"format": "mp4", "filename_prefix": "v", "video": ["1", 0]}),
    "8": Node("LoraLoader", {"lora_name": "mine.safetensors", "strength_model": 1}),
    "9": Node("LoraLoader", {"lora_name": "mine.safetensors", "strength_model": 1}),
    "10": Node("Painter", {"mask": "painter/x.png [input]", "bg_color": "#000000"}),
}


def only(*parameters: Parameter, prompt: Prompt = MEDIA) -> BoundParameter:
    service = bound(*parameters, prompt=prompt)
    return service.parameters[0]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("1.image", "image"),
        ("2.audio", "audio"),
        ("3.file", "image"),
        ("10.mask", "image"),
    ],
)
def test_a_widget_that_names_an_upload_is_a_file(path: str, kind: ParameterType) -> None:
    found = only(parameter("p", path, supply=Required()))
    assert found.type == kind
    assert found.options is None
    assert not found.lives_on_backend


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("3.tags", "array"),
        ("4.curve", "object"),
        ("5.color", "string"),
        ("6.frame_rate", "number"),
        ("7.format", "string"),
        ("8.strength_model", "number"),
    ],
)
def test_a_type_comes_from_the_definition_or_else_the_value(path: str, kind: ParameterType) -> None:
    assert only(parameter("p", path)).type == kind


def test_a_combo_has_its_options_and_a_dynamic_one_its_keys() -> None:
    sampler = bound(parameter("p", "3.scheduler")).parameters[0]
    assert sampler.options is not None
    assert sampler.options[:2] == ("simple", "sgm_uniform")
    container = only(parameter("p", "7.format"))
    assert container.options is not None
    assert {"mp4", "webm"} <= set(container.options)


def test_choices_as_a_list_narrow_a_combo() -> None:
    found = bound(parameter("p", "3.sampler_name", choices=("heun", "euler"))).parameters[0]
    assert found.options == ("heun", "euler")


def test_choices_outside_a_combo_are_refused_each() -> None:
    found = findings(parameter("p", "3.sampler_name", choices=("eulr", "heun", 3)))
    assert [each.code for each in found] == ["binding-choice-unknown"] * 2
    assert found[0].message.startswith('a choice must be one of "euler", ')
    assert found[0].message.endswith('found "eulr"; did you mean "euler"?')


def test_files_of_a_backend_are_marked_and_may_be_narrowed_to_any() -> None:
    found = only(parameter("p", "8.lora_name"))
    assert found.lives_on_backend
    assert found.options == ("tiny-lora.safetensors",)
    narrowed = only(parameter("p", "8.lora_name", choices=("other.safetensors",)))
    assert narrowed.options == ("other.safetensors",)
    assert narrowed.lives_on_backend


def test_a_parameter_of_several_widgets_has_the_options_of_all() -> None:
    prompt: Prompt = {
        "1": Node("ImageScale", {"upscale_method": "area"}),
        "2": Node("KSampler", {"scheduler": "normal"}),
    }
    same = only(parameter("p", "8.lora_name", "9.lora_name"))
    assert [each.key for each in same.widgets] == [("8", "lora_name"), ("9", "lora_name")]
    assert same.options == ("tiny-lora.safetensors",)
    assert only(parameter("p", "1.upscale_method", "2.scheduler"), prompt=prompt).options == ()


def test_widgets_of_different_types_do_not_share_a_parameter() -> None:
    (finding,) = findings(parameter("p", "3.steps", "6.text"))
    assert finding == Finding(
        "binding-type-mismatch",
        '`text` of node 6 (CLIPTextEncode "Positive") takes string, not integer',
        PLACE,
        service="draw",
        parameter="p",
        found="integer",
        mend="Use `type: string`, or leave `type` out.",
    )


@pytest.mark.parametrize(
    ("path", "declared", "fits"),
    [
        ("3.cfg", "integer", True),
        ("3.steps", "number", False),
        ("3.steps", "string", False),
        ("6.text", "image", True),
        ("6.text", "integer", False),
        ("3.sampler_name", "boolean", False),
        ("3.sampler_name", "image", False),
    ],
)
def test_a_declared_type_must_fit_the_widget(
    path: str, declared: ParameterType, fits: bool
) -> None:
    given = parameter("p", path, type=declared, supply=Required())
    assert codes(given) == ([] if fits else ["binding-type-mismatch"])


@pytest.mark.parametrize(
    ("path", "declared", "fits"),
    [("1.image", "mask", True), ("1.image", "audio", False), ("2.audio", "video", True)],
)
def test_a_file_of_another_kind_fits_where_the_node_reads_it(
    path: str, declared: ParameterType, fits: bool
) -> None:
    given = parameter("p", path, type=declared, supply=Required())
    assert codes(given, prompt=MEDIA) == ([] if fits else ["binding-type-mismatch"])


def test_without_a_definition_the_graphs_value_decides_what_fits() -> None:
    assert codes(parameter("p", "3.steps", type="number"), definitions={}) == []
    assert codes(parameter("p", "3.steps", type="string"), definitions={}) == [
        "binding-type-mismatch"
    ]


def test_null_without_a_definition_needs_a_type() -> None:
    (finding,) = findings(parameter("p", "3.nothing"), prompt=MEDIA)
    assert finding.code == "binding-type-unknown"
    assert "holds null in `nothing` of node 3 (Custom)" in finding.message
    assert only(parameter("p", "3.nothing", type="object")).type == "object"


# --- callers' text never reaches a file widget ----------------------------------------------------


@pytest.mark.parametrize("path", ["1.image", "2.audio", "3.file", "10.mask"])
def test_plain_text_is_refused_for_a_widget_that_names_a_file(path: str) -> None:
    (finding,) = findings(parameter("p", path, type="string"), prompt=MEDIA)
    assert finding.code == "binding-file-as-text"
    assert "callers' text must not reach it unchecked" in finding.message
    assert finding.mend is not None
    assert "`choices`" in finding.mend


@pytest.mark.parametrize("path", ["1.image", "3.file"])
def test_an_authors_list_of_files_may_be_offered(path: str) -> None:
    found = only(parameter("p", path, type="string", choices=("a.png", "b.png")))
    assert found.options == ("a.png", "b.png")


@pytest.mark.parametrize("path", ["1.image", "3.file"])
def test_a_template_never_writes_a_file_name(path: str) -> None:
    assert "template-not-text" in codes(
        parameter("p", path, template="{{ p }}", supply=Required()), prompt=MEDIA
    )


# --- no widget ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("supply", "kind"),
    [
        (Defaulted("oil"), "string"),
        (Defaulted(3), "integer"),
        (Defaulted(True), "boolean"),
        (Fixed(0.5), "number"),
        (Fixed(None), "string"),
        (Drawn(), "integer"),
        (Required(), "string"),
        (LeftOut(), "string"),
    ],
)
def test_a_parameter_that_feeds_templates_has_the_type_of_its_default(
    supply: Supply, kind: ParameterType
) -> None:
    user = parameter("user", "6.text", template="{{ p }}")
    resolved = findings(parameter("p", supply=supply), user)
    if supply == Fixed(None):
        assert [each.code for each in resolved] == ["binding-value-refused"]
    else:
        assert bound(parameter("p", supply=supply), user).parameters[0].type == kind


@pytest.mark.parametrize("kind", ["image", "file", "array", "object"])
def test_a_parameter_without_a_widget_is_no_file_and_no_structure(kind: ParameterType) -> None:
    (finding,) = findings(parameter("p", type=kind, supply=Required()))
    assert finding.code == "binding-type-mismatch"
    assert finding.message == (
        f"a parameter without a widget only feeds templates and cannot be {kind}"
    )


# --- default: graph -------------------------------------------------------------------------------


@pytest.mark.parametrize("supply", [Defaulted("graph"), GraphFile()])
def test_default_graph_is_the_workflows_own_file(supply: Supply) -> None:
    assert only(parameter("p", "1.image", supply=supply)).parameter.supply == GraphFile()


@pytest.mark.parametrize("supply", [Defaulted("graph"), GraphFile()])
def test_default_graph_is_a_word_for_everything_else(supply: Supply) -> None:
    found = bound(parameter("p", "6.text", supply=supply)).parameters[0]
    assert found.parameter.supply == Defaulted("graph")


# --- inputs the definition does not know ----------------------------------------------------------


def test_an_input_that_the_definition_lacks_is_bound_with_a_warning() -> None:
    prompt: Prompt = {"1": Node("KSampler", {"lora_1": "x"})}
    (finding,) = findings(parameter("p", "1.lora_1"), prompt=prompt)
    assert finding == Finding(
        "binding-widget-undeclared",
        "the definition of KSampler has no input `lora_1`; ComfyUI ignores an input that the node "
        "does not take",
        PLACE,
        "warning",
        service="draw",
        parameter="p",
        found="lora_1",
        mend="Check that the workflow was exported from the ComfyUI it will run on.",
    )
    assert bound(parameter("p", "1.lora_1"), prompt=prompt).parameters[0].type == "string"


# --- choices as a map -----------------------------------------------------------------------------


SIZES = choices(square={"5.width": 512, "5.height": 512}, wide={"5.width": 768, "5.height": 432})


def test_a_map_of_choices_is_bound_label_by_label() -> None:
    found = bound(parameter("size", choice_map=SIZES)).parameters[0]
    assert found.type == "string"
    assert found.options == ("square", "wide")
    assert found.widgets == ()
    assert [(widget.key, value) for widget, value in found.settings["wide"]] == [
        (("5", "width"), 768),
        (("5", "height"), 432),
    ]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "5.width",
            "wide",
            'choice `a` sets a widget that must be an integer from 16 to 16384, found "wide"',
        ),
        (
            "3.scheduler",
            "karas",
            (
                'choice `a` sets a widget that must be one of "simple", "sgm_uniform", "karras", '
                '"exponential", "ddim_uniform", "beta", "normal", "linear_quadratic", "kl_optimal", '
                'found "karas"; did you mean "karras"?'
            ),
        ),
    ],
)
def test_a_choice_sets_what_its_widget_takes(path: str, value: Json, message: str) -> None:
    (finding,) = findings(parameter("p", choice_map=choices(a={path: value})))
    assert finding.code == "binding-value-refused"
    assert finding.message == message


def test_a_choice_may_name_any_file_of_a_backend() -> None:
    made = choices(a={"4.ckpt_name": "elsewhere.safetensors"})
    assert codes(parameter("p", choice_map=made)) == []


def test_a_choice_of_a_widget_nothing_is_known_of_is_believed() -> None:
    made = choices(a={"3.nothing": None})
    assert codes(parameter("p", choice_map=made), prompt=MEDIA) == []


def test_every_fault_of_a_map_is_told_at_once() -> None:
    made = choices(a={"3.step": 1, "77.x": 2}, b={"3.model": 1})
    assert codes(parameter("p", choice_map=made)) == [
        "binding-widget-unknown",
        "binding-node-unknown",
        "binding-widget-is-link",
    ]


def test_every_target_that_is_not_found_is_told_at_once() -> None:
    assert codes(parameter("p", "3.step", "3.steps", "3.model")) == [
        "binding-widget-unknown",
        "binding-widget-is-link",
    ]
    assert DEFINITIONS["KSampler"].hidden == frozenset()


def test_what_is_not_bound_is_not_looked_at_further() -> None:
    unbound = parameter("p", choice_map=choices(a={"3.stepz": 1}), supply=Defaulted("b"))
    assert codes(unbound) == ["binding-widget-unknown"]
    no_file = parameter("p", "3.sampler_name", type="image", choices=("x",), supply=Required())
    assert codes(no_file) == ["binding-type-mismatch"]
