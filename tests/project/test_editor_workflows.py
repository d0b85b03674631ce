"""Services that name an editor workflow: converted at load, with the pinned definitions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import Finding, Place
from gateway.graph.json_value import Json
from gateway.project.conversions import Conversions
from gateway.project.load import Project, load_graphs, load_project
from gateway.project.lock_file import stale_lock, write_lock
from gateway.project.repair import repair
from tests.editor.intricate import INTRICATE, INTRICATE_INFO
from tests.editor.mutations import mutated
from tests.editor.portrait import OBJECT_INFO, PORTRAIT, portrait

SERVICES = """\
version: 1
services:
  draw:
    description: Draw.
    workflow: draw.json
    parameters:
      prompt: {node: {title: Positive}, widget: text}
      steps: 3.steps
    outputs:
      image: {node: "9"}
"""


def _write(
    folder: Path, services: str = SERVICES, workflow: Json = PORTRAIT, pinned: Json = OBJECT_INFO
) -> Path:
    for name in ("workflows", "schemas"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "workflows/draw.json").write_text(json.dumps(workflow), encoding="utf-8")
    if pinned is not None:
        (folder / "schemas/definitions.json").write_text(json.dumps(pinned), encoding="utf-8")
    (folder / "services.yaml").write_text(services, encoding="utf-8")
    return folder / "services.yaml"


def _loaded(config: Path, conversions: Conversions | None = None) -> Project:
    loaded = load_project(config, {}, conversions)
    assert loaded.project is not None, loaded.findings
    return loaded.project


def _findings(config: Path) -> tuple[Finding, ...]:
    loaded = load_project(config, {})
    assert loaded.project is None
    return loaded.findings


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_service_may_name_an_editor_workflow(tmp_path: Path) -> None:
    (bound,) = _loaded(_write(tmp_path)).services
    assert list(bound.prompt) == ["4", "5", "6", "7", "3", "12:1", "9"]
    sampler = bound.prompt["3"].inputs
    assert sampler["seed"] == 2**64 - 1
    assert (sampler["steps"], sampler["sampler_name"]) == (2, "euler")
    assert bound.prompt["9"].inputs["images"] == ["12:1", 0]
    assert [each.widgets[0].key for each in bound.parameters] == [("6", "text"), ("3", "steps")]


def test_texts_stay_unresolved_until_a_call(tmp_path: Path) -> None:
    (bound,) = _loaded(_write(tmp_path)).services
    assert bound.prompt["6"].inputs["text"] == "a {red|red} fox // soft"
    assert bound.prefixes == {("9", "filename_prefix"): "%date:yyyy%"}
    assert bound.texts is not None
    assert bound.dynamic_texts == frozenset()


def test_without_pinned_definitions_the_classes_that_are_needed_are_named(tmp_path: Path) -> None:
    (finding,) = _findings(_write(tmp_path, pinned=None))
    assert finding.code == "workflow-needs-definitions"
    assert finding.place == Place("services.yaml", 5, 5)
    assert finding.message.endswith(
        "not pinned: CLIPTextEncode, CheckpointLoaderSimple, EmptyLatentImage, KSampler, SaveImage, "
        "VAEDecode"
    )
    assert "gateway definitions pull" in str(finding.mend)


def test_many_classes_that_are_needed_are_named_in_part(tmp_path: Path) -> None:
    nodes: list[Json] = [{"id": at, "type": f"Node{at:02}"} for at in range(15)]
    (finding,) = _findings(_write(tmp_path, workflow={"nodes": nodes, "version": 0.4}))
    assert finding.message.endswith("Node10, Node11 and 3 more")


def test_definitions_pinned_by_an_earlier_version_are_to_be_pinned_anew(tmp_path: Path) -> None:
    entry = {"input": {"required": {"samples": ["LATENT"], "vae": ["VAE"]}}, "output": ["IMAGE"]}
    (finding,) = _findings(_write(tmp_path, pinned={**OBJECT_INFO, "VAEDecode": entry}))
    assert finding.code == "workflow-needs-definitions"
    assert finding.message.endswith("without what converting needs: VAEDecode")


def test_what_cannot_be_converted_is_told_at_the_workflow_s_own_place(tmp_path: Path) -> None:
    workflow = json.loads(json.dumps(PORTRAIT))
    workflow["links"][0][1] = 99
    (finding,) = _findings(_write(tmp_path, workflow=workflow))
    assert finding.place == Place("workflows/draw.json", 1, 1)
    assert (finding.service, finding.found) == ("draw", "draw.json")
    assert finding.code.startswith("workflow-")
    assert finding.mend


@pytest.mark.parametrize(
    ("node", "said", "mend"),
    [
        ("11", "node 11 is muted, so it is not sent", "Enable it in ComfyUI"),
        ("10", "node 10 is known to the editor only, so it is not sent", "name another node"),
        ("12", "node 12 is a subgraph; in it are 12:1 (VAEDecode", "Name one of the nodes in it"),
        ("1", "in subgraphs there are 12:1 (VAEDecode", "Did you mean 12:1?"),
        ("12:7", "there is no node 12:7", "Did you mean 12:1?"),
        ("77", "there is no node 77", "Use the id of a node"),
    ],
)
def test_a_node_that_is_in_the_editor_only_is_explained(
    tmp_path: Path, node: str, said: str, mend: str
) -> None:
    (finding,) = _findings(_write(tmp_path, SERVICES.replace('node: "9"', f'node: "{node}"')))
    assert finding.code == "binding-node-unknown"
    assert said in finding.message
    assert mend in str(finding.mend)


def test_the_classes_of_an_editor_workflow_are_known_before_anything_is_pinned(
    tmp_path: Path,
) -> None:
    graphs = load_graphs(_write(tmp_path, pinned=None), {})
    assert graphs.findings == ()
    assert graphs.class_types == OBJECT_INFO.keys()


def test_only_what_changed_is_converted_again(tmp_path: Path) -> None:
    conversions = Conversions()
    config = _write(tmp_path)
    first = _loaded(config, conversions).services[0].prompt
    conversions.sweep()
    assert _loaded(config, conversions).services[0].prompt is first
    conversions.sweep()
    _write(tmp_path, workflow=portrait("a dog"))
    second = _loaded(config, conversions).services[0].prompt
    assert second["6"].inputs["text"] == "a dog"
    conversions.sweep()
    _write(tmp_path)  # the first one was let go
    third = _loaded(config, conversions).services[0].prompt
    assert third == first
    assert third is not first


def test_other_definitions_make_another_conversion(tmp_path: Path) -> None:
    conversions = Conversions()
    first = _loaded(_write(tmp_path), conversions).services[0].prompt
    pinned: Json = {**OBJECT_INFO, "Unused": {"input": {}, "input_order": {}}}
    second = _loaded(_write(tmp_path, pinned=pinned), conversions).services[0].prompt
    assert second == first
    assert second is not first


def test_a_workflow_of_which_nothing_takes_part_is_told_so(tmp_path: Path) -> None:
    nodes: list[Json] = [{"id": 9, "type": "SaveImage", "mode": 2}]
    config = _write(tmp_path, workflow={"nodes": nodes, "links": [], "version": 0.4})
    (finding,) = _findings(config)
    assert (finding.code, finding.place) == ("workflow-empty", Place("workflows/draw.json", 1, 1))


def test_a_workflow_that_is_nested_too_deeply_is_told_so(tmp_path: Path) -> None:
    deep: Json = "x"
    for _ in range(700):
        deep = [deep]
    nodes: list[Json] = [{"id": 1, "type": "SaveImage", "widgets_values": [deep]}]
    config = _write(tmp_path, workflow={"nodes": nodes, "links": [], "version": 0.4})
    codes = {each.code for each in load_project(config, {}).findings}
    assert codes <= {"workflow-json-invalid", "workflow-too-large", "binding-node-unknown"}
    assert codes


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(0, 2**32), st.integers(1, 5))
@pytest.mark.timeout(60)
def test_a_project_with_any_editor_workflow_is_loaded_or_told_what_is_wrong(
    tmp_path: Path, seed: int, count: int
) -> None:
    workflow = mutated(INTRICATE, seed, count)
    config = _write(tmp_path, workflow=workflow, pinned=INTRICATE_INFO)
    loaded = load_project(config, {})
    assert loaded.project is not None or loaded.findings


def test_an_editor_workflow_whose_ids_changed_keeps_its_bindings(tmp_path: Path) -> None:
    config = _write(tmp_path)
    assert write_lock(_loaded(config))
    renumbered: Any = portrait()
    for node in renumbered["nodes"]:
        node["id"] += 40
    for link in renumbered["links"]:
        link[1] += 40
        link[3] += 40
    _write(tmp_path, workflow=renumbered)
    loaded = load_project(config, {})
    assert [each.code for each in loaded.findings] == ["binding-moved", "binding-moved"]
    assert repair(config, {}).loaded.findings == ()
    assert "43.steps" in config.read_text("utf-8")
    assert stale_lock(_loaded(config)) == ()


def test_other_definitions_make_the_lock_of_an_editor_workflow_stale(tmp_path: Path) -> None:
    config = _write(tmp_path)
    assert write_lock(_loaded(config))
    definitions: Any = json.loads(json.dumps(OBJECT_INFO))
    del definitions["KSampler"]["input"]["required"]["scheduler"]
    _write(tmp_path, pinned=definitions)
    assert load_project(config, {}).findings == ()
    (finding,) = stale_lock(_loaded(config))
    assert finding.code == "lock-stale"
    assert write_lock(_loaded(config))
    assert stale_lock(_loaded(config)) == ()
