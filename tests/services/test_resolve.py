"""A whole service bound, and everything that is wrong with one told at once."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Finding, Place
from gateway.graph.definitions import Definition
from gateway.graph.json_value import Json
from gateway.graph.prompt import Node, Prompt
from gateway.services.bound import BoundOutput
from gateway.services.model import (
    AnyBackend,
    BackendChoice,
    BackendDeclaration,
    ByClassType,
    ById,
    Declaration,
    Defaulted,
    Drawn,
    Example,
    Fixed,
    Kind,
    LabelledBackend,
    NamedBackend,
    OutputRule,
    Required,
)
from gateway.services.resolve import check_backends, check_dispatch, resolve_service
from gateway.services.settings import JobSettings
from tests.definitions.recorded import DEFINITIONS
from tests.services.building import (
    PLACE,
    TEXT_TO_IMAGE,
    bound,
    choices,
    codes,
    findings,
    parameter,
    service,
)

ELSEWHERE = Place("services.yaml", 20, 7)


def rule(name: str, node_id: str, kind: Kind | None = None, index: int | None = None) -> OutputRule:
    return OutputRule(name, ById(node_id), PLACE, kind, index)


def test_a_service_is_bound_whole() -> None:
    declared = service(
        parameter("prompt", "6.text", supply=Required()),
        parameter("seed", "3.seed", supply=Drawn()),
        outputs=[OutputRule("image", ByClassType("SaveImage"), PLACE, "image", 0)],
    )
    resolved = resolve_service(declared, TEXT_TO_IMAGE, DEFINITIONS)
    assert resolved.findings == ()
    assert resolved.bound is not None
    assert resolved.bound.service is declared
    assert resolved.bound.name == "draw"
    assert resolved.bound.prompt is TEXT_TO_IMAGE
    assert [each.name for each in resolved.bound.parameters] == ["prompt", "seed"]
    assert resolved.bound.outputs == (BoundOutput("image", "9", "image", 0),)
    assert resolved.bound.prefixes == {("9", "filename_prefix"): "out"}
    assert resolved.bound.dynamic_texts == {("6", "text"), ("7", "text")}


def test_every_fault_is_told_at_once_with_its_service_and_parameter() -> None:
    found = findings(
        parameter("a", "3.step"),
        parameter("b", "33.steps"),
        parameter("c", "3.steps", supply=Defaulted(0)),
        outputs=[rule("x", "8"), rule("y", "99")],
    )
    assert [(each.code, each.service, each.parameter) for each in found] == [
        ("binding-widget-unknown", "draw", "a"),
        ("binding-node-unknown", "draw", "b"),
        ("binding-value-refused", "draw", "c"),
        ("output-not-output-node", "draw", None),
        ("binding-node-unknown", "draw", None),
    ]


def test_without_definitions_the_graph_speaks() -> None:
    found = bound(parameter("steps", "3.steps"), parameter("cfg", "3.cfg"), definitions={})
    assert [each.type for each in found.parameters] == ["integer", "number"]
    assert found.dynamic_texts == frozenset()
    assert found.prefixes == {("9", "filename_prefix"): "out"}


# --- one widget, one parameter --------------------------------------------------------------------


def test_two_parameters_never_set_one_widget() -> None:
    (finding,) = findings(parameter("a", "3.steps"), parameter("b", "3.steps", "3.cfg"))
    assert finding == Finding(
        "binding-widget-shared",
        "`3.steps` is set by the parameter `a` already",
        PLACE,
        service="draw",
        parameter="b",
        found="3.steps",
        mend="Let one parameter set it; a template can put several arguments together.",
    )


def test_a_map_of_choices_and_a_parameter_never_set_one_widget() -> None:
    sizes = choices(small={"5.width": 64}, large={"5.width": 512})
    assert codes(parameter("a", "5.width"), parameter("b", choice_map=sizes)) == [
        "binding-widget-shared"
    ]


def test_one_parameter_may_name_a_widget_twice() -> None:
    assert codes(parameter("a", "3.steps", "3.steps")) == []


# --- prefixes and dynamic texts -------------------------------------------------------------------


def test_a_prefix_is_kept_when_the_yaml_says_so_or_a_parameter_sets_it() -> None:
    assert bound(prefix="keep").prefixes == {}
    assert bound(parameter("name", "9.filename_prefix")).prefixes == {}
    by_choice = choices(a={"9.filename_prefix": "x"})
    assert bound(parameter("name", choice_map=by_choice)).prefixes == {}


def test_only_literal_prefixes_of_nodes_that_save_are_given_a_folder() -> None:
    prompt: Prompt = {
        "1": Node("SaveImage", {"filename_prefix": ["2", 0]}),
        "2": Node("PrimitiveString", {"value": "x"}),
        "3": Node("KSampler", {"filename_prefix": "no output node"}),
        "4": Node("CustomSaver", {"filename_prefix": "custom"}),
        "5": Node("SaveImage", {"filename_prefix": 3}),
    }
    assert bound(prompt=prompt).prefixes == {("4", "filename_prefix"): "custom"}


def test_texts_with_dynamic_prompts_are_known_also_when_only_a_parameter_sets_them() -> None:
    prompt: Prompt = {
        "1": Node("CLIPTextEncode", {"clip": ["2", 0]}),
        "2": Node("CLIPLoader", {"clip_name": "x"}),
        "3": Node("CLIPTextEncode", {"text": ["2", 0], "clip": ["2", 0]}),
        "4": Node("SaveImage", {"filename_prefix": "{a|b}", "images": ["2", 0]}),
        "5": Node("Custom", {"text": "{a|b}"}),
    }
    assert bound(prompt=prompt).dynamic_texts == frozenset()
    text = parameter("p", "1.text", "4.filename_prefix")
    assert bound(text, prompt=prompt).dynamic_texts == {("1", "text")}
    assert bound(parameter("p", "5.text"), prompt=prompt).dynamic_texts == frozenset()


# --- outputs --------------------------------------------------------------------------------------


def test_an_output_is_a_node_that_leaves_something() -> None:
    (finding,) = findings(outputs=[rule("image", "8")])
    assert finding == Finding(
        "output-not-output-node",
        "output `image`: node 8 (VAEDecode) is no output node, so it leaves nothing; there are "
        "9 (SaveImage)",
        PLACE,
        service="draw",
        found="8",
        mend="Name a node that saves or previews.",
    )


def test_a_workflow_without_output_nodes_says_so() -> None:
    prompt: Prompt = {"1": Node("VAEDecode", {})}
    (finding,) = findings(outputs=[rule("image", "1")], prompt=prompt)
    assert finding.message.endswith("so it leaves nothing; the workflow has none")


def test_a_node_nothing_is_known_of_is_believed_to_leave_something() -> None:
    assert codes(outputs=[rule("image", "8")], definitions={}) == []


def test_a_node_that_shows_something_while_running_may_be_an_output() -> None:
    prompt: Prompt = {"1": Node("Painter", {"width": 64, "height": 64})}
    definition = DEFINITIONS["Painter"]
    assert not definition.output_node
    assert codes(outputs=[rule("image", "1")], prompt=prompt) == []


@pytest.mark.parametrize(
    ("first", "second", "repeated"),
    [
        (rule("a", "9"), rule("b", "9"), True),
        (rule("a", "9"), rule("b", "9", "image"), True),
        (rule("a", "9"), rule("b", "9", None, 1), True),
        (rule("a", "9", "image", 0), rule("b", "9", "image", 0), True),
        (rule("a", "9", "image"), rule("b", "9", "image", 1), True),
        (rule("a", "9", None, 0), rule("b", "9"), False),
        (rule("a", "9", None, 0), rule("b", "9", None, 1), False),
        (rule("a", "9", "text"), rule("b", "9", "file"), False),
    ],
)
def test_no_output_is_taken_twice(first: OutputRule, second: OutputRule, repeated: bool) -> None:
    assert codes(outputs=[first, second]) == (["output-repeated"] if repeated else [])


def test_an_output_of_no_node_does_not_hide_another() -> None:
    assert codes(outputs=[rule("a", "77"), rule("b", "9")]) == ["binding-node-unknown"]
    assert codes(outputs=[rule("a", "77"), rule("b", "9"), rule("c", "9")]) == [
        "binding-node-unknown",
        "output-repeated",
    ]


# --- examples -------------------------------------------------------------------------------------


def example(**arguments: Json) -> Example:
    return Example(arguments, ELSEWHERE)


SIGNATURE = (
    parameter("prompt", "6.text", supply=Required()),
    parameter("seed", "3.seed", supply=Drawn()),
    parameter("steps", "3.steps"),
    parameter("cfg", "3.cfg", supply=Fixed(6.5)),
)


@pytest.mark.parametrize(
    "arguments",
    [
        {"prompt": "x"},
        {"prompt": "x", "seed": 5, "steps": 30},
        {"prompt": "x", "seed": -1},
        {"prompt": "x", "seed": None, "steps": None},
    ],
)
def test_examples_that_would_be_accepted_are_fine(arguments: dict[str, Json]) -> None:
    assert codes(*SIGNATURE, examples=(example(**arguments),)) == []


@pytest.mark.parametrize(
    ("arguments", "name", "message", "mend"),
    [
        ({}, "prompt", "example 1 lacks `prompt`, which is required", "Add `prompt` to it."),
        (
            {"prompt": None},
            "prompt",
            "example 1: `prompt` must be text that is not empty, found null",
            "Correct the example.",
        ),
        (
            {"prompt": "x", "steps": -1},
            "steps",
            "example 1: `steps` must be an integer from 1 to 10000, found -1",
            "Correct the example.",
        ),
        (
            {"prompt": "x", "stepz": 3},
            "stepz",
            "example 1 has `stepz`, which callers cannot give",
            "Did you mean `steps`?",
        ),
        (
            {"prompt": "x", "cfg": 3},
            "cfg",
            "example 1 has `cfg`, which callers cannot give",
            "Remove it.",
        ),
    ],
)
def test_examples_that_would_be_refused_are_told(
    arguments: dict[str, Json], name: str, message: str, mend: str
) -> None:
    (finding,) = findings(*SIGNATURE, examples=(example(**arguments),))
    assert finding == Finding(
        "example-invalid",
        message,
        ELSEWHERE,
        service="draw",
        parameter=name,
        found=name,
        mend=mend,
    )


def test_examples_wait_until_the_parameters_are_right() -> None:
    assert codes(parameter("p", "3.step"), examples=(example(q=1),)) == ["binding-widget-unknown"]
    faulty = parameter("p", "3.steps", supply=Defaulted(0))
    assert codes(faulty, examples=(example(q=1),)) == ["binding-value-refused"]


def test_the_second_example_is_called_so() -> None:
    (finding,) = findings(*SIGNATURE, examples=(example(prompt="x"), example()))
    assert finding.message.startswith("example 2 ")


def test_what_costs_money_runs_once_unless_the_service_says_otherwise() -> None:
    prompt: Prompt = {"1": Node("PaidImage", {}), "2": Node("SaveImage", {})}
    definitions = {"PaidImage": Definition("PaidImage", {}, output_node=True, api_node=True)}
    again = resolve_service(service(retry_paid=True), prompt, definitions).bound
    unknown = resolve_service(service(), prompt, {}).bound
    assert again is not None
    assert unknown is not None
    assert (again.paid, again.runs_once) == ({"1"}, False)
    assert (unknown.paid, unknown.runs_once) == (frozenset(), False)


# --- warnings -------------------------------------------------------------------------------------


def test_a_node_that_costs_money_is_warned_of_and_still_bound() -> None:
    prompt: Prompt = {"1": Node("PaidImage", {})}
    definitions = {"PaidImage": Definition("PaidImage", {}, output_node=True, api_node=True)}
    assert codes(prompt=prompt, definitions=definitions) == ["workflow-paid-node"]
    declared = service(places={"workflow": ELSEWHERE})
    resolved = resolve_service(declared, prompt, definitions)
    assert resolved.bound is not None
    assert resolved.bound.paid == {"1"}
    assert resolved.bound.runs_once
    assert resolved.findings == (
        Finding(
            "workflow-paid-node",
            "node 1 (PaidImage) calls a paid service outside",
            ELSEWHERE,
            "warning",
            service="draw",
            found="PaidImage",
            mend="Publish it only to callers who may spend money.",
        ),
    )


# --- backends -------------------------------------------------------------------------------------


def declaration(choice: BackendChoice) -> Declaration:
    backends = (
        BackendDeclaration("studio", "http://a", labels=frozenset({"sdxl", "fast"})),
        BackendDeclaration("spare", "http://b"),
    )
    return Declaration("services.yaml", (service(backend=choice),), backends)


@pytest.mark.parametrize(
    "choice",
    [
        AnyBackend(),
        NamedBackend("spare", PLACE),
        LabelledBackend(frozenset({"sdxl"}), PLACE),
        LabelledBackend(frozenset(), PLACE),
    ],
)
def test_a_service_that_some_backend_fits_is_fine(choice: BackendChoice) -> None:
    assert check_backends(declaration(choice)) == ()


def test_a_backend_that_is_not_declared_is_told() -> None:
    assert check_backends(declaration(NamedBackend("studi", PLACE))) == (
        Finding(
            "backend-unknown",
            "there is no backend `studi`; there are studio, spare",
            PLACE,
            service="draw",
            found="studi",
            mend="Did you mean `studio`?",
        ),
    )
    (finding,) = check_backends(declaration(NamedBackend("zzz", PLACE)))
    assert finding.mend == "Name a declared backend."


def test_labels_must_all_be_on_one_backend() -> None:
    choice = LabelledBackend(frozenset({"sdxl", "video"}), PLACE)
    assert check_backends(declaration(choice)) == (
        Finding(
            "backend-labels-unmet",
            "no backend has every label of sdxl, video; labels are studio: fast, sdxl; spare: none",
            PLACE,
            service="draw",
            found="sdxl, video",
            mend="Give a backend these labels, or ask for fewer.",
        ),
    )


# --- nothing raises -------------------------------------------------------------------------------


@given(
    st.lists(st.text(alphabet="3469.abtexwidh", min_size=1, max_size=9), max_size=3),
    st.dictionaries(
        st.sampled_from(["3", "4", "6", "9"]),
        st.dictionaries(
            st.sampled_from(["text", "width", "a", "b"]),
            st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just(["3", 0]),
            max_size=3,
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_any_targets_in_any_graph_are_bound_or_explained(
    paths: list[str], graph: dict[str, dict[str, Json]]
) -> None:
    prompt: Prompt = {"3": Node("X", {})} | {
        node_id: Node("CLIPTextEncode", inputs) for node_id, inputs in graph.items()
    }
    declared = service(*(parameter(f"p{n}", path) for n, path in enumerate(paths)))
    resolved = resolve_service(declared, prompt, DEFINITIONS)
    errors = [each for each in resolved.findings if each.severity == "error"]
    assert (resolved.bound is None) == bool(errors)
    assert all(each.message and each.mend and each.place for each in resolved.findings)


# --- a cluster ---


@pytest.mark.parametrize(
    ("dispatch", "store", "found"),
    [
        ("process", ".gateway/jobs.db", []),
        ("cluster", "postgresql://host/jobs", []),
        ("cluster", ".gateway/jobs.db", ["cluster-needs-postgresql"]),
    ],
)
def test_a_cluster_needs_a_database_that_its_machines_share(
    dispatch: Literal["process", "cluster"], store: str, found: list[str]
) -> None:
    declared = Declaration("services.yaml", (), (), jobs=JobSettings(store, dispatch=dispatch))
    assert [each.code for each in check_dispatch(declared)] == found
