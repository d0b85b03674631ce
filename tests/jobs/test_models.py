"""Which models a run loads, by its graph and its arguments, and what was loaded last."""

from __future__ import annotations

import pytest

from gateway.graph.definitions import Definitions
from gateway.graph.prompt import Node, Prompt
from gateway.jobs.job import Job, JobStatus, Run
from gateway.jobs.models import last_models, models_of
from gateway.services.model import Defaulted, Fixed
from tests.definitions.recorded import DEFINITIONS
from tests.services.building import bound, choices, parameter
from tests.services.test_arrange import service as switches

GRAPH: Prompt = {
    "4": Node("CheckpointLoaderSimple", {"ckpt_name": "tiny-sd15.safetensors"}),
    "5": Node(
        "LoraLoader",
        {
            "model": ["4", 0],
            "clip": ["4", 1],
            "lora_name": "fine.safetensors",
            "strength_model": 1.0,
            "strength_clip": 1.0,
        },
    ),
    "6": Node("CLIPTextEncode", {"text": "tiny.safetensors", "clip": ["5", 1]}),
    "8": Node("LoadImage", {"image": "example.png"}),
    "9": Node("SaveImage", {"images": ["8", 0], "filename_prefix": "out"}),
}
BOTH = frozenset({"tiny-sd15.safetensors", "fine.safetensors"})


@pytest.mark.parametrize("definitions", [DEFINITIONS, {}], ids=["pinned", "unknown"])
def test_the_models_are_those_that_the_graph_names_and_no_text_or_upload(
    definitions: Definitions,
) -> None:
    assert models_of(bound(prompt=GRAPH, definitions=definitions), {}) == BOTH


def test_an_argument_that_names_a_model_counts_in_place_of_the_graphs_own() -> None:
    lora = parameter("lora", "5.lora_name", supply=Defaulted("fine.safetensors"))
    service = bound(lora, parameter("prompt", "6.text"), prompt=GRAPH, definitions={})
    assert models_of(service, {"lora": "bold.safetensors", "prompt": "a fox"}) == {
        "tiny-sd15.safetensors",
        "bold.safetensors",
    }
    assert models_of(service, {}) == BOTH


def test_a_choice_of_several_widgets_and_a_fixed_value_count_as_well() -> None:
    look = parameter(
        "look", choice_map=choices(plain={"5.lora_name": "x.pt"}, bold={"5.lora_name": "y.pt"})
    )
    fixed = parameter("model", "4.ckpt_name", supply=Fixed("base.ckpt"))
    service = bound(look, fixed, prompt=GRAPH, definitions={})
    assert models_of(service, {"look": "bold"}) == {"base.ckpt", "y.pt"}


def test_a_service_without_models_loads_none() -> None:
    graph: Prompt = {key: GRAPH[key] for key in ("8", "9")}
    assert models_of(bound(prompt=graph), {}) == frozenset()


def job(number: int, backend: str, status: JobStatus = "completed", **named: str) -> Job:
    """Return a job that ran somewhere."""
    made = Job(f"{number}", named.get("service", "draw"), "local", {}, float(number), status)
    return made.with_run(Run(1, backend, "p", 1.0)) if backend else made


def test_the_newest_completed_job_of_each_backend_tells_what_is_loaded_there() -> None:
    draw = bound(prompt=GRAPH, definitions={})
    other = bound(prompt={key: GRAPH[key] for key in ("4", "8", "9")}, definitions={})
    plain = bound(prompt={key: GRAPH[key] for key in ("8", "9")})
    broken = bound(
        parameter("lora", "5.lora_name", template="{{ lora.no.such }}"),
        parameter("prompt", "6.text"),
        prompt=GRAPH,
        definitions={},
    )
    services = {"draw": draw, "other": other, "plain": plain, "broken": broken}
    newest = [
        job(9, "studio", service="gone"),
        job(8, "studio", "failed"),
        job(7, "", "pending"),
        job(6, "studio", service="plain"),
        job(5, "studio", service="other"),
        job(4, "studio"),
        job(4, "attic", service="broken"),
        job(3, "attic"),
    ]
    assert last_models(newest, services) == {
        "studio": {"tiny-sd15.safetensors"},
        "attic": BOTH,
    }


STACK = switches("""
loras: {repeat: "10", items: lora_name}
look: {choices: {with: {}, without: {bypass: ["10"]}}, default: with}
""")


def test_the_models_are_those_of_the_graph_that_the_arguments_make() -> None:
    assert models_of(STACK, {}) == {"tiny-sd15.safetensors", "a.safetensors"}
    assert models_of(STACK, {"loras": ["x", "y"]}) == {"tiny-sd15.safetensors", "x", "y"}
    assert models_of(STACK, {"loras": []}) == {"tiny-sd15.safetensors"}
    assert models_of(STACK, {"look": "without"}) == {"tiny-sd15.safetensors"}
