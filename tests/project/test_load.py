"""A project's files as services, or everything that is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.project.load import load_graphs, load_project
from tests.project.small import GRAPH, SERVICES, write_project


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _codes(config: Path) -> list[tuple[str, str, int]]:
    findings = load_project(config, {}).findings
    places = [each.place for each in findings]
    return [
        (each.code, place.file if place else "", place.line if place else 0)
        for each, place in zip(findings, places, strict=True)
    ]


def test_a_good_project_is_loaded_whole(tmp_path: Path) -> None:
    config = write_project(tmp_path)
    loaded = load_project(Path("services.yaml"), {"GATEWAY_API_KEYS": "ada:a-long-enough-secret"})
    assert loaded.findings == ()
    project = loaded.project
    assert project is not None
    assert project.root == tmp_path
    assert project.config == config
    assert [each.name for each in project.services] == ["draw"]
    assert [each.name for each in project.services[0].parameters] == ["steps", "seed"]
    assert project.keys == {"ada": "a-long-enough-secret"}
    assert "a-long-enough-secret" not in repr(project)


def test_paths_in_the_file_are_meant_from_its_folder(tmp_path: Path) -> None:
    text = f"{SERVICES}outputs: out\ngateway: {{input_folders: [in, /srv/in]}}\n"
    project = load_project(write_project(tmp_path, text), {}).project
    assert project is not None
    assert project.declaration.outputs == str(tmp_path / "out")
    assert project.declaration.gateway.input_folders == (str(tmp_path / "in"), "/srv/in")
    assert project.declaration.jobs.store == str(tmp_path / ".gateway/jobs.db")


def test_findings_of_all_files_are_told_in_the_order_of_the_files(tmp_path: Path) -> None:
    text = SERVICES + (
        "  gone:\n    workflow: gone.json\n"
        "  broken:\n    workflow: broken.json\n"
        "  far:\n    workflow: draw.json\n    backend: moon\n"
    )
    config = write_project(tmp_path, text.replace("3.steps", "3.stepz"))
    (tmp_path / "workflows/broken.json").write_text("{\n ]", encoding="utf-8")
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/definitions.json").write_text("nonsense", encoding="utf-8")
    assert _codes(config) == [
        ("binding-widget-unknown", "services.yaml", 7),
        ("workflow-missing", "services.yaml", 10),
        ("backend-unknown", "services.yaml", 15),
        ("definitions-invalid", "schemas/definitions.json", 1),
        ("workflow-json-invalid", "workflows/broken.json", 2),
    ]
    assert load_project(config, {}).project is None


def test_warnings_do_not_keep_a_project_from_loading(tmp_path: Path) -> None:
    loaded = load_project(write_project(tmp_path), {"GATEWAY_API_KEYS": "ada:short"})
    assert [each.code for each in loaded.findings] == ["api-key-short"]
    assert loaded.project is not None


def test_unusable_keys_keep_it_from_loading(tmp_path: Path) -> None:
    loaded = load_project(write_project(tmp_path), {"GATEWAY_API_KEYS": "secret"})
    assert [each.code for each in loaded.findings] == ["api-keys-invalid"]
    assert loaded.project is None


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    assert _codes(tmp_path / "services.yaml") == [("config-unreadable", "", 0)]
    (tmp_path / "services.yaml").write_bytes(b"version: \xff")
    assert _codes(tmp_path / "services.yaml") == [("config-unreadable", "services.yaml", 1)]


def test_definitions_that_are_no_object_are_a_finding(tmp_path: Path) -> None:
    config = write_project(tmp_path)
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/definitions.json").write_text("[]", encoding="utf-8")
    assert _codes(config) == [("definitions-invalid", "", 0)]


def test_graphs_are_known_whatever_is_wrong_with_the_bindings(tmp_path: Path) -> None:
    config = write_project(tmp_path, SERVICES.replace("3.steps", "3.stepz"))
    graphs = load_graphs(config, {})
    assert graphs.findings == ()
    assert graphs.class_types == {"KSampler", "EmptyLatentImage", "SaveImage"}
    assert graphs.declaration is not None


def test_graphs_tell_what_could_not_be_read(tmp_path: Path) -> None:
    config = write_project(tmp_path, f"{SERVICES}  gone:\n    workflow: gone.json\n")
    assert [each.code for each in load_graphs(config, {}).findings] == ["workflow-missing"]
    config.write_text("version: 2\n", encoding="utf-8")
    graphs = load_graphs(config, {})
    assert graphs.declaration is None
    assert graphs.findings


def test_a_thousand_services_of_one_workflow_read_it_once(tmp_path: Path) -> None:
    body = "".join(
        f"  draw_{number}:\n    workflow: draw.json\n    parameters: {{steps: 3.steps}}\n"
        for number in range(1000)
    )
    project = load_project(write_project(tmp_path, f"version: 1\nservices:\n{body}"), {}).project
    assert project is not None
    assert len(project.services) == 1000
    assert len({id(each.prompt) for each in project.services}) == 1


def test_a_workflow_may_be_wrapped_as_some_exporters_do(tmp_path: Path) -> None:
    config = write_project(tmp_path, graph={"prompt": GRAPH, "extra_data": {}})
    assert load_project(config, {}).findings == ()
    assert json.loads((tmp_path / "workflows/draw.json").read_text("utf-8"))["prompt"] == GRAPH
