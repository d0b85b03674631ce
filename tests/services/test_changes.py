"""What a call sets in the graph."""

from __future__ import annotations

import pytest

from gateway.errors import ArgumentError
from gateway.graph.json_value import Json
from gateway.services.bound import WidgetKey
from gateway.services.changes import changes_of, rendered_texts
from gateway.services.model import Defaulted, Drawn, Fixed, GraphFile, Parameter, Required
from tests.services.building import bound, parameter
from tests.services.test_arguments import GRAPH
from tests.services.test_bind_parameters import SIZES


def changes(
    *parameters: Parameter, files: dict[str, str] | None = None, **arguments: Json
) -> dict[WidgetKey, Json]:
    return changes_of(bound(*parameters, prompt=GRAPH), arguments, files or {})


def test_a_value_is_set_in_every_widget_of_its_parameter() -> None:
    both = parameter("side", "5.width", "5.height")
    assert changes(both, side=64) == {("5", "width"): 64, ("5", "height"): 64}


def test_what_is_left_out_keeps_the_graphs_own_value() -> None:
    assert changes(parameter("steps", "3.steps"), parameter("seed", "3.seed", supply=Drawn())) == {}


def test_a_default_is_set_and_an_argument_in_its_place() -> None:
    steps = parameter("steps", "3.steps", supply=Defaulted(8))
    assert changes(steps) == {("3", "steps"): 8}
    assert changes(steps, steps=9) == {("3", "steps"): 9}


def test_a_fixed_value_is_set_at_each_call_whatever_callers_say() -> None:
    cfg = parameter("cfg", "3.cfg", supply=Fixed(6.5))
    assert changes(cfg) == {("3", "cfg"): 6.5}
    assert changes(cfg, cfg=1.0) == {("3", "cfg"): 6.5}


def test_a_fixed_file_is_the_authors_text() -> None:
    image = parameter("image", "7.image", supply=Fixed("logo.png"))
    assert changes(image) == {("7", "image"): "logo.png"}


def test_a_label_sets_what_it_stands_for() -> None:
    size = parameter("size", choice_map=SIZES)
    assert changes(size, size="wide") == {("5", "width"): 768, ("5", "height"): 432}
    assert changes(size) == {}
    default = parameter("size", choice_map=SIZES, supply=Defaulted("square"))
    assert changes(default) == {("5", "width"): 512, ("5", "height"): 512}


def test_a_file_is_named_as_its_upload_was_and_never_as_the_caller_wrote() -> None:
    image = parameter("image", "7.image", "8.image", supply=Required())
    assert changes(image, image="/etc/passwd", files={"image": "gateway/ab.png"}) == {
        ("7", "image"): "gateway/ab.png",
        ("8", "image"): "gateway/ab.png",
    }
    assert changes(image, image="/etc/passwd") == {}


def test_a_file_that_is_left_out_stays_the_graphs() -> None:
    assert changes(parameter("image", "7.image", supply=GraphFile())) == {}


def test_a_template_sees_raw_arguments_defaults_and_fixed_values() -> None:
    found = changes(
        parameter(
            "prompt", "6.text", template="{{ prompt }} | {{ style }} | {{ mood }} | {{ n }}|{{ x }}"
        ),
        parameter("style", supply=Defaulted("oil")),
        parameter("mood", supply=Fixed("dark")),
        parameter("n"),
        parameter("x", type="integer"),
        prompt="a cat",
        x=3,
    )
    assert found == {("6", "text"): "a cat | oil | dark | |3"}


def test_a_template_is_rendered_even_when_its_own_argument_is_left_out() -> None:
    prompt = parameter("prompt", "6.text", template="{{ prompt or 'nothing' }} at dusk")
    assert changes(prompt) == {("6", "text"): "nothing at dusk"}


def test_a_template_sees_a_label_and_a_reference_as_they_were_written() -> None:
    found = changes(
        parameter("prompt", "6.text", template="{{ size }} {{ image }}"),
        parameter("size", choice_map=SIZES),
        parameter("image", "7.image", supply=Required()),
        size="wide",
        image="cat.png",
        files={"image": "gateway/ab.png"},
    )
    assert found[("6", "text")] == "wide cat.png"


def test_every_template_that_cannot_be_rendered_is_told() -> None:
    service = bound(
        parameter("a", "6.text", template="{{ a / 0 }}", type="integer", supply=Defaulted(1)),
        parameter("b", "9.filename_prefix", template="{{ b + a }}"),
    )
    with pytest.raises(ArgumentError) as caught:
        rendered_texts(service, {"b": "x"})
    assert caught.value.code == "template-failed"
    assert [each.pointer for each in caught.value.faults] == ["/a", "/b"]
    assert caught.value.mend == "Give other arguments, or tell the author of the service."
