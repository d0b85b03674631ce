"""What a value must be, and the sentences that say so."""

from __future__ import annotations

import pytest

from gateway.graph.definitions import (
    Combo,
    IntegerWidget,
    NumberWidget,
    TextWidget,
    UnionWidget,
)
from gateway.graph.json_value import Json
from gateway.services.constraint import (
    Constraint,
    constraint_of,
    described,
    misfit,
    of_widgets,
    range_of,
    refusal,
)
from gateway.services.model import Limits, Required
from tests.services.building import LIST, OBJECT, bound_parameter, widget


def test_limits_of_the_definition_hold_where_the_yaml_says_nothing() -> None:
    given = bound_parameter("integer", widget(IntegerWidget(1, 100)), limits=Limits(minimum=5))
    assert constraint_of(given) == Constraint("integer", 5, 100)


def test_every_limit_of_the_yaml_counts() -> None:
    limits = Limits(minimum=1, maximum=9, multiple_of=2, min_length=3, max_length=4, pattern="^a")
    assert constraint_of(bound_parameter("number", limits=limits)) == Constraint(
        "number", 1, 9, 2, 3, 4, "^a"
    )


def test_the_tightest_limits_of_several_widgets_hold() -> None:
    widgets = [
        widget(IntegerWidget(1, 100)),
        widget(NumberWidget(2.5, None)),
        widget(),
        widget(TextWidget()),
    ]
    assert range_of("integer", widgets) == (2.5, 100)
    assert of_widgets("integer", widgets) == Constraint("integer", 2.5, 100)


def test_a_union_has_the_limits_of_its_first_number() -> None:
    union = UnionWidget((TextWidget(), IntegerWidget(1, 5), NumberWidget(1.0, 5.0)))
    assert range_of("number", [widget(union)]) == (1, 5)
    assert range_of("number", [widget(UnionWidget(()))]) == (None, None)


def test_limits_of_numbers_say_nothing_of_text() -> None:
    assert range_of("string", [widget(IntegerWidget(1, 5))]) == (None, None)


@pytest.mark.parametrize("kind", ["string", "image", "file"])
def test_required_text_is_not_empty(kind: str) -> None:
    given = bound_parameter(kind, supply=Required())  # type: ignore[arg-type]
    assert constraint_of(given).min_length == 1


def test_required_text_keeps_a_length_of_its_own_and_options_speak_for_themselves() -> None:
    short = bound_parameter("string", supply=Required(), limits=Limits(min_length=0))
    assert constraint_of(short).min_length == 0
    listed = bound_parameter("string", supply=Required(), options=("", "a"))
    assert constraint_of(listed).min_length is None
    assert constraint_of(bound_parameter("integer", supply=Required())).min_length is None


def test_files_of_one_machine_are_not_asked_for_unless_the_yaml_lists_them() -> None:
    loose = bound_parameter("string", widget(Combo(("a.safetensors",))), options=("a.safetensors",))
    live = type(loose)(loose.parameter, "string", loose.widgets, {}, loose.options, True)
    assert constraint_of(loose).options == ("a.safetensors",)
    assert constraint_of(live).options is None
    listed = bound_parameter("string", options=("b",), choices=("b",))
    assert constraint_of(
        type(listed)(listed.parameter, "string", (), {}, listed.options, True)
    ).options == ("b",)


def test_a_list_of_options_is_many() -> None:
    assert constraint_of(bound_parameter("array", options=("a",))).many
    assert not constraint_of(bound_parameter("array")).many


