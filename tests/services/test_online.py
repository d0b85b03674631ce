"""What several live backends would refuse, each thing told once."""

from __future__ import annotations

from dataclasses import replace

from gateway.errors import Finding
from gateway.graph.definitions import Combo, Definitions, InputDefinition
from gateway.graph.prompt import Node
from gateway.services.model import Defaulted
from gateway.services.objections import Told
from gateway.services.online import (
    differing_backends,
    service_findings,
    stale_definitions,
    unchecked,
)
from tests.definitions.recorded import DEFINITIONS
from tests.services.building import PLACE, TEXT_TO_IMAGE, bound, parameter

WITHOUT: Definitions = {name: each for name, each in DEFINITIONS.items() if name != "VAEDecode"}
GOOD, BAD, WORSE = Told("good", DEFINITIONS), Told("bad", WITHOUT), Told("worse", WITHOUT)


def offering(*names: str) -> Definitions:
    loader = DEFINITIONS["CheckpointLoaderSimple"]
    combo = InputDefinition("ckpt_name", Combo(names))
    return {**DEFINITIONS, loader.class_type: replace(loader, inputs={"ckpt_name": combo})}


def test_what_one_backend_refuses_is_an_error_when_there_is_no_other() -> None:
    assert service_findings(bound(), [BAD]) == (
        Finding(
            code="node-class-missing",
            message="on backend bad: node 8: ComfyUI has no node class VAEDecode; did you mean VAEEncode?",
            place=PLACE,
            service="draw",
            found="VAEDecode",
            mend="Install the pack that brings it there, or change w.json.",
        ),
    )


def test_it_is_a_warning_when_the_service_runs_elsewhere() -> None:
    (finding,) = service_findings(bound(), [GOOD, BAD, WORSE])
    assert finding.severity == "warning"
    assert finding.message.startswith("on backends bad, worse: node 8: ")
    assert finding.mend == (
        "Install the pack that brings it there, or change w.json. Until then calls that are placed "
        "there fail: `backend:` of the service keeps them away."
    )


def test_what_every_backend_refuses_is_told_once() -> None:
    (finding,) = service_findings(bound(), [BAD, WORSE])
    assert finding.severity == "error"
    assert finding.message.startswith("on every backend that may run it (bad, worse): node 8: ")


def test_two_backends_that_lack_different_things_leave_none() -> None:
    other = Told("other", {name: each for name, each in DEFINITIONS.items() if name != "SaveImage"})
    found = service_findings(bound(), [BAD, other])
    assert [(each.severity, each.found) for each in found] == [
        ("error", "VAEDecode"),
        ("error", "SaveImage"),
    ]


def test_a_warning_stays_one_wherever_the_service_runs() -> None:
    old = replace(DEFINITIONS["VAEDecode"], deprecated=True)
    backend = Told("studio", {**DEFINITIONS, "VAEDecode": old})
    (finding,) = service_findings(bound(), [backend])
    assert (finding.severity, finding.mend) == ("warning", None)


def test_a_model_that_arguments_choose_need_be_on_one_backend_only() -> None:
    model = parameter("model", "4.ckpt_name", supply=Defaulted("a.safetensors"))
    service = bound(model, definitions={})
    have, lack = Told("have", offering("a.safetensors")), Told("lack", offering("b.pt"))
    assert service_findings(service, [have, lack]) == ()
    (finding,) = service_findings(service, [lack])
    assert (finding.severity, finding.parameter) == ("error", "model")


def test_one_value_of_several_examples_is_told_for_each() -> None:
    node = Node("KSampler", {**TEXT_TO_IMAGE["3"].inputs, "steps": 0, "cfg": 500})
    found = service_findings(bound(prompt={**TEXT_TO_IMAGE, "3": node}), [GOOD])
    assert [each.found for each in found] == ["0", "500"]


def test_nothing_hidden_in_a_packs_names_reaches_a_terminal() -> None:
    node = replace(DEFINITIONS["VAEDecode"], class_type="VAEDecode\x1b[31m")
    live = {**WITHOUT, "VAEDecode\x1b[31m": node}
    (finding,) = service_findings(bound(), [Told("studio", live)])
    assert "\x1b" not in finding.message
    assert "did you mean VAEDecode[31m?" in finding.message


def test_services_that_nobody_could_be_asked_about_are_told() -> None:
    (finding,) = unchecked([bound()])
    assert (finding.code, finding.severity, finding.service) == (
        "service-not-checked",
        "warning",
        "draw",
    )


def test_backends_that_differ_are_told_once_for_all_their_services() -> None:
    encode = DEFINITIONS["CLIPTextEncode"]
    less = replace(encode, inputs={"text": encode.inputs["text"]})
    other = Told("attic", {**DEFINITIONS, "CLIPTextEncode": less})
    second = replace(bound(), service=replace(bound().service, name="second"))
    (finding,) = differing_backends(
        [(bound(), [GOOD, other]), (second, [GOOD, other]), (bound(), [GOOD])]
    )
    assert finding.message == (
        "node class CLIPTextEncode is not the same on its backends: input `clip` is on good only "
        "(so for second)"
    )
    assert (finding.code, finding.severity, finding.service) == (
        "backends-differ",
        "warning",
        "draw",
    )


def test_outputs_that_nobody_takes_make_no_difference() -> None:
    save, decode = DEFINITIONS["SaveImage"], DEFINITIONS["VAEDecode"]
    changed = {"SaveImage": replace(save, outputs=("IMAGE", "X"))}
    other = Told("attic", {**DEFINITIONS, **changed})
    assert differing_backends([(bound(), [GOOD, other])]) == ()
    changed = {"VAEDecode": replace(decode, outputs=("IMAGE", "X"))}
    other = Told("attic", {**DEFINITIONS, **changed})
    (finding,) = differing_backends([(bound(), [GOOD, other])])
    assert finding.message.endswith("its outputs are IMAGE on good; IMAGE, X on attic")


def test_pinned_definitions_that_no_backend_has_are_stale() -> None:
    sampler = DEFINITIONS["KSampler"]
    steps = {name: each for name, each in sampler.inputs.items() if name != "steps"}
    newer = {**DEFINITIONS, "KSampler": replace(sampler, inputs=steps)}
    (finding,) = stale_definitions(DEFINITIONS, {"studio": newer}, "definitions.json")
    assert finding == Finding(
        code="definitions-stale",
        message="definitions.json is not what the backends have now: KSampler (input `steps` is on "
        "the pinned one only)",
        severity="warning",
        found="KSampler",
        mend="Pin them anew: gateway definitions pull.",
    )
    assert stale_definitions(DEFINITIONS, {"a": newer, "b": DEFINITIONS}, "definitions.json") == ()
    assert stale_definitions(DEFINITIONS, {"a": {}}, "definitions.json") == ()
    assert stale_definitions({}, {"a": newer}, "definitions.json") == ()


def test_many_stale_definitions_are_counted() -> None:
    few = list(DEFINITIONS)[:6]
    pinned = {name: replace(DEFINITIONS[name], inputs={}) for name in few}
    live = {name: replace(DEFINITIONS[name], outputs=("NEW",)) for name in few}
    bare = {name: replace(each, outputs=()) for name, each in pinned.items()}
    (finding,) = stale_definitions(bare, {"studio": live}, "definitions.json")
    assert finding.message.endswith("; and 2 more")
    assert finding.found == ", ".join(few)
