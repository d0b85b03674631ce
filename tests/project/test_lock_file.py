"""services.lock.json: written, read, heeded, and mended by `gateway validate --fix`."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.project.fingerprint import fingerprint
from gateway.project.load import Loaded, Project, load_project
from gateway.project.lock_file import stale_lock, write_lock
from gateway.project.repair import accept, repair
from gateway.project.settling import LOCK_FILE
from tests.docs.documents import ROOT
from tests.project.small import GRAPH, SERVICES, write_project

MORE = SERVICES + "    outputs:\n      image: {node: {title: Save}}\n"


def _graph() -> dict[str, Any]:
    graph = json.loads(json.dumps(GRAPH))
    graph["9"]["_meta"] = {"title": "Save"}
    return graph


def _renumbered(graph: object) -> dict[str, Any]:
    return json.loads(json.dumps(graph).replace('"3"', '"13"'))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return a project with a lock."""
    config = write_project(tmp_path, MORE, _graph())
    assert write_lock(_project(config))
    return config


def _project(config: Path) -> Project:
    loaded = load_project(config, {})
    assert loaded.project is not None, loaded.findings
    return loaded.project


def _edit(config: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    graph = _graph()
    edited = edit(graph)
    text = json.dumps(graph if edited is None else edited)
    (config.parent / "workflows/draw.json").write_text(text, encoding="utf-8")


def _codes(loaded: Loaded) -> list[str]:
    return [each.code for each in loaded.findings]


def _nodes(project: Project) -> list[str]:
    (bound,) = project.services
    widgets = [widget.node_id for each in bound.parameters for widget in each.widgets]
    return [*widgets, *(each.node_id for each in bound.outputs)]


def test_the_lock_is_one_line_a_node_and_the_same_at_each_writing(config: Path) -> None:
    text = (config.parent / LOCK_FILE).read_text("utf-8")
    assert json.loads(text)["services"]["draw"] == {
        "workflow": "draw.json",
        "parameters": {"steps": {"3.steps": "3"}, "seed": {"3.seed": "3"}},
        "outputs": {"image": {"{title: Save}": "9"}},
    }
    (line,) = [each for each in text.splitlines() if '"EmptyLatentImage"' in each]
    assert line.strip().startswith('"5": {"class_type": "EmptyLatentImage", "values": {"height": ')
    assert not write_lock(_project(config))
    assert load_project(config, {}).findings == ()
    assert stale_lock(_project(config)) == ()


def test_without_a_lock_nothing_is_stale(tmp_path: Path) -> None:
    assert stale_lock(_project(write_project(tmp_path))) == ()


def test_a_renumbered_node_is_found_and_told(config: Path) -> None:
    _edit(config, _renumbered)
    loaded = load_project(config, {})
    assert _codes(loaded) == ["binding-moved", "binding-moved"]
    assert loaded.project is not None
    assert _nodes(loaded.project) == ["13", "13", "9"]
    assert [(each.before, each.now) for each in loaded.moves] == [("3", "13"), ("3", "13")]


def test_without_heed_of_the_lock_it_is_as_it_is_written(config: Path) -> None:
    _edit(config, _renumbered)
    loaded = load_project(config, {}, with_lock=False)
    assert _codes(loaded) == ["binding-node-unknown", "binding-node-unknown"]


def test_a_node_that_is_gone_is_an_error_and_not_told_twice(config: Path) -> None:
    def without(graph: dict[str, Any]) -> None:
        del graph["3"], graph["9"]["inputs"]["images"]

    _edit(config, without)
    loaded = load_project(config, {})
    assert loaded.project is None
    assert _codes(loaded) == ["binding-gone", "binding-gone"]
    assert repair(config, {}).loaded.project is None


def test_a_fix_writes_the_new_places_and_the_lock(config: Path) -> None:
    config.write_bytes(b"\xef\xbb\xbf" + config.read_bytes().replace(b"\n", b"\r\n"))
    config.chmod(0o640)
    before = config.read_bytes()
    _edit(config, _renumbered)
    repaired = repair(config, {})
    assert [(each.before, each.after) for each in repaired.replaced] == [
        ("3.steps", "13.steps"),
        ('"3"', '"13"'),
    ]
    assert repaired.is_locked
    assert config.read_bytes() == before.replace(b"3.steps", b"13.steps").replace(b'"3"', b'"13"')
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    loaded = load_project(config, {})
    assert loaded.findings == ()
    assert stale_lock(_project(config)) == ()
    again = repair(config, {})
    assert (again.replaced, again.is_locked) == ((), False)


def test_a_fix_writes_a_title_where_it_is_the_nodes_own_and_its_id_elsewhere(config: Path) -> None:
    _edit(config, lambda graph: graph["9"].update(_meta={"title": "Store"}))
    assert [each.after for each in repair(config, {}).replaced] == ["Store"]
    graph = _graph()
    graph["9"]["_meta"] = graph["5"]["_meta"] = {"title": "Two"}
    (config.parent / "workflows/draw.json").write_text(json.dumps(graph), encoding="utf-8")
    assert [each.after for each in repair(config, {}).replaced] == ['"9"']
    assert _nodes(_project(config)) == ["3", "3", "9"]


def test_a_fix_without_a_lock_writes_one(tmp_path: Path) -> None:
    config = write_project(tmp_path)
    assert repair(config, {}).is_locked
    assert (tmp_path / LOCK_FILE).is_file()


def test_what_a_variable_says_cannot_be_fixed_and_nothing_is_written(config: Path) -> None:
    config.write_text(MORE.replace('"3"', '"${NODE:-3}"'), encoding="utf-8")
    before = config.read_bytes(), (config.parent / LOCK_FILE).read_bytes()
    _edit(config, _renumbered)
    repaired = repair(config, {})
    assert repaired.loaded.project is None
    assert _codes(repaired.loaded)[-1] == "binding-unwritable"
    assert (config.read_bytes(), (config.parent / LOCK_FILE).read_bytes()) == before


def test_a_split_that_the_file_cannot_say_is_not_written(tmp_path: Path) -> None:
    old = {"1": {"class_type": "Save", "inputs": {"format.codec": "a"}}}
    text = (
        "version: 1\nservices: {draw: {workflow: draw.json, parameters: {codec: 1.format.codec}}}\n"
    )
    config = write_project(tmp_path, text, old)
    write_lock(_project(config))
    new = {**old, "1.format": {"class_type": "X", "inputs": {"codec": 1}}}
    (tmp_path / "workflows/draw.json").write_text(json.dumps(new), encoding="utf-8")
    assert _codes(repair(config, {}).loaded)[-1] == "binding-unwritable"
    assert config.read_text("utf-8") == text
    assert not write_lock(_project(config)), "what is not written stays as it was recorded"


def test_an_edit_that_moves_nothing_makes_the_lock_stale(config: Path) -> None:
    _edit(config, lambda graph: graph["3"]["inputs"].update(steps=30))
    project = _project(config)
    (finding,) = stale_lock(project)
    assert (finding.code, finding.severity) == ("lock-stale", "warning")
    assert "draw" in finding.message
    assert write_lock(project)
    assert stale_lock(project) == ()


def test_a_service_that_is_gone_makes_the_lock_stale(config: Path) -> None:
    names = "".join(
        f"  more_{number}: {{workflow: draw.json, description: More.}}\n" for number in range(9)
    )
    config.write_text(MORE + names, encoding="utf-8")
    write_lock(_project(config))
    config.write_text(MORE, encoding="utf-8")
    (finding,) = stale_lock(_project(config))
    assert "more_0, more_1" in finding.message
    assert "…" in finding.message


def test_a_new_service_is_recorded_while_a_moved_one_stays_as_it_was(config: Path) -> None:
    _edit(config, _renumbered)
    other = {"1": {"class_type": "X", "inputs": {"a": 1}}}
    (config.parent / "workflows/other.json").write_text(json.dumps(other), encoding="utf-8")
    extra = "  other: {workflow: other.json, description: O., parameters: {a: 1.a}}\n"
    beside = "  beside: {workflow: draw.json, description: B., parameters: {w: 5.width}}\n"
    config.write_text(MORE + extra + beside, encoding="utf-8")
    before = json.loads((config.parent / LOCK_FILE).read_text("utf-8"))
    assert write_lock(_project(config))
    lock = json.loads((config.parent / LOCK_FILE).read_text("utf-8"))
    assert set(lock["services"]) == {"draw", "other"}
    assert lock["services"]["draw"] == before["services"]["draw"]
    assert lock["workflows"]["draw.json"] == before["workflows"]["draw.json"]
    assert _codes(load_project(config, {})) == ["binding-moved", "binding-moved"]


def test_a_workflow_that_changes_after_the_load_is_not_recorded(tmp_path: Path) -> None:
    config = write_project(tmp_path)
    project = _project(config)
    _edit(config, _renumbered)
    write_lock(project)
    assert json.loads((tmp_path / LOCK_FILE).read_text("utf-8"))["services"] == {}
    (tmp_path / "workflows/draw.json").unlink()
    assert not write_lock(project)


def test_accepting_records_services_yaml_as_it_is(config: Path) -> None:
    def exchanged(graph: dict[str, Any]) -> dict[str, Any]:
        return {"3": graph["3"], "5": graph["5"], "77": graph["9"]}

    _edit(config, exchanged)
    (config.parent / LOCK_FILE).write_text("<<<<<<< ours\n", encoding="utf-8")
    broken = load_project(config, {})
    assert _codes(broken) == ["lock-invalid"]
    assert str(broken.findings[0].place).endswith(f"{LOCK_FILE}:1:1")
    repaired = accept(config, {})
    assert repaired.is_locked
    assert load_project(config, {}).findings == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"version": 9}', "version 9"), ("[]", "no lock"), ('{"version": 1}', "no lock")],
)
def test_a_lock_that_cannot_be_used_is_an_error(config: Path, text: str, said: str) -> None:
    (config.parent / LOCK_FILE).write_text(text, encoding="utf-8")
    loaded = load_project(config, {})
    assert _codes(loaded) == ["lock-invalid"]
    assert said in loaded.findings[0].message
    assert loaded.project is None


