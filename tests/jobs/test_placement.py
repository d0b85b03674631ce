"""Which backends may run a call."""

from __future__ import annotations

import pytest

from gateway.errors import ArgumentError, Place
from gateway.graph.definitions import (
    Combo,
    Definition,
    Definitions,
    InputDefinition,
    InputKind,
    TextWidget,
)
from gateway.graph.json_value import Json
from gateway.jobs.line import Placed, Waiting
from gateway.jobs.placement import Candidate, choices_on, fitting_backends, reason_for
from gateway.services.bound import BoundParameter, BoundService, BoundWidget
from gateway.services.model import (
    AnyBackend,
    BackendChoice,
    LabelledBackend,
    NamedBackend,
    Parameter,
    Service,
)
from tests.services.test_arrange import service as switches

HERE = Place("services.yaml", 1, 1)


def loader(*options: str) -> Definitions:
    return defined(Combo(options))


def defined(kind: InputKind) -> Definitions:
    return {"Loader": Definition("Loader", {"ckpt_name": InputDefinition("ckpt_name", kind)})}


def model_parameter(*widgets: str) -> BoundParameter:
    return BoundParameter(
        Parameter("model", HERE),
        "string",
        tuple(BoundWidget(node, "ckpt_name", "Loader", "a.safetensors") for node in widgets),
        lives_on_backend=True,
    )


def service(backend: BackendChoice, *parameters: BoundParameter) -> BoundService:
    return BoundService(
        Service("draw", HERE, "draw.json", "Draw", "", backend=backend), {}, parameters
    )


LEFT = Candidate("left", frozenset({"sdxl"}), loader("a.safetensors", "b.safetensors"))
RIGHT = Candidate("right", frozenset({"sdxl", "big"}), loader("b.safetensors", "c.safetensors"))
SILENT = Candidate("silent", frozenset())


@pytest.mark.parametrize(
    ("choice", "fitting"),
    [
        (AnyBackend(), {"left", "right", "silent"}),
        (NamedBackend("right", HERE), {"right"}),
        (LabelledBackend(frozenset({"sdxl"}), HERE), {"left", "right"}),
        (LabelledBackend(frozenset({"sdxl", "big"}), HERE), {"right"}),
        (LabelledBackend(frozenset({"none"}), HERE), set[str]()),
    ],
)
def test_a_backend_is_chosen_by_name_or_by_every_label(
    choice: BackendChoice, fitting: set[str]
) -> None:
    assert fitting_backends(service(choice), {}, [LEFT, RIGHT, SILENT]) == fitting


@pytest.mark.parametrize(
    ("value", "fitting"),
    [
        ("a.safetensors", {"left", "silent"}),
        ("b.safetensors", {"left", "right", "silent"}),
        ("unheard-of", {"silent"}),
        (None, {"left", "right", "silent"}),
    ],
)
def test_a_call_goes_only_where_the_chosen_file_is_or_may_be(
    value: Json, fitting: set[str]
) -> None:
    bound = service(AnyBackend(), model_parameter("4"))
    assert fitting_backends(bound, {"model": value}, [LEFT, RIGHT, SILENT]) == fitting


def test_a_file_that_no_backend_has_is_the_callers_fault_and_the_choices_are_shown() -> None:
    bound = service(AnyBackend(), model_parameter("4"))
    with pytest.raises(ArgumentError, match=r"/model: .*'x' *; there are: a\.safetensors, b\.saf"):
        fitting_backends(bound, {"model": "x"}, [LEFT, RIGHT])


def test_a_long_list_of_choices_is_cut_in_the_error() -> None:
    many = Candidate("many", frozenset(), loader(*(f"{n}.ckpt" for n in range(30))))
    with pytest.raises(ArgumentError, match=r"19\.ckpt, …"):
        fitting_backends(service(AnyBackend(), model_parameter("4")), {"model": "x"}, [many])


def test_the_choices_are_the_union_over_the_backends_that_told_them() -> None:
    parameter = model_parameter("4")
    assert choices_on(parameter, [LEFT, SILENT, RIGHT]) == (
        "a.safetensors",
        "b.safetensors",
        "c.safetensors",
    )
    assert choices_on(parameter, [SILENT]) is None


def test_a_backend_that_leaves_the_choice_open_opens_it_for_all() -> None:
    open_choice = Candidate("open", frozenset(), defined(Combo(None)))
    no_combo = Candidate("text", frozenset(), defined(TextWidget()))
    assert choices_on(model_parameter("4"), [LEFT, open_choice]) is None
    assert choices_on(model_parameter("4"), [no_combo]) is None


