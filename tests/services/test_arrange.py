"""The graph that a call's arguments make, and what is set in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.editor.texts import Texts
from gateway.errors import ArgumentError
from gateway.graph.json_value import Json
from gateway.graph.prompt import Node, Prompt
from gateway.services.arguments import accept
from gateway.services.arrange import arranged
from gateway.services.bound import BoundService
from gateway.services.changes import changes_of
from gateway.services.parse import parse_services
from gateway.services.resolve import resolve_service
from tests.definitions.recorded import DEFINITIONS
from tests.services.building import bound, parameter
from tests.services.test_binding_files import workflow

HERE = Path(__file__).parent
SWITCHES = workflow("switches.json")
HEAD = "version: 1\nservices:\n  draw:\n    workflow: w.json\n    parameters:\n"


def service(parameters: str, prompt: Prompt = SWITCHES) -> BoundService:
    """Return a service of these lines of YAML, with nothing wrong with it."""
    lines = "".join(f"      {line}\n" for line in parameters.strip().splitlines())
    parsed = parse_services(HEAD + lines, "services.yaml", {})
    assert parsed.declaration is not None, parsed.findings
    (declared,) = parsed.declaration.services
    resolved = resolve_service(declared, prompt, DEFINITIONS)
    assert resolved.bound is not None, resolved.findings
    assert resolved.findings == ()
    return resolved.bound


def low(_low: int, high: int) -> int:
    return high


def called(bound_service: BoundService, **arguments: Json) -> BoundService:
    """Return the service as a call with these arguments shapes it."""
    return arranged(bound_service, accept(bound_service, arguments, low).arguments)


LOOK = 'look: {choices: {quick: {bypass: ["12"], mute: ["16"]}, full: {}}, default: full}'
LORAS = """
loras:
  repeat: "10"
  items:
    name: {widget: lora_name, required: true}
    strength: {widgets: [strength_model, strength_clip], default: 0.5}