def test_a_damaged_record_is_an_error_once_it_is_needed(config: Path) -> None:
    path = config.parent / LOCK_FILE
    path.write_text(path.read_text("utf-8").replace("KSampler", "Sampler"), encoding="utf-8")
    assert load_project(config, {}).findings == ()
    _edit(config, _renumbered)
    (finding,) = load_project(config, {}).findings
    assert (finding.code, finding.service) == ("lock-invalid", "draw")


def test_a_change_of_the_lock_is_a_change_of_the_project(config: Path) -> None:
    before = fingerprint(config)
    path = config.parent / LOCK_FILE
    path.write_text(path.read_text("utf-8") + "\n", encoding="utf-8")
    assert fingerprint(config) != before


def test_a_lock_that_cannot_be_written_stays_whole(config: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    path = config.parent / LOCK_FILE
    before = path.read_bytes()
    _edit(config, lambda graph: graph["3"]["inputs"].update(steps=30))
    project = _project(config)
    config.parent.chmod(0o500)
    try:
        with pytest.raises(GatewayError, match="denied"):
            write_lock(project)
    finally:
        config.parent.chmod(0o700)
    assert path.read_bytes() == before


def test_a_fix_whose_lock_cannot_be_written_leaves_services_yaml_as_it_was(config: Path) -> None:
    _edit(config, _renumbered)
    before = {each: each.read_bytes() for each in (config, config.parent / LOCK_FILE)}
    obstacle = config.parent / f".{LOCK_FILE}.{os.getpid()}.new"
    obstacle.mkdir()
    with pytest.raises(GatewayError, match="cannot be written") as caught:
        repair(config, {})
    assert caught.value.code == "project-unwritable"
    assert {each: each.read_bytes() for each in before} == before
    obstacle.rmdir()
    assert repair(config, {}).loaded.findings == ()


def test_the_lock_of_this_repository_is_fresh() -> None:
    """When it is not: `gateway validate --fix`, and read the difference."""
    assert (ROOT / LOCK_FILE).is_file()
    assert stale_lock(_project(ROOT / "services.yaml")) == ()


def test_nodes_that_are_taken_out_or_repeated_are_written_too(tmp_path: Path) -> None:
    project = tmp_path / "switches"
    shutil.copytree(ROOT / "examples/switches", project)
    config, workflow = project / "services.yaml", project / "workflows/beacon.json"
    assert write_lock(_project(config))
    before = config.read_text("utf-8")
    graph = workflow.read_text("utf-8")
    for node_id in json.loads(graph):
        graph = graph.replace(f'"{node_id}"', f'"a{node_id}"')
    workflow.write_text(graph, encoding="utf-8")
    repaired = repair(config, {})
    assert repaired.loaded.findings == ()
    assert [(each.before, each.after) for each in repaired.replaced] == [
        ('"10"', '"a10"'),
        ('"3"', '"a3"'),
        ('"9"', '"a9"'),
    ]
    for node_id in ("10", "3", "9"):
        before = before.replace(f'node: "{node_id}"', f'node: "a{node_id}"')
    assert config.read_text("utf-8") == before