def test_a_value_for_two_widgets_must_be_a_choice_of_both() -> None:
    definitions: Definitions = {
        **loader("a", "b"),
        "Other": Definition("Other", {"name": InputDefinition("name", Combo(("b", "c")))}),
    }
    parameter = BoundParameter(
        Parameter("model", HERE),
        "string",
        (
            BoundWidget("1", "ckpt_name", "Loader", "a"),
            BoundWidget("2", "name", "Other", "b"),
        ),
        lives_on_backend=True,
    )
    assert choices_on(parameter, [Candidate("x", frozenset(), definitions)]) == ("b",)


# --- why there ---


def why(choice: BackendChoice, *loaded: str, fitting: int = 2, free: int = 2) -> str:
    names = frozenset(f"b{number}" for number in range(fitting))
    placed = Placed(Waiting(0, 0, 0.0, "a", names), "b0", free, frozenset(loaded))
    return reason_for(choice, [LEFT, RIGHT, SILENT], placed)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (why(NamedBackend("left", HERE)), "named by the service"),
        (why(LabelledBackend(frozenset({"big"}), HERE), fitting=1), "the only one with label big"),
        (
            why(LabelledBackend(frozenset({"sdxl", "big"}), HERE)),
            "the only one with labels big, sdxl",
        ),
        (why(LabelledBackend(frozenset({"sdxl"}), HERE)), "least busy of 2"),
        (why(AnyBackend(), "a.safetensors"), "has a.safetensors loaded"),
        (why(AnyBackend(), "b", "a", "c"), "has a and 2 more loaded"),
        (why(AnyBackend(), fitting=1), "the only one that can run it"),
        (why(AnyBackend(), fitting=3, free=1), "the only one with a free slot"),
        (why(AnyBackend(), fitting=3, free=3), "least busy of 3"),
    ],
)
def test_the_reason_says_why_a_job_goes_where_it_goes(said: str, expected: str) -> None:
    assert said == expected


def test_the_only_backend_there_is_is_said_to_be_so() -> None:
    placed = Placed(Waiting(0, 0, 0.0, "a", frozenset({"left"})), "left", 1, frozenset({"a"}))
    assert reason_for(AnyBackend(), [LEFT], placed) == "the only backend"


# --- what items choose, and what a call takes out ----------------------------------------------------

STACK = switches("""
loras: {repeat: "10", items: {name: lora_name, strength: strength_model}}
""")
NAMES = switches('loras: {repeat: "10", items: lora_name}')
SWITCHED = switches("""
lora: 10.lora_name
look: {choices: {with: {}, without: {bypass: ["10"]}}, default: with}
""")


def having(name: str, *loras: str) -> Candidate:
    """Return a backend with these LoRAs."""
    inputs = {"lora_name": InputDefinition("lora_name", Combo(loras))}
    return Candidate(name, frozenset(), {"LoraLoader": Definition("LoraLoader", inputs)})


LORAS = (having("left", "a", "b"), having("right", "b", "c"))


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([{"name": "a"}, {"name": "b"}], {"left"}),
        ([{"name": "b"}], {"left", "right"}),
        ([{"name": "c"}, {"strength": 1}], {"right"}),
        ([], {"left", "right"}),
    ],
)
def test_a_call_runs_where_every_file_of_its_items_is(rows: list[Json], names: set[str]) -> None:
    assert fitting_backends(STACK, {"loras": rows}, LORAS) == names


def test_an_item_s_file_that_is_nowhere_is_told_by_its_pointer() -> None:
    with pytest.raises(ArgumentError) as refused:
        fitting_backends(STACK, {"loras": [{"name": "a"}, {"name": "x"}]}, LORAS)
    (fault,) = refused.value.faults
    assert fault.pointer == "/loras/1/name"
    assert "no backend of this service has 'x'" in fault.message
    with pytest.raises(ArgumentError) as refused:
        fitting_backends(NAMES, {"loras": ["a", "c"]}, LORAS)
    (fault,) = refused.value.faults
    assert fault.pointer == "/loras/1"
    assert fitting_backends(NAMES, {"loras": ["b", "c"]}, LORAS) == {"right"}


def test_what_goes_into_a_node_that_is_taken_out_need_be_nowhere() -> None:
    arguments: dict[str, Json] = {"lora": "x", "look": "without"}
    assert fitting_backends(SWITCHED, arguments, LORAS) == {"left", "right"}
    with pytest.raises(ArgumentError):
        fitting_backends(SWITCHED, {**arguments, "look": "with"}, LORAS)