"""
IMAGE = 'image: {node: "11", widget: image, when_absent: bypass}'


def test_a_service_that_changes_no_shape_is_arranged_as_it_is() -> None:
    plain = bound(parameter("steps", "3.steps"))
    assert plain.editing is None
    assert arranged(plain, {"steps": 3}) is plain


def test_a_label_that_takes_nothing_out_leaves_the_graph_as_it_is() -> None:
    found = called(service(LOOK))
    assert found.prompt is SWITCHES
    assert found.editing is None


def test_a_label_bypasses_and_mutes() -> None:
    found = called(service(LOOK), look="quick")
    assert found.prompt.keys() == SWITCHES.keys() - {"12", "16"}
    assert found.prompt["14"].inputs["images.image0"] == ["8", 0]


def test_arranging_twice_changes_nothing_more() -> None:
    once = called(service(f"{LOOK}\n{LORAS}"), look="quick", loras=[{"name": "a"}, {"name": "b"}])
    assert arranged(once, {"look": "quick", "loras": []}) is once


def test_only_the_definitions_of_the_graph_s_classes_are_kept() -> None:
    editing = service(LOOK).editing
    assert editing is not None
    assert editing.keys() == {node.class_type for node in SWITCHES.values()}


def test_what_hangs_on_a_file_goes_when_it_is_left_out() -> None:
    found = called(service(IMAGE))
    assert found.prompt.keys() == SWITCHES.keys() - {"11", "13"}
    assert found.prompt["14"].inputs == {"images.image0": ["12", 0]}
    assert called(service(IMAGE), image="inputs/a.png").prompt is SWITCHES
    assert called(service(IMAGE), image="").prompt == found.prompt


def test_every_file_that_is_left_out_goes() -> None:
    prompt = {
        **SWITCHES,
        "21": Node("LoadImage", {"image": "b.png"}),
        "22": Node("PreviewImage", {"images": ["21", 0]}),
    }
    two = service(f'{IMAGE}\nother: {{node: "21", widget: image, when_absent: bypass}}', prompt)
    assert called(two).prompt.keys() & {"11", "21", "22"} == set()
    assert called(two, other="b.png").prompt.keys() & {"11", "21", "22"} == {"21", "22"}


def test_what_goes_with_a_file_can_be_said() -> None:
    told = 'image: {node: "11", widget: image, when_absent: {bypass: ["12"], mute: ["13"]}}'
    found = called(service(told))
    assert found.prompt.keys() == SWITCHES.keys() - {"11", "12", "13"}
    assert found.prompt["14"].inputs == {"images.image0": ["8", 0]}


def test_a_list_repeats_its_node_and_sets_each() -> None:
    found = called(service(LORAS), loras=[{"name": "a"}, {"name": "b", "strength": 0.9}])
    inputs = {each: found.prompt[each].inputs for each in ("10", "10:2")}
    assert inputs == {
        "10": {
            "lora_name": "a",
            "strength_model": 0.5,
            "strength_clip": 0.5,
            "model": ["4", 0],
            "clip": ["4", 1],
        },
        "10:2": {
            "lora_name": "b",
            "strength_model": 0.9,
            "strength_clip": 0.9,
            "model": ["10", 0],
            "clip": ["10", 1],
        },
    }
    assert found.prompt["3"].inputs["model"] == ["10:2", 0]
    assert found.prompt["6"].inputs["clip"] == ["10:2", 1]
    assert [found.prompt[each].class_type for each in ("10", "10:2")] == [
        SWITCHES["10"].class_type
    ] * 2
    assert found.prompt["10"].title == SWITCHES["10"].title
    assert [each.repeat is not None for each in found.parameters] == [True]


def test_an_empty_list_bypasses_the_node_and_one_left_out_leaves_it() -> None:
    stack = service(LORAS)
    found = called(stack, loras=[])
    assert found.prompt.keys() == SWITCHES.keys() - {"10"}
    assert found.prompt["3"].inputs["model"] == ["4", 0]
    assert found.prompt["7"].inputs["clip"] == ["4", 1]
    assert called(stack).prompt is SWITCHES
    assert called(stack, loras=None).prompt is SWITCHES


def test_what_an_item_leaves_out_stays_the_graph_s_own() -> None:
    stack = service('loras: {repeat: "10", items: {name: lora_name, strength: strength_model}}')
    found = called(stack, loras=[{"strength": 2}, {"name": "b", "strength": None}])
    assert found.prompt["10"].inputs["lora_name"] == "a.safetensors"
    assert found.prompt["10"].inputs["strength_model"] == 2
    assert found.prompt["10:2"].inputs["strength_model"] == 1.0


def test_plain_items_are_values() -> None:
    stack = service('blurs: {repeat: {node: "13", image: 0}, items: blur_radius}')
    found = called(stack, blurs=[1, "2", 4])
    radii = [found.prompt[each].inputs["blur_radius"] for each in ("13", "13:2", "13:3")]
    assert radii == [1, 2, 4]
    assert found.prompt["14"].inputs["images.image1"] == ["13:3", 0]


def test_a_list_of_the_author_s_is_repeated_without_a_caller() -> None:
    fixed = service('loras: {repeat: "10", items: lora_name, value: [a, b, c]}')
    assert {"10", "10:2", "10:3"} <= called(fixed).prompt.keys()
    default = service(
        'loras: {repeat: "10", items: {name: lora_name, strength: {widget: strength_model, default: 0.25}}, '
        "default: [{name: a}, {name: b}]}"
    )
    found = called(default)
    assert found.prompt["10:2"].inputs["strength_model"] == 0.25
    assert found.prompt["10:2"].inputs["lora_name"] == "b"


def test_what_others_set_in_a_repeated_node_is_set_in_the_whole_chain() -> None:
    stack = service(
        'loras: {repeat: "10", items: lora_name}\n'
        "strength: 10.strength_model\n"
        "kind: {choices: {soft: {10.strength_clip: 0.1}, hard: {10.strength_clip: 0.9}}}"
    )
    found = called(stack, loras=["a", "b"], strength=0.3, kind="hard")
    changes = changes_of(found, {"strength": 0.3, "kind": "hard"}, {})
    assert changes == {
        ("10", "strength_model"): 0.3,
        ("10:2", "strength_model"): 0.3,
        ("10", "strength_clip"): 0.9,
        ("10:2", "strength_clip"): 0.9,
    }


def test_what_is_set_in_a_node_that_went_is_not_set() -> None:
    plain = service(f"{LOOK}\nradius: 12.blur_radius")
    found = called(plain, look="quick", radius=3)
    assert changes_of(found, {"look": "quick", "radius": 3}, {}) == {}


def test_a_node_that_is_taken_out_is_not_repeated() -> None:
    mixed = service(
        'blurs: {repeat: "13", items: {radius: blur_radius}}\n'
        'image: {node: "11", widget: image, when_absent: bypass}'
    )
    found = called(mixed, blurs=[{"radius": 1}, {"radius": 2}])
    assert found.prompt.keys() == SWITCHES.keys() - {"11", "13"}
    assert [each.repeat for each in found.parameters] == [None, None]
    kept = called(mixed, blurs=[{"radius": 1}, {"radius": 2}], image="a.png")
    assert "13:2" in kept.prompt


def test_texts_prefixes_and_models_are_those_of_the_graph_that_runs() -> None:
    stack = called(service(f"{LORAS}\n{LOOK}"), loras=[{"name": "a"}, {"name": "b"}], look="quick")
    assert {("10", "lora_name"), ("10:2", "lora_name"), ("4", "ckpt_name")} == stack.models
    assert stack.dynamic_texts == {("6", "text"), ("7", "text")}
    assert stack.prefixes == {("9", "filename_prefix"): "out"}
    saved = service("shown: {choices: {yes: {}, no: {mute: [{class_type: SaveImage}]}}}")
    only_shown = called(saved, shown="no")
    assert only_shown.prefixes == {}
    assert only_shown.models == {("10", "lora_name"), ("4", "ckpt_name")}


def test_a_model_that_no_output_needs_is_not_loaded() -> None:
    prompt = {
        **SWITCHES,
        "20": Node("UpscaleModelLoader", {"model_name": "x.pth"}),
    }
    assert ("20", "model_name") in service(LOOK, prompt).models
    assert ("20", "model_name") not in called(service(LOOK, prompt), look="quick").models


def test_texts_of_an_editor_workflow_are_resolved_in_every_node_of_a_chain() -> None:
    stack = service(f"{LORAS}\n{LOOK}")
    texts = Texts(frozenset({("10", "lora_name"), ("12", "note")}), frozenset({("9", "p")}))
    found = called(replace(stack, texts=texts), loras=[{"name": "a"}] * 2, look="quick").texts
    assert found is not None
    assert found.dynamic == {("10", "lora_name"), ("10:2", "lora_name")}
    assert found.replaced == {("9", "p")}
    assert found.replaced == {("9", "p")}


def test_paid_nodes_that_went_cost_nothing() -> None:
    from_prompt = service(LOOK)
    paid = BoundService(
        from_prompt.service,
        from_prompt.prompt,
        from_prompt.parameters,
        paid=frozenset({"12", "9"}),
        editing=from_prompt.editing,
    )
    assert called(paid, look="quick").paid == {"9"}


def too_many() -> BoundService:
    """Return a service with more states than are tried at load, of which one cannot run."""
    lines = [
        f"p{number}: {{choices: {{yes: {{}}, no: {{bypass: ['12']}}}}}}" for number in range(9)
    ]
    lines.append("saved: {choices: {yes: {}, no: {mute: ['9']}}, default: yes}")
    lines.append("shown: {choices: {yes: {}, no: {mute: ['16']}}, default: yes}")
    return service("\n".join(lines))


def test_arguments_that_together_leave_nothing_to_run_are_refused_at_the_call() -> None:
    many = too_many()
    with pytest.raises(ArgumentError) as refused:
        accept(many, {"saved": "no", "shown": "no", "p1": "no"}, low)
    assert refused.value.code == "graph-not-runnable"
    assert [each.pointer for each in refused.value.faults] == [
        "/p1",
        "/saved",
        "/shown",
    ]
    assert "no output node is left" in refused.value.faults[0].message
    assert refused.value.mend == "Give other arguments, or tell the author of the service."


def test_a_class_that_turns_out_to_be_unknown_is_told_at_the_call() -> None:
    look = service(LOOK)
    unknown = BoundService(look.service, look.prompt, look.parameters, editing={})
    with pytest.raises(ArgumentError) as refused:
        arranged(unknown, {"look": "quick"})
    assert refused.value.code == "graph-not-runnable"
    assert "nothing is known of" in refused.value.faults[0].message
    assert [each.pointer for each in refused.value.faults] == ["/look"]
