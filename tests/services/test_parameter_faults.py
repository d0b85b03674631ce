"""What is wrong with a parameter's own keys."""

from __future__ import annotations

import pytest

from gateway.errors import Finding, Place
from gateway.graph.json_value import Json
from gateway.graph.prompt import Node, Prompt
from gateway.services.model import (
    Defaulted,
    Drawn,
    Fixed,
    LeftOut,
    Limits,
    Required,
    Supply,
)
from tests.services.building import PLACE, choices, codes, findings, parameter

LOADER: Prompt = {"1": Node("LoadImage", {"image": "a.png"})}


def told(*paths: str, **keys: object) -> tuple[str, str]:
    (finding,) = findings(parameter("p", *paths, **keys))
    return finding.code, finding.message


# --- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(minimum=0), "minimum 0 is beyond the widget's own, which is 1"),
        (Limits(maximum=10001), "maximum 10001 is beyond the widget's own, which is 10000"),
    ],
)
def test_limits_never_widen(limits: Limits, message: str) -> None:
    assert told("3.steps", limits=limits) == ("binding-limit-widened", message)


def test_limits_may_narrow_to_the_widgets_own() -> None:
    assert codes(parameter("p", "3.steps", limits=Limits(minimum=1, maximum=10000))) == []


def test_limits_where_the_definition_has_none_are_free() -> None:
    limits = Limits(minimum=-5, maximum=5)
    assert codes(parameter("p", "3.steps", limits=limits), definitions={}) == []


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(minimum=9, maximum=5), "no value can be at least 9 and at most 5"),
        (Limits(minimum=10001), "no value can be at least 10001 and at most 10000"),
        (Limits(maximum=0), "no value can be at least 1 and at most 0"),
    ],
)
def test_limits_leave_something(limits: Limits, message: str) -> None:
    assert told("3.steps", limits=limits) == ("binding-limits-empty", message)


@pytest.mark.parametrize(
    ("path", "limits", "key", "kind"),
    [
        ("6.text", Limits(minimum=1), "minimum", "string"),
        ("6.text", Limits(multiple_of=2), "multiple_of", "string"),
        ("3.steps", Limits(max_length=3), "max_length", "integer"),
        ("3.steps", Limits(pattern="a"), "pattern", "integer"),
    ],
)
def test_limits_of_another_type_are_told(path: str, limits: Limits, key: str, kind: str) -> None:
    assert told(path, limits=limits) == (
        "binding-limit-misplaced",
        f"`{key}` says nothing about a parameter of type {kind}",
    )


def test_every_limit_of_another_type_is_told() -> None:
    limits = Limits(minimum=1, maximum=2, max_length=3, pattern="a")
    found = findings(parameter("p", "1.on", limits=limits), prompt={"1": Node("X", {"on": True})})
    assert [(each.code, each.message.partition(" ")[0]) for each in found] == [
        ("binding-limit-misplaced", f"`{key}`")
        for key in ("minimum", "maximum", "max_length", "pattern")
    ]


def test_limits_may_leave_one_value() -> None:
    assert codes(parameter("p", "3.steps", limits=Limits(minimum=5, maximum=5))) == []


def test_limits_of_text_say_nothing_about_labels() -> None:
    given = parameter("p", choice_map=choices(a={"3.steps": 1}), limits=Limits(max_length=3))
    assert codes(given) == ["binding-limit-misplaced"]


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("supply", "message"),
    [
        (Defaulted(0), "the default must be an integer from 1 to 10000, found 0"),
        (Fixed("x"), 'the value must be an integer from 1 to 10000, found "x"'),
        (
            Defaulted(2**70),
            (
                "the default is too large: integers go from -2^63 to 2^64-1, found "
                "1180591620717411303424"
            ),
        ),
    ],
)
def test_what_the_author_writes_is_what_callers_could_give(supply: Supply, message: str) -> None:
    assert told("3.steps", supply=supply) == ("binding-value-refused", message)


def test_examples_are_checked_each() -> None:
    found = findings(parameter("p", "3.steps", examples=(20, 0, "x")))
    assert [each.message for each in found] == [
        "an example must be an integer from 1 to 10000, found 0",
        'an example must be an integer from 1 to 10000, found "x"',
    ]


def test_choices_obey_the_limits_and_the_type() -> None:
    found = findings(parameter("p", "3.steps", choices=(10, 0, "x")))
    assert [each.message for each in found] == [
        "a choice must be an integer from 1 to 10000, found 0",
        'a choice must be an integer from 1 to 10000, found "x"',
    ]


