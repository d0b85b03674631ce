"""Callers' arguments: accepted, or every fault told at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ArgumentError, ArgumentFault
from gateway.graph.json_value import Json
from gateway.graph.patch import patch
from gateway.graph.prompt import Node, Prompt, link_of
from gateway.services.arguments import Accepted, accept
from gateway.services.bound import BoundService
from gateway.services.changes import changes_of
from gateway.services.model import Defaulted, Drawn, Fixed, GraphFile, Limits, Required
from tests.services.building import bound, choices, parameter
from tests.services.test_bind_parameters import SIZES

GRAPH: Prompt = {
    "3": Node(
        "KSampler",
        {"seed": 7, "steps": 20, "cfg": 7.0, "sampler_name": "euler", "model": ["6", 0]},
    ),
    "5": Node("EmptyLatentImage", {"width": 512, "height": 512, "batch_size": 1}),
    "6": Node("CLIPTextEncode", {"text": "a lighthouse", "clip": ["3", 0]}),
    "7": Node("LoadImage", {"image": "example.png"}),
    "8": Node("LoadImageMask", {"image": "example.png", "channel": "alpha"}),
    "10": Node("Custom", {"tags": {"__value__": ["a"]}, "shape": {"x": 1}, "on": True}),
}
DRAW = bound(
    parameter("prompt", "6.text", supply=Required(), template="{{ prompt }}, {{ style }}"),
    parameter("style", supply=Defaulted("oil")),
    parameter("seed", "3.seed", supply=Drawn()),
    parameter("steps", "3.steps", limits=Limits(maximum=50)),
    parameter("cfg", "3.cfg", limits=Limits(multiple_of=0.1)),
    parameter("sampler", "3.sampler_name", choices=("euler", "heun")),
    parameter("size", choice_map=SIZES, supply=Defaulted("square")),
    parameter("image", "7.image", supply=Required()),
    parameter("mask", "8.image", type="mask", supply=GraphFile()),
    parameter("channel", "8.channel", supply=Fixed("red")),
    parameter("tags", "10.tags", choices=("a", "b", "c")),
    parameter("shape", "10.shape"),
    parameter("on", "10.on"),
    prompt=GRAPH,
)
NEEDED: dict[str, Json] = {"prompt": "a cat", "image": "cat.png"}


def highest(_low: int, high: int) -> int:
    return high


def take(service: BoundService = DRAW, /, **arguments: Json) -> Accepted:
    return accept(service, {**NEEDED, **arguments}, highest)


def faults(service: BoundService = DRAW, /, **arguments: Json) -> dict[str, str]:
    with pytest.raises(ArgumentError) as caught:
        accept(service, {**NEEDED, **arguments}, highest)
    assert caught.value.code == "arguments-invalid"
    return {each.pointer: each.message for each in caught.value.faults}


def test_defaults_are_filled_in_seeds_drawn_and_the_rest_left_out() -> None:
    assert take() == Accepted(
        arguments={
            "prompt": "a cat",
            "style": "oil",
            "seed": 2**53 - 1,
            "size": "square",
            "image": "cat.png",
        },
        seeds={"seed": 2**53 - 1},
        files={"image": "cat.png"},
    )


def test_what_is_given_is_kept_in_the_order_of_the_yaml() -> None:
    accepted = take(
        on=False, tags=["b"], shape={"y": 2}, mask="m.png", sampler="heun", cfg=0.3, steps=5, seed=9
    )
    assert list(accepted.arguments) == [
        "prompt",
        "style",
        "seed",
        "steps",
        "cfg",
        "sampler",
        "size",
        "image",
        "mask",
        "tags",
        "shape",
        "on",
    ]
    assert accepted.seeds == {"seed": 9}
    assert accepted.files == {"image": "cat.png", "mask": "m.png"}
    assert accepted.warnings == ()


@pytest.mark.parametrize("value", [-1, -1.0, None])
def test_a_seed_of_minus_one_or_null_is_drawn(value: Json) -> None:
    assert take(seed=value).seeds == {"seed": 2**53 - 1}


def test_a_seed_is_drawn_within_the_limits() -> None:
    asked: list[tuple[int, int]] = []

    def draw(low: int, high: int) -> int:
        asked.append((low, high))
        return low

    service = bound(parameter("seed", "3.seed", supply=Drawn(), limits=Limits(10, 20)))
    assert accept(service, {}, draw).seeds == {"seed": 10}
    assert asked == [(10, 20)]


def test_a_seed_beyond_2_53_is_accepted_from_a_caller() -> None:
    assert take(seed=2**64 - 1).seeds == {"seed": 2**64 - 1}


@pytest.mark.parametrize("name", ["steps", "sampler", "style", "size", "mask", "tags"])
def test_null_for_an_optional_argument_is_left_out(name: str) -> None:
    assert take(**{name: None}) == take()


def test_an_empty_reference_for_an_optional_file_is_left_out() -> None:
    assert take(mask="").files == {"image": "cat.png"}


def test_courtesies_are_told() -> None:
    accepted = take(steps="30", cfg="6.5", seed=12.0, on="true")
    assert {each: accepted.arguments[each] for each in ("steps", "cfg", "seed", "on")} == {
        "steps": 30,
        "cfg": 6.5,
        "seed": 12,
        "on": True,
    }
    assert accepted.warnings == (
        "`seed`: 12.0 was read as 12",
        '`steps`: "30" was read as 30',
        '`cfg`: "6.5" was read as 6.5',
        '`on`: "true" was read as true',
    )


# --- faults ---------------------------------------------------------------------------------------

IMAGE = "text that names an image file: a path, an http(s) URL, a data: URL or comfyui://jobs/<id>/outputs/<n>"


@pytest.mark.parametrize(
    ("arguments", "pointer", "message"),
    [
        ({"steps": 0}, "/steps", "must be an integer from 1 to 50, found 0"),
        ({"steps": 51}, "/steps", "must be an integer from 1 to 50, found 51"),
        ({"steps": 2.5}, "/steps", "must be an integer from 1 to 50, found 2.5"),
        ({"steps": "many"}, "/steps", 'must be an integer from 1 to 50, found "many"'),
        ({"steps": True}, "/steps", "must be an integer from 1 to 50, found true"),
        ({"steps": []}, "/steps", "must be an integer from 1 to 50, found []"),
        (
            {"cfg": 0.35},
            "/cfg",
            "must be a number from 0 to 100 that is a multiple of 0.1, found 0.35",
        ),
        (
            {"sampler": "hein"},
            "/sampler",
            'must be one of "euler", "heun", found "hein"; did you mean "heun"?',
        ),
        (
            {"size": "huge"},
            "/size",
            'must be one of "square", "wide", found "huge"',
        ),
        ({"size": 3}, "/size", 'must be one of "square", "wide", found 3'),
        ({"on": "perhaps"}, "/on", 'must be true or false, found "perhaps"'),
        ({"shape": []}, "/shape", "must be an object, found []"),
        ({"tags": "a"}, "/tags", 'must be a list of these: "a", "b", "c", found "a"'),
        ({"tags": ["a", "x"]}, "/tags/1", 'must be one of "a", "b", "c", found "x"'),
        ({"prompt": ""}, "/prompt", 'must be text that is not empty, found ""'),
        ({"prompt": None}, "/prompt", "must be text that is not empty, found null"),
        ({"image": ""}, "/image", f'must be {IMAGE}, found ""'),
        ({"image": 3}, "/image", f"must be {IMAGE}, found 3"),
        ({"prompt": "a\x00"}, "/prompt", "has a character that is no proper text: NUL at 1"),
        (
            {"prompt": "\ud83d"},
            "/prompt",
            "has a character that is no proper text: half of a surrogate pair at 0",
        ),
        ({"cfg": float("nan")}, "/cfg", "must be a finite number"),
        ({"cfg": float("inf")}, "/cfg", "must be a finite number"),
        ({"seed": 2**64}, "/seed", "is too large: integers go from -2^63 to 2^64-1"),
        ({"shape": {"a": [float("nan")]}}, "/shape/a/0", "must be a finite number"),
        (
            {"channel": "blue"},
            "/channel",
            (
                "there is no such argument; it takes: prompt, style, seed, steps, cfg, sampler, size, "
                "image, mask, tags, shape, on"
            ),
        ),
        (
            {"step": 3},
            "/step",
            (
                "there is no such argument; did you mean `steps`? it takes: prompt, style, seed, steps, "
                "cfg, sampler, size, image, mask, tags, shape, on"
            ),
        ),
    ],
)
def test_a_wrong_argument_is_told_with_what_is_valid(
    arguments: dict[str, Json], pointer: str, message: str
) -> None:
    assert faults(**arguments) == {pointer: message}


def test_every_fault_is_told_at_once() -> None:
    with pytest.raises(ArgumentError) as caught:
        accept(DRAW, {"promt": "x", "steps": 0, "tags": ["x", "a", 3]}, highest)
    assert [each.pointer for each in caught.value.faults] == [
        "/promt",
        "/prompt",
        "/image",
        "/steps",
        "/tags/0",
        "/tags/2",
    ]
    assert caught.value.faults[1] == ArgumentFault(
        "/prompt", "is required: it must be text that is not empty"
    )


def test_arguments_after_one_that_is_no_proper_text_are_looked_at() -> None:
    assert list(faults(prompt="a\x00", steps=0)) == ["/prompt", "/steps"]


def test_a_service_that_takes_nothing_says_so() -> None:
    with pytest.raises(ArgumentError, match="there is no such argument; it takes: none"):
        accept(bound(), {"x": 1}, highest)


@pytest.mark.parametrize(
    ("name", "pointer"),
    [
        ("a/b~", "/a~1b~0"),
        ("x" * 500, "/" + "x" * 100 + "…"),
        ("x" * 101, "/" + "x" * 100 + "…"),
        ("x" * 100, "/" + "x" * 100),
        ("\x00", "/\\u0000"),
        ("\ud83d", "/\ufffd"),
        ("", "/"),
    ],
)
def test_any_name_can_be_told_back(name: str, pointer: str) -> None:
    (found,) = faults(**{name: 1})
    assert found == pointer
    assert found.encode()


def test_files_of_a_backend_are_left_to_the_backend() -> None:
    service = bound(parameter("ckpt", "4.ckpt_name"))
    assert accept(service, {"ckpt": "elsewhere.safetensors"}, highest).arguments == {
        "ckpt": "elsewhere.safetensors"
    }


def test_a_template_that_cannot_be_rendered_is_refused_before_there_is_a_job() -> None:
    service = bound(
        parameter("a", "6.text", template="{{ a * 2 }}{{ b / n }}", supply=Required()),
        parameter("b", supply=Defaulted(1)),
        parameter("n", supply=Defaulted(1)),
    )
    assert accept(service, {"a": "x"}, highest).arguments == {"a": "x", "b": 1, "n": 1}
    with pytest.raises(ArgumentError) as caught:
        accept(service, {"a": "x", "n": 0}, highest)
    assert caught.value.code == "template-failed"
    assert caught.value.faults == (
        ArgumentFault("/a", "its template cannot be rendered: division by zero"),
    )


def test_nothing_to_draw_is_told_should_it_ever_come_to_that() -> None:
    service = bound(parameter("seed", "3.seed", supply=Drawn()))
    (seed,) = service.parameters
    hopeless = replace(seed.parameter, limits=Limits(minimum=2**60))
    odd = replace(service, parameters=(replace(seed, parameter=hopeless),))
    with pytest.raises(ArgumentError, match="/seed: there is nothing to draw"):
        accept(odd, {}, highest)


# --- properties -----------------------------------------------------------------------------------

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["a", "euler", "wide", "true", "12", -1, 5, 0.5])
)
anything: st.SearchStrategy[Json] = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.sampled_from([each.name for each in DRAW.parameters]) | st.text(max_size=4)


@given(st.dictionaries(names, anything, max_size=6))
def test_any_json_is_accepted_or_refused_as_arguments(arguments: dict[str, Json]) -> None:
    found = outcome({**NEEDED, **arguments})
    if isinstance(found, ArgumentError):
        assert found.faults
        assert all(each.pointer.encode() and each.message.encode() for each in found.faults)
        return
    assert set(found.arguments) <= {each.name for each in DRAW.parameters}
    # What was accepted is accepted again, and means the same.
    assert accept(DRAW, found.arguments, highest).arguments == found.arguments


def outcome(arguments: dict[str, Json]) -> Accepted | ArgumentError:
    try:
        return accept(DRAW, arguments, highest)
    except ArgumentError as error:
        return error


good = st.fixed_dictionaries(
    {
        "prompt": st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1),
        "image": st.just("x.png"),
    },
    optional={
        "seed": st.integers(-1, 2**64 - 1),
        "steps": st.integers(1, 50),
        "cfg": st.integers(0, 1000).map(lambda n: n / 10),
        "sampler": st.sampled_from(["euler", "heun"]),
        "size": st.sampled_from(["square", "wide"]),
        "tags": st.lists(st.sampled_from(["a", "b", "c"])),
        "shape": st.dictionaries(st.sampled_from(["x", "__value__"]), st.just(["6", 0])),
        "on": st.booleans(),
        "mask": st.just("m.png"),
    },
)


@given(good)
def test_accepted_arguments_set_widgets_and_never_a_link(arguments: dict[str, Json]) -> None:
    accepted = accept(DRAW, arguments, highest)
    uploaded = {name: f"gateway/{name}.png" for name in accepted.files}
    patched = patch(DRAW.prompt, changes_of(DRAW, accepted.arguments, uploaded))
    for node_id, node in DRAW.prompt.items():
        before = {name: link for name, value in node.inputs.items() if (link := link_of(value))}
        after = {
            name: link
            for name, value in patched[node_id].inputs.items()
            if (link := link_of(value))
        }
        assert after == before
    assert patched["7"].inputs["image"] == "gateway/image.png"


def test_choices_of_labels_are_text_even_when_they_look_like_numbers() -> None:
    service = bound(parameter("size", choice_map=choices(**{"512": {"5.width": 512}})))
    assert accept(service, {"size": "512"}, highest).arguments == {"size": "512"}