REFERENCES = "a path, an http(s) URL, a data: URL or comfyui://jobs/<id>/outputs/<n>"
NUMBER = Constraint("number", 0, 1.5, 0.5)
TEXT = Constraint("string", min_length=2, max_length=3, pattern="^a")


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        (NUMBER, [0, 1.5, 0.5, 1], [-0.5, 2, 0.3, "1", True, None]),
        (Constraint("integer"), [0, 5.0], [0.5, "5", True]),
        (Constraint("integer", 1), [1, 2], [0]),
        (Constraint("integer", maximum=1), [1, 0], [2]),
        (TEXT, ["ab", "abc"], ["a", "abcd", "bcd", 3]),
        (Constraint("boolean"), [True], [1, "true"]),
        (Constraint("array"), [LIST, [1]], ["a", OBJECT]),
        (Constraint("object"), [OBJECT], [LIST]),
        (Constraint("image", min_length=1), ["x"], ["", 3]),
        (Constraint("string", options=("a", 1)), ["a", 1, 1.0], ["b", True, None]),
        (
            Constraint("array", options=("a", "b"), many=True),
            [LIST, ["a"], ["b", "a"]],
            [["c"], "a"],
        ),
        (Constraint("array", many=True), [["x"]], [3]),
    ],
)
def test_values_fit_or_do_not(constraint: Constraint, good: list[Json], bad: list[Json]) -> None:
    assert [misfit(each, constraint) for each in good] == [""] * len(good)
    assert [each for each in bad if not misfit(each, constraint)] == []


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        (Constraint("integer"), "an integer"),
        (Constraint("integer", 1, 100), "an integer from 1 to 100"),
        (Constraint("integer", 1), "an integer of at least 1"),
        (Constraint("number", maximum=1.5), "a number of at most 1.5"),
        (Constraint("number", 0.0, 100.0, 0.5), "a number from 0 to 100 that is a multiple of 0.5"),
        (Constraint("number", maximum=1e300), "a number of at most 1e+300"),
        (Constraint("boolean"), "true or false"),
        (Constraint("array"), "a list"),
        (Constraint("object"), "an object"),
        (Constraint("string"), "text"),
        (Constraint("string", min_length=1), "text that is not empty"),
        (Constraint("string", min_length=2), "text of at least 2 characters"),
        (Constraint("string", max_length=9), "text of at most 9 characters"),
        (Constraint("string", min_length=2, max_length=9), "text of 2 to 9 characters"),
        (Constraint("string", pattern="^a"), "text that matches the pattern ^a"),
        (Constraint("string", options=("a", 1)), 'one of "a", 1'),
        (Constraint("string", options=()), "one of nothing (there are no options)"),
        (Constraint("array", options=("a",), many=True), 'a list of these: "a"'),
        (
            Constraint("image"),
            f"text that names an image file: {REFERENCES}",
        ),
        (
            Constraint("file"),
            f"text that names a file: {REFERENCES}",
        ),
        (
            Constraint("video"),
            f"text that names a video file: {REFERENCES}",
        ),
        (
            Constraint("audio"),
            f"text that names an audio file: {REFERENCES}",
        ),
        (Constraint("number", maximum=1e15), "a number of at most 1000000000000000"),
        (Constraint("number", maximum=1e16), "a number of at most 1e+16"),
    ],
)
def test_what_is_valid_is_said(constraint: Constraint, words: str) -> None:
    assert described(constraint) == words


@pytest.mark.parametrize(
    ("count", "ending"), [(24, '"o23"'), (25, '"o23" and 1 more'), (30, '"o23" and 6 more')]
)
def test_long_lists_of_options_are_cut(count: int, ending: str) -> None:
    many = Constraint("string", options=tuple(f"o{n}" for n in range(count)))
    assert described(many).endswith(ending)


def test_a_refusal_says_what_was_found_and_the_nearest_option() -> None:
    sampler = Constraint("string", options=("euler", "heun", 3))
    assert (
        refusal("eulr", sampler)
        == 'must be one of "euler", "heun", 3, found "eulr"; did you mean "euler"?'
    )
    assert refusal("zzz", sampler) == 'must be one of "euler", "heun", 3, found "zzz"'
    assert refusal(4, sampler) == 'must be one of "euler", "heun", 3, found 4'
    assert refusal(0, Constraint("integer", 1)) == "must be an integer of at least 1, found 0"
