"""Texts of an editor workflow are resolved at each call, with the values of that call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from gateway.execution.prepare import prompt_for
from gateway.graph.json_value import Json, as_object
from gateway.jobs.job import Job
from gateway.project.load import load_project
from gateway.services.bound import BoundService
from tests.editor.portrait import OBJECT_INFO, portrait

SERVICES = """\
version: 1
services:
  draw:
    description: Draw.
    workflow: draw.json
    parameters:
      prompt: 6.text
      steps: 3.steps
"""


@pytest.fixture
def make_bound(tmp_path: Path) -> _MakeBound:
    """Return how to make a service of a workflow with such texts."""
    return _MakeBound(tmp_path)


class _MakeBound:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, text: str, prefix: str, services: str = SERVICES) -> BoundService:
        folder = self._folder
        for name in ("workflows", "schemas"):
            (folder / name).mkdir()
        written = json.dumps(portrait(text, prefix))
        (folder / "workflows/draw.json").write_text(written, encoding="utf-8")
        pinned = json.dumps(OBJECT_INFO)
        (folder / "schemas/definitions.json").write_text(pinned, encoding="utf-8")
        (folder / "services.yaml").write_text(services, encoding="utf-8")
        loaded = load_project(folder / "services.yaml", {})
        assert loaded.project is not None, loaded.findings
        return loaded.project.services[0]


def _inputs(bound: BoundService, node_id: str, job: Job) -> Mapping[str, Json]:
    node = as_object(prompt_for(bound, job, {}, prompt_id="run")[node_id])
    assert node is not None
    return as_object(node["inputs"]) or {}


def _job(job_id: str = "job", /, **arguments: Json) -> Job:
    return Job(job_id, "draw", "local", arguments, 1.0)


def _prefix(bound: BoundService, **arguments: Json) -> Json:
    return _inputs(bound, "9", _job(**arguments))["filename_prefix"]


def test_a_dynamic_prompt_is_drawn_for_each_job_anew_and_the_same_on_its_next_attempt(
    make_bound: _MakeBound,
) -> None:
    bound = make_bound("{a|b|c} fox // soft", "x")
    drawn = [_inputs(bound, "6", _job(f"job-{number}"))["text"] for number in range(30)]
    assert set(drawn) == {"a fox ", "b fox ", "c fox "}
    assert drawn == [_inputs(bound, "6", _job(f"job-{number}"))["text"] for number in range(30)]


def test_a_caller_s_text_goes_through_the_same_steps(make_bound: _MakeBound) -> None:
    bound = make_bound("a fox", "x")
    assert _inputs(bound, "6", _job(prompt="{a dog} /* loud */"))["text"] == "a dog "


def test_a_prefix_is_resolved_within_the_run_s_own_folder(make_bound: _MakeBound) -> None:
    bound = make_bound("a fox", "%date:yyyy%/%Positive.text%_%width%")
    before = datetime.now().astimezone().year
    prefix = _prefix(bound, prompt='red/blue: "x"')
    after = datetime.now().astimezone().year
    years = {f"gateway/run/{year}/red_blue_ _x__%width%" for year in (before, after)}
    assert prefix in years
    assert str(_prefix(bound)).endswith("/a fox_%width%")


def test_other_nodes_values_are_those_of_the_call(make_bound: _MakeBound) -> None:
    bound = make_bound("a fox", "%KSampler.steps%-%KSampler.seed%")
    assert _prefix(bound, steps=7) == f"gateway/run/7-{2**64 - 1}"


def test_a_caller_s_text_does_not_lead_out_of_the_run_s_folder(make_bound: _MakeBound) -> None:
    bound = make_bound("a fox", "%Positive.text%/%Positive.text%/x")
    assert _prefix(bound, prompt="..") == "gateway/run/__/__/x"
    assert _prefix(bound, prompt="../../etc") == "gateway/run/.._.._etc/.._.._etc/x"


def test_a_prefix_that_is_kept_is_resolved_too(make_bound: _MakeBound) -> None:
    services = SERVICES.replace("workflow:", "prefix: keep\n    workflow:")
    assert _prefix(make_bound("a fox", "out/%KSampler.steps%", services)) == "out/2"


def test_a_prefix_that_a_parameter_sets_is_resolved_as_in_the_editor(
    make_bound: _MakeBound,
) -> None:
    bound = make_bound("a fox", "x", SERVICES + "      name: 9.filename_prefix\n")
    assert _prefix(bound, name="%KSampler.steps%") == "2"


def test_nodes_that_must_not_be_cached_are_marked(make_bound: _MakeBound) -> None:
    again = frozenset({"9"})
    prompt = prompt_for(make_bound("a", "x"), _job(), {}, prompt_id="run", again=again)
    assert json.loads(json.dumps(prompt))["9"]["inputs"]["gateway_run"] == "run"