def test_a_default_is_among_the_choices() -> None:
    assert told("3.steps", choices=(10, 20), supply=Defaulted(15)) == (
        "binding-value-refused",
        "the default must be one of 10, 20, found 15",
    )


def test_a_default_of_a_map_is_one_of_its_labels() -> None:
    given = parameter("p", choice_map=choices(a={"3.steps": 1}), supply=Defaulted("b"))
    assert codes(given) == ["binding-value-refused"]


def test_a_default_may_be_any_file_of_a_backend() -> None:
    assert codes(parameter("p", "4.ckpt_name", supply=Defaulted("elsewhere.ckpt"))) == []


def test_a_list_of_options_is_narrowed_item_by_item() -> None:
    prompt: Prompt = {"1": Node("X", {"tags": {"__value__": ["a"]}})}
    good = parameter("p", "1.tags", choices=("a", "b"), supply=Defaulted(["a"]))
    bad = parameter("p", "1.tags", choices=("a", "b"), supply=Defaulted(["c"]))
    assert codes(good, prompt=prompt) == []
    assert codes(bad, prompt=prompt) == ["binding-value-refused"]


def test_a_finding_points_at_the_key_it_speaks_of() -> None:
    spot = Place("services.yaml", 9, 4)
    (finding,) = findings(parameter("p", "3.steps", supply=Defaulted(0), places={"default": spot}))
    assert finding.place == spot


# --- random ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "kind"), [("6.text", "string"), ("3.cfg", "number")])
def test_only_integers_are_drawn(path: str, kind: str) -> None:
    assert told(path, supply=Drawn()) == (
        "binding-random-not-integer",
        f"`default: random` is for integers, and this is of type {kind}",
    )


def test_there_must_be_something_to_draw() -> None:
    assert told("3.seed", supply=Drawn(), limits=Limits(minimum=2**60)) == (
        "binding-random-no-room",
        (
            "there is nothing to draw: it must be an integer from 1152921504606846976 to "
            "18446744073709551615, and is drawn from 0 to 2^53-1"
        ),
    )
    assert codes(parameter("p", "3.seed", supply=Drawn())) == []


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("supply", [LeftOut(), Defaulted("other.png")])
def test_a_file_says_what_happens_when_it_is_left_out(supply: Supply) -> None:
    (finding,) = findings(parameter("p", "1.image", supply=supply), prompt=LOADER)
    assert finding.code == "binding-file-optional"
    assert finding.message == "what happens when this image is left out is not said"
    assert finding.mend == (
        "Write `required: true`, `default: graph` to use the file that the workflow names, or "
        "`when_absent: bypass` to do without it."
    )


@pytest.mark.parametrize("supply", [Required(), Defaulted("graph"), Fixed("fixed.png")])
def test_a_file_may_be_required_the_graphs_or_fixed(supply: Supply) -> None:
    assert codes(parameter("p", "1.image", supply=supply), prompt=LOADER) == []


# --- templates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind"), [("3.steps", "KSampler"), ("3.sampler_name", "KSampler")]
)
def test_a_template_needs_a_widget_of_text(path: str, kind: str) -> None:
    name = path.partition(".")[2]
    assert told(path, template="{{ p }}") == (
        "template-not-text",
        f"a template writes free text, and `{name}` of node 3 ({kind}) takes none",
    )


def test_a_template_needs_a_widget() -> None:
    (finding,) = findings(parameter("p", template="{{ p }}"))
    assert finding == Finding(
        "template-not-text",
        "a template writes to a widget, and this parameter has none",
        PLACE,
        mend="Give the parameter a `node` and a `widget`, or move the template to the one that has.",
        service=finding.service,
        parameter=finding.parameter,
    )


@pytest.mark.parametrize(
    ("template", "code"),
    [
        ("{{ q }}", "template-unknown-variable"),
        ("{{ p", "template-syntax"),
        ("{{ p.__class__ }}", "template-forbidden"),
    ],
)
def test_a_template_is_checked_when_bound(template: str, code: str) -> None:
    spot = Place("services.yaml", 5, 9)
    (finding,) = findings(parameter("p", "6.text", template=template, places={"template": spot}))
    assert (finding.code, finding.place) == (code, spot)


def test_a_template_lets_a_parameter_of_any_type_speak_to_text() -> None:
    assert codes(parameter("p", "6.text", type="integer", template="{{ p }} cats")) == []


@pytest.mark.parametrize("value", [None, "x" * 9, 3])
def test_values_of_text_obey_its_limits(value: Json) -> None:
    given = parameter("p", "6.text", supply=Defaulted(value), limits=Limits(max_length=8))
    assert codes(given) == ["binding-value-refused"]
