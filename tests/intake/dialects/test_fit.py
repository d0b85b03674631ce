"""What a dialect says of a parameter, held against the graph."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.graph.json_value import Json
from gateway.graph.object_info import parse_definitions
from gateway.graph.prompt import Node, Prompt
from gateway.intake.dialects.drafts import OutputDraft, ParameterDraft, ServiceDraft
from gateway.intake.dialects.fit import Fitted, fit_services
from gateway.intake.dialects.notes import Note, Spot
from gateway.intake.entry import ParameterEntry
from gateway.services.model import Defaulted, GraphFile, LeftOut, Limits, Required

SAMPLER = Node(
    "KSampler", {"seed": 1, "steps": 4, "cfg": 7, "add_noise": True, "sampler_name": "euler"}
)
GRAPH: Prompt = {"3": SAMPLER, "1": Node("LoadImage", {"image": "a.png"}), "2": Node("Empty", {})}
KNOWN: dict[str, Json] = {
    "KSampler": {
        "input": {
            "required": {
                "steps": ["INT", {"min": 1, "max": 100}],
                "sampler_name": [["euler", "heun"], {}],
            }
        }
    }
}


def fitted(*parameters: ParameterDraft, prompt: Prompt = GRAPH, **keys: Any) -> Fitted:
    draft = ServiceDraft("draw", "draw.json", prompt, Spot("f.json"), parameters=parameters, **keys)
    return fit_services([draft], parse_definitions(KNOWN))


def fit(
    widget: str, node_id: str = "3", more: tuple[tuple[str, str], ...] = (), **keys: Any
) -> tuple[ParameterEntry | None, list[Note]]:
    spot = Spot("f.json")
    draft = ParameterDraft("p", ((node_id, widget), *more), spot, **keys)
    entries = fitted(draft).entries
    return next(iter(entries[0].parameters), None), spot.notes


@pytest.mark.parametrize(
    ("widget", "given", "kept"),
    [
        ("steps", "20", 20),
        ("steps", 20.0, 20),
        ("cfg", "6.5", 6.5),
        ("add_noise", "False", False),
        ("sampler_name", "heun", "heun"),
        ("text", 5, "5"),
    ],
)
def test_a_default_is_written_as_its_type_has_it(widget: str, given: Json, kept: Json) -> None:
    prompt: Prompt = {"3": Node("KSampler", {**SAMPLER.inputs, "text": "a"})}
    draft = ParameterDraft("p", (("3", widget),), Spot("f.json"), default=(given,))
    (parameter,) = fitted(draft, prompt=prompt).entries[0].parameters
    assert parameter.supply == Defaulted(kept)


@pytest.mark.parametrize(
    ("widget", "keys", "said"),
    [
        ("steps", {"default": ("many",)}, "the default"),
        ("add_noise", {"default": ("maybe",)}, "the default"),
        ("steps", {"limits": Limits(minimum=0)}, "the minimum"),
        ("steps", {"limits": Limits(maximum=1000)}, "the maximum"),
        ("sampler_name", {"choices": ("euler", "mine")}, "the list of choices"),
    ],
)
def test_what_does_not_fit_is_left_out_and_the_rest_stays(
    widget: str, keys: dict[str, Any], said: str
) -> None:
    parameter, notes = fit(widget, **keys)
    assert parameter is not None
    assert parameter.supply == LeftOut()
    assert parameter.limits == Limits()
    assert parameter.choices is None
    assert [each.code for each in notes] == ["migrate-not-carried"]
    assert f"{said} is left out" in notes[0].message


def test_a_target_that_is_not_there_leaves_the_others() -> None:
    parameter, notes = fit("steps", more=(("77", "steps"), ("3", "steps")))
    assert parameter is not None
    assert [each.widget for each in parameter.targets] == ["steps"]
    assert [each.code for each in notes] == ["migrate-binding-lost"]


def test_targets_of_different_kinds_lose_the_last_one() -> None:
    parameter, notes = fit("steps", more=(("3", "add_noise"),))
    assert parameter is not None
    assert [each.widget for each in parameter.targets] == ["steps"]
    assert "its last target is left out" in notes[0].message


def test_a_type_that_one_of_the_targets_does_not_take_is_left_out() -> None:
    parameter, notes = fit("cfg", more=(("3", "steps"),), type="number")
    assert parameter is not None
    assert parameter.type is None
    assert "the type is left out" in notes[0].message


def test_a_parameter_without_any_widget_is_left_out() -> None:
    parameter, notes = fit("gone", type="integer")
    assert parameter is None
    assert "the parameter is left out" in notes[0].message


def test_a_number_stays_whole_where_its_definition_says_so() -> None:
    steps, _ = fit("steps", type="number")
    assert steps is not None
    assert steps.type is None
    cfg, _ = fit("cfg", type="number")
    assert cfg is not None
    assert cfg.type == "number"


def test_a_fraction_speaks_for_a_number_where_nothing_else_does() -> None:
    seed, _ = fit("seed", default=(0.5,))
    assert seed is not None
    assert (seed.type, seed.supply) == ("number", Defaulted(0.5))


def test_a_whole_number_may_be_asked_of_a_widget_of_fractions() -> None:
    prompt: Prompt = {"3": Node("KSampler", {"cfg": 7.5})}
    draft = ParameterDraft("p", (("3", "cfg"),), Spot("f.json"), type="integer")
    (parameter,) = fitted(draft, prompt=prompt).entries[0].parameters
    assert parameter.type == "integer"


def test_the_word_random_is_no_default_of_a_text() -> None:
    parameter, notes = fit("sampler_name", default=("random",))
    assert parameter is not None
    assert parameter.supply == LeftOut()
    assert "`random`" in notes[0].message


@pytest.mark.parametrize(
    ("keys", "supply", "codes"),
    [
        ({"required": True}, Required(), []),
        ({}, GraphFile(), []),
        ({"default": ("a.png",)}, GraphFile(), []),
        ({"default": ("b.png",)}, GraphFile(), ["migrate-not-carried"]),
        ({"type": "file"}, GraphFile(), []),
        ({"type": "string"}, GraphFile(), ["migrate-changed"]),
    ],
)
def test_a_file_is_required_or_the_graph_s_own(
    keys: dict[str, Any], supply: object, codes: list[str]
) -> None:
    parameter, notes = fit("image", "1", **keys)
    assert parameter is not None
    assert parameter.supply == supply
    assert [each.code for each in notes] == codes


def test_choices_are_told_apart_as_json_and_lists_are_none() -> None:
    parameter, notes = fit("steps", choices=(1, "2", 2.0, 1, [3]))
    assert parameter is not None
    assert parameter.choices == (1, 2)
    assert "no text, number or boolean" in notes[0].message


def test_what_has_no_name_cannot_be_bound() -> None:
    prompt: Prompt = {"": Node("Show", {"": 1, "size": 2}), "3": SAMPLER}
    spot = Spot("f.json")
    nameless = ParameterDraft("p", (("", "size"), ("3", " ")), spot)
    half = ParameterDraft("q", (("", "size"), ("3", "steps")), spot)
    output = OutputDraft("out", "", spot)
    (entry,) = fitted(nameless, half, prompt=prompt, outputs=(output,)).entries
    assert [each.name for each in entry.parameters] == ["q"]
    assert len(entry.parameters[0].targets) == 1
    assert entry.outputs == ()
    assert [each.code for each in spot.notes] == ["migrate-binding-lost"] * 3


def test_many_things_are_mended_in_a_few_passes() -> None:
    spot = Spot("f.json")
    parameters = [
        ParameterDraft(f"p{number}", ((str(number), "gone"),), spot) for number in range(1000)
    ]
    entries = fitted(*parameters).entries
    assert entries[0].parameters == ()
    assert len(spot.notes) == 1000


def test_outputs_have_names_of_their_own() -> None:
    spot = Spot("f.json")
    outputs = (OutputDraft("My Picture", "2", spot), OutputDraft("my_picture", "1", spot))
    (entry,) = fitted(outputs=outputs).entries
    assert [each.name for each in entry.outputs] == ["my_picture", "my_picture_2"]
    assert [each.code for each in spot.notes] == ["migrate-renamed"] * 2


def test_a_file_s_name_is_kept_as_long_as_no_other_graph_has_it() -> None:
    other: Prompt = {"1": Node("Empty", {})}
    drafts = [
        ServiceDraft(name, file, prompt, Spot("f.json"))
        for name, file, prompt in (
            ("one", "deep/folder/Draw.json", GRAPH),
            ("two", "Draw.json", GRAPH),
            ("three", "draw.json", GRAPH),
            ("four", "Draw.json", other),
            ("five", "../..:/…", other),
        )
    ]
    fitted = fit_services(drafts, {})
    assert [each.workflow for each in fitted.entries] == [
        "Draw.json",
        "Draw.json",
        "draw_2.json",
        "Draw_3.json",
        "five.json",
    ]


def test_texts_lose_what_no_file_can_hold() -> None:
    entry = fitted(title="\x00\ud800", description="one\ntwo\x07\ufeff ").entries[0]
    assert (entry.title, entry.description) == (None, "one\ntwo")
