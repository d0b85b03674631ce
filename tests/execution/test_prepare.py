"""The graph of an attempt: its shape and its widgets come of the job's record alone."""

from __future__ import annotations

import json
from dataclasses import replace

from gateway.execution.prepare import prompt_for
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.jobs.job import Job, PartOf
from gateway.jobs.stored import job_of, record_of
from gateway.services.arrange import arranged
from tests.services.test_arrange import service

BOUND = service("""
loras: {repeat: "10", items: {name: lora_name, strength: strength_model}}
look: {choices: {quick: {bypass: ["12"]}, full: {}}, default: full}
image: {node: "11", widget: image, when_absent: bypass}
prompt: 6.text
""")


def job(**arguments: Json) -> Job:
    return Job("11111111-1111-1111-1111-111111111111", "draw", "local", arguments, 0.0)


def posted(of: Job, **files: str) -> dict[str, Json]:
    """Return the graph that is submitted for a job."""
    return prompt_for(BOUND, of, files, prompt_id="p1")


def inputs(graph: dict[str, Json], node_id: str) -> JsonObject:
    return as_object((as_object(graph[node_id]) or {})["inputs"]) or {}


FULL = job(loras=[{"name": "a"}, {"name": "b", "strength": 2}], look="quick", image="x.png")


def test_shape_comes_first_and_widgets_are_set_in_what_is_left() -> None:
    graph = posted(FULL, image="gateway/x.png")
    assert "12" not in graph
    assert inputs(graph, "10:2") == {
        "lora_name": "b",
        "strength_model": 2,
        "strength_clip": 1.0,
        "model": ["10", 0],
        "clip": ["10", 1],
    }
    assert inputs(graph, "11") == {"image": "gateway/x.png"}
    assert inputs(graph, "9")["filename_prefix"] == "gateway/p1/out"


def test_a_job_that_was_kept_and_read_again_makes_the_same_graph() -> None:
    kept = job_of(json.loads(json.dumps(record_of(FULL))))
    assert posted(kept, image="gateway/x.png") == posted(FULL, image="gateway/x.png")


def test_a_record_of_before_such_parameters_makes_the_graph_without_them() -> None:
    graph = posted(job(prompt="an old job"))
    assert "11" not in graph
    assert "10:2" not in graph
    assert inputs(graph, "6")["text"] == "an old job"


def test_a_service_that_was_arranged_before_makes_the_same_graph() -> None:
    once = arranged(BOUND, FULL.arguments)
    assert prompt_for(once, FULL, {"image": "gateway/x.png"}, prompt_id="p1") == posted(
        FULL, image="gateway/x.png"
    )


def test_dynamic_texts_are_resolved_in_every_node_of_a_chain() -> None:
    many = service('blurs: {repeat: "13", items: blur_radius}\nprompt: 6.text')
    made = prompt_for(many, job(blurs=[1, 2], prompt="{only}"), {}, prompt_id="p1")
    assert inputs(made, "6")["text"] == "only"
    assert inputs(made, "13:2")["blur_radius"] == 2


def test_jobs_of_a_batch_draw_alike_where_their_seeds_are_the_same() -> None:
    text = " ".join(["{a|b|c|d}"] * 20)

    def drawn(index: int, seed: int) -> Json:
        part = replace(job(prompt=text), id=f"job {index}", batch=PartOf("batch", index, 4))
        return inputs(posted(replace(part, seeds={"seed": seed})), "6")["text"]

    assert drawn(0, 7) == drawn(2, 7)
    assert drawn(0, 7) != drawn(1, 8)
    alone = [inputs(posted(replace(job(prompt=text), id=each)), "6")["text"] for each in "xy"]
    assert alone[0] != alone[1]


def test_a_node_of_a_chain_can_be_kept_from_the_cache() -> None:
    made = prompt_for(BOUND, FULL, {}, prompt_id="p1", again=frozenset({"10:2"}))
    assert inputs(made, "10:2")["gateway_run"] == "p1"
