"""Where each value that a call sets in the graph comes from."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.graph.json_value import Json
from gateway.graph.prompt import Node
from gateway.services.arguments import accept
from gateway.services.model import Defaulted, Drawn, Fixed, Parameter, Required
from gateway.services.origins import origins_of
from tests.services.building import TEXT_TO_IMAGE, bound, choices, parameter
from tests.services.test_arrange import service

LOADING = {**TEXT_TO_IMAGE, "1": Node("LoadImage", {"image": "a.png"})}
FOLDER = {("9", "filename_prefix"): "a folder of the run's own"}


def origins(*parameters: Parameter, **given: Json) -> Mapping[tuple[str, str], str]:
    service = bound(*parameters, prompt=LOADING)
    accepted = accept(service, given, lambda low, _high: low + 5)
    return origins_of(service, given, accepted)


def test_what_nobody_sets_comes_from_nowhere() -> None:
    assert origins(parameter("steps", "3.steps")) == FOLDER


def test_arguments_defaults_and_fixed_values_are_told_apart() -> None:
    cfg = parameter("cfg", "3.cfg", supply=Fixed(9.0))
    steps = parameter("steps", "3.steps", supply=Defaulted(20))
    given = {("3", "steps"): "steps", ("3", "cfg"): "fixed by cfg"}
    assert origins(cfg, steps, steps=8) == {**FOLDER, **given}
    default = {**given, ("3", "steps"): "steps, by default"}
    assert origins(cfg, steps) == {**FOLDER, **default}
    assert origins(cfg, steps, steps=None) == {**FOLDER, **default}


def test_a_seed_is_drawn_or_given() -> None:
    seed = parameter("seed", "3.seed", supply=Drawn())
    assert origins(seed)["3", "seed"] == "seed, drawn at random"
    assert origins(seed, seed=-1)["3", "seed"] == "seed, drawn at random"
    assert origins(seed, seed=4)["3", "seed"] == "seed"


def test_a_choice_is_told_for_every_widget_that_it_sets() -> None:
    sizes = choices(small={"5.width": 64, "5.height": 64}, wide={"5.width": 128, "5.height": 64})
    size = parameter("size", choice_map=sizes, supply=Defaulted("small"))
    assert origins(size)["5", "height"] == "size, by default (small)"
    assert origins(size, size="wide")["5", "width"] == "size (wide)"


def test_a_template_and_a_file_are_told() -> None:
    text = parameter("text", "6.text", supply=Required(), template="{{ text }}!")
    image = parameter("image", "1.image", type="image", supply=Required())
    found = origins(text, image, text="x", image="b.png")
    assert found["6", "text"] == "template of text"
    assert found["1", "image"] == "file of image"


def test_texts_that_are_drawn_are_told() -> None:
    text = parameter("text", "6.text", supply=Required())
    assert origins(text, text="a {red|green} fox")["6", "text"] == "text; {…} drawn"
    assert origins(text, text="a red fox")["6", "text"] == "text"
    graph = {**LOADING, "7": Node("CLIPTextEncode", {"text": "{a|b}", "clip": ["4", 1]})}
    service = bound(prompt=graph)
    accepted = accept(service, {}, lambda low, _high: low)
    assert origins_of(service, {}, accepted)["7", "text"] == "{…} drawn at each call"


SHAPED = """
look: {choices: {quick: {bypass: ["12"], mute: ["16"]}, full: {}}, default: full}
image: {node: "11", widget: image, when_absent: WHEN}
loras: {repeat: "10", items: {name: lora_name, strength: {widget: strength_model, default: 0.5}}}
"""


def shaped(when: str = "bypass", **given: Json) -> Mapping[tuple[str, str], str]:
    of = service(SHAPED.replace("WHEN", when))
    return origins_of(of, given, accept(of, given, lambda low, _high: low))


def test_why_nodes_go_is_told() -> None:
    found = shaped(look="quick", loras=[])
    assert found["12", ""] == "bypassed: look (quick)"
    assert found["16", ""] == "muted: look (quick)"
    assert found["11", ""] == found["13", ""] == "image left out"
    assert found["10", ""] == "bypassed: loras is empty"
    assert found["3", "model"] == "the graph's new shape"
    said = shaped('{bypass: ["13"]}')
    assert (said["13", ""], said["11", ""]) == ("bypassed: image left out", "image left out")


def test_what_is_in_a_chain_is_told_by_its_item() -> None:
    found = shaped(image="a.png", loras=[{"name": "a"}, {"name": "b"}])
    assert found["10", "lora_name"] == "item 1 of loras"
    assert found["10:2", ""] == found["10:2", "strength_model"] == "item 2 of loras"
    assert found["6", "clip"] == "the graph's new shape"
    assert ("13", "") not in found
    assert ("12", "") not in found


def test_a_graph_that_keeps_its_shape_has_nothing_to_tell_of_it() -> None:
    assert [key for key in shaped(image="a.png") if not key[1]] == []
