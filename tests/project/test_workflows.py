"""Workflows read from under workflows/, and from nowhere else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gateway.errors import Finding, Place
from gateway.graph.prompt import Node
from gateway.project.workflows import Workflow, Workflows, list_workflows
from gateway.services.model import Service

GRAPH = {"1": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x"}}}
PLACE = Place("services.yaml", 4, 15)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("workflows").mkdir()


def _service(workflow: str) -> Service:
    places = {"workflow": PLACE}
    return Service("draw", Place("services.yaml", 3, 3), workflow, "Draw", "", places=places)


def _findings(workflow: str) -> tuple[Finding, ...]:
    found = Workflows(Path.cwd()).read(_service(workflow))
    assert isinstance(found, tuple)
    return found


def _refused(workflow: str) -> Finding:
    (found,) = _findings(workflow)
    assert found.service == "draw"
    assert found.found == workflow
    assert found.mend
    return found


def test_a_workflow_is_read_once_for_all_services_that_name_it() -> None:
    Path("workflows/a.json").write_text(json.dumps(GRAPH), encoding="utf-8")
    workflows = Workflows(Path.cwd())
    first = workflows.read(_service("a.json"))
    assert isinstance(first, Workflow)
    assert first.prompt == {"1": Node("SaveImage", {"filename_prefix": "x"})}
    assert first.conversion is None
    assert workflows.read(_service("a.json")) is first


def test_workflows_may_be_in_folders() -> None:
    Path("workflows/sd15/deep").mkdir(parents=True)
    Path("workflows/sd15/deep/a.json").write_text(json.dumps(GRAPH), encoding="utf-8")
    assert isinstance(Workflows(Path.cwd()).read(_service("sd15/deep/a.json")), Workflow)


@pytest.mark.parametrize(
    "name",
    [
        "../secret.json",
        "sd15/../../secret.json",
        "sd15/..",
        "/etc/passwd",
        "C:\\secret.json",
        "C:secret.json",
        "\\\\host\\share\\secret.json",
        "..\\secret.json",
        "a\0.json",
        "link.json",
        "folder/secret.json",
    ],
)
def test_nothing_outside_workflows_is_ever_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(json.dumps(GRAPH), encoding="utf-8")
    (tmp_path / "workflows" / "link.json").symlink_to(tmp_path / "secret.json")
    (tmp_path / "workflows" / "folder").symlink_to(tmp_path)
    finding = _refused(name)
    assert finding.code == "workflow-outside"
    assert finding.place == PLACE


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file names")
@pytest.mark.parametrize("name", ["C:a.json", "..\\a.json"])
def test_a_file_whose_name_is_a_path_elsewhere_is_refused_where_it_is_just_a_name(
    name: str,
) -> None:
    Path("workflows", name).write_text(json.dumps(GRAPH), encoding="utf-8")
    assert _refused(name).code == "workflow-outside"


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    Path("workflows/a.json").write_text(json.dumps(GRAPH), encoding="utf-8")
    (tmp_path / "workflows" / "b.json").symlink_to(tmp_path / "workflows" / "a.json")
    assert isinstance(Workflows(Path.cwd()).read(_service("b.json")), Workflow)


def test_a_link_that_leads_in_circles_is_told(tmp_path: Path) -> None:
    (tmp_path / "workflows/round.json").symlink_to("round.json")
    assert _refused("round.json").code == "workflow-missing"


def test_a_missing_workflow_is_told_with_the_nearest_name() -> None:
    for name in ("portrait.json", "landscape.json"):
        Path("workflows", name).write_text("{}", encoding="utf-8")
    assert _refused("potrait.json").mend == "Did you mean portrait.json?"
    finding = _refused("zzz.json")
    assert finding.code == "workflow-missing"
    assert finding.message == "there is no workflow workflows/zzz.json"
    assert finding.mend == "There are: landscape.json, portrait.json."


def test_a_missing_workflow_in_an_empty_project_is_told_how_to_make_one() -> None:
    assert _refused("a.json").mend == "Save a workflow from ComfyUI into workflows/."


def test_broken_json_is_told_at_its_own_place() -> None:
    Path("workflows/a.json").write_text('{"1": {,}}', encoding="utf-8")
    finding = _refused("a.json")
    assert finding.code == "workflow-json-invalid"
    assert finding.place == Place("workflows/a.json", 1, 8)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({}, "workflow-empty"),
        ([], "workflow-not-api-format"),
        (
            {
                "1": {"class_type": "A", "inputs": {"x": ["2", 0]}},
                "2": {"class_type": "A", "inputs": {"x": ["1", 0]}},
            },
            "workflow-cyclic",
        ),
    ],
)
def test_a_file_that_is_no_prompt_is_told_where_it_is_named(content: object, code: str) -> None:
    Path("workflows/a.json").write_text(json.dumps(content), encoding="utf-8")
    finding = _refused("a.json")
    assert finding.code == code
    assert finding.place == PLACE
    assert finding.message.startswith("workflows/a.json: ")


def test_workflows_are_listed_by_name_those_in_folders_too_but_not_behind_links(
    tmp_path: Path,
) -> None:
    folder = Path("workflows")
    (folder / "b").mkdir()
    for name in ("c.json", "b/a.json", "a.json", "notes.txt"):
        (folder / name).write_text("{}", encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "d.json").write_text("{}", encoding="utf-8")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    listed = [each.as_posix() for each in list_workflows(folder)]
    assert listed == ["workflows/a.json", "workflows/b/a.json", "workflows/c.json"]


def test_a_folder_without_workflows_lists_none() -> None:
    assert list_workflows(Path("nowhere")) == []
