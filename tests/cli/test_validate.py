"""`gateway validate`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import PORTRAIT, Ran

Gateway = Callable[..., Ran]


@pytest.mark.usefixtures("project")
def test_a_good_project_has_nothing_to_mend(gateway: Gateway) -> None:
    assert gateway("validate") == Ran(0, "services.yaml: 1 service, nothing to mend\n", "")


def test_findings_are_told_with_place_and_mend(gateway: Gateway, project: Path) -> None:
    text = PORTRAIT.replace("widget: seed", "widget: sed").replace("maximum: 50", "maximum: some")
    (project / "services.yaml").write_text(text, encoding="utf-8")
    ran = gateway("validate")
    assert ran.status == 1
    assert "services.yaml:11:" in ran.out
    assert ran.out.endswith("error\n") or ran.out.endswith("errors\n")


def test_json_is_one_document_and_nothing_else(gateway: Gateway, project: Path) -> None:
    (project / "services.yaml").write_text(PORTRAIT.replace('"6"', '"66"'), encoding="utf-8")
    ran = gateway("validate", "--format", "json")
    assert ran.status == 1
    assert ran.err == ""
    (finding,) = json.loads(ran.out)["findings"]
    keys = "code severity file line column service parameter found mend message"
    assert list(finding) == keys.split()
    assert finding["code"] == "binding-node-unknown"
    assert (finding["file"], finding["line"]) == ("services.yaml", 9)
    assert (finding["service"], finding["parameter"]) == ("portrait", "prompt")


@pytest.mark.usefixtures("project")
def test_json_of_a_good_project_is_an_empty_list(gateway: Gateway) -> None:
    assert json.loads(gateway("validate", "--format", "json").out) == {"findings": []}


@pytest.mark.usefixtures("project")
def test_json_tells_a_missing_file_too(gateway: Gateway) -> None:
    ran = gateway("validate", "--format", "json", "--config", "gone.yaml")
    assert ran.status == 2
    assert [each["code"] for each in json.loads(ran.out)["findings"]] == ["config-not-found"]


def test_github_gets_a_command_per_finding(gateway: Gateway, project: Path) -> None:
    (project / "services.yaml").write_text(PORTRAIT.replace('"6"', '"66"'), encoding="utf-8")
    ran = gateway("validate", "--format", "github")
    assert ran.status == 1
    assert ran.out.startswith("::error file=services.yaml,line=9,col=")
    assert ran.out.count("\n") == 1


@pytest.mark.usefixtures("project", "simulator")
def test_online_finds_nothing_where_everything_is_installed(gateway: Gateway) -> None:
    ran = gateway("validate", "--online")
    assert ran == Ran(0, "services.yaml: 1 service, nothing to mend\n", "")


@pytest.mark.usefixtures("simulator")
def test_online_tells_missing_models_and_nodes(gateway: Gateway, project: Path) -> None:
    path = project / "workflows/text_to_image.json"
    graph = json.loads(path.read_text("utf-8"))
    graph["4"]["inputs"]["ckpt_name"] = "gone.safetensors"
    graph["8"]["class_type"] = "VAEDecodeMine"
    graph["3"]["inputs"]["seed"] = -5  # replaced at each call: no fault
    path.write_text(json.dumps(graph), encoding="utf-8")
    ran = gateway("validate", "--online", "--format", "json")
    found = [(each["code"], each["service"]) for each in json.loads(ran.out)["findings"]]
    assert ran.status == 1
    assert ("widget-option-unknown", "portrait") in found
    assert ("node-class-missing", "portrait") in found
    assert {each["line"] for each in json.loads(ran.out)["findings"]} == {7}


@pytest.mark.usefixtures("project")
def test_online_tells_a_backend_that_does_not_answer(gateway: Gateway) -> None:
    ran = gateway("validate", "--online", "--format", "json")
    assert ran.status == 1
    (finding,) = json.loads(ran.out)["findings"]
    assert finding["code"].startswith("backend-")
    assert (finding["file"], finding["line"]) == ("services.yaml", 3)


def _renumber(project: Path) -> None:
    (file,) = (project / "workflows").glob("*.json")
    file.write_text(file.read_text("utf-8").replace('"6"', '"60"'), encoding="utf-8")


def test_fix_writes_the_lock_then_what_moved_and_says_so(gateway: Gateway, project: Path) -> None:
    first = gateway("validate", "--fix")
    assert first == Ran(
        0, "wrote services.lock.json\nservices.yaml: 1 service, nothing to mend\n", ""
    )
    _renumber(project)
    told = gateway("validate")
    assert told.status == 0
    assert "warning: portrait.prompt: `6.text`: what was node 6" in told.out
    fixed = gateway("validate", "--fix")
    assert fixed.status == 0
    assert fixed.out == (
        'services.yaml:9:22: "6" → "60"\n'
        "wrote services.lock.json\nservices.yaml: 1 service, nothing to mend\n"
    )
    assert (project / "services.yaml").read_text("utf-8") == PORTRAIT.replace('"6"', '"60"')
    assert gateway("validate").out == "services.yaml: 1 service, nothing to mend\n"


def test_fix_in_json_tells_the_findings_alone(gateway: Gateway, project: Path) -> None:
    gateway("validate", "--fix")
    _renumber(project)
    assert json.loads(gateway("validate", "--fix", "--format", "json").out) == {"findings": []}
    assert '"60"' in (project / "services.yaml").read_text("utf-8")


def test_a_stale_lock_is_a_warning_and_accept_writes_it(gateway: Gateway, project: Path) -> None:
    gateway("validate", "--fix")
    (file,) = (project / "workflows").glob("*.json")
    file.write_text(file.read_text("utf-8") + "\n", encoding="utf-8")
    told = gateway("validate", "--format", "github")
    assert told.status == 0
    assert told.out.startswith("::warning file=services.lock.json,line=1,col=1,title=lock-stale::")
    assert gateway("validate", "--accept").status == 0
    assert gateway("validate").out == "services.yaml: 1 service, nothing to mend\n"
