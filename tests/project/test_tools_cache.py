"""Kept tools are what the project would publish, and none at all once anything differs."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import __version__
from gateway.graph.json_value import Json
from gateway.project.environment import NotedVariables
from gateway.project.fingerprint import fingerprint
from gateway.project.load import load_project
from gateway.project.settling import LOCK_FILE
from gateway.project.tools_cache import (
    CACHE_FILE,
    WORTHWHILE,
    KeptTools,
    keep_tools,
    kept_tools,
)
from gateway.tools.definitions import tool_table
from gateway.tools.tool import ToolTable
from tests.docs.documents import ROOT
from tests.project.small import age, write_large_project

KEYS = "ada:a-long-enough-secret"


def _load_and_keep(config: Path, environment: Mapping[str, str]) -> ToolTable:
    seen, noted = fingerprint(config), NotedVariables(environment)
    project = load_project(config, noted).project
    assert project is not None
    table = tool_table(project.services, 1)
    keep_tools(project, table, noted, seen)
    return table


def _kept(config: Path, environment: Mapping[str, str] | None = None) -> KeptTools | None:
    return kept_tools(config, environment or {}, fingerprint(config))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_large_project(tmp_path)


def test_what_is_kept_is_exactly_what_the_project_publishes(config: Path) -> None:
    table = _load_and_keep(config, {})
    kept = _kept(config)
    assert kept is not None
    assert kept.table == table
    assert list(kept.table.tools) == list(table.tools)
    assert [each.as_wire() for each in kept.table.tools.values()] == [
        each.as_wire() for each in table.tools.values()
    ]
    assert (kept.introduction.name, kept.introduction.instructions) == ("studio", "Draw well.")


def test_every_kind_of_parameter_is_kept_exactly(tmp_path: Path) -> None:
    """The project of this repository has them all; it is small, so it is taken several times."""
    for folder in ("workflows", "schemas"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    config = Path(shutil.copy(ROOT / "services.yaml", tmp_path))
    for file in (config, *tmp_path.rglob("*.json")):
        age(file, 3600)
    noted = NotedVariables({})
    project = load_project(config, noted).project
    assert project is not None
    services = [
        replace(each, service=replace(each.service, name=f"{each.name}_{number}"))
        for number in range(WORTHWHILE)
        for each in project.services
    ]
    table = tool_table(services, 1)
    keep_tools(replace(project, services=tuple(services)), table, noted, fingerprint(config))
    kept = _kept(config)
    assert kept is not None
    assert kept.table == table


def _edit_services(root: Path) -> None:
    config = root / "services.yaml"
    config.write_text(config.read_text("utf-8").replace("no. 7.", "no. 8."), encoding="utf-8")


def _edit_workflow(root: Path) -> None:
    (root / "workflows/draw.json").write_text("{}", encoding="utf-8")


def _touch_workflow(root: Path) -> None:
    age(root / "workflows/draw.json", -1e-9)


def _add_workflow(root: Path) -> None:
    (root / "workflows/new").mkdir()
    (root / "workflows/new/a.json").write_text("{}", encoding="utf-8")


def _remove_workflow(root: Path) -> None:
    (root / "workflows/draw.json").unlink()


def _edit_definitions(root: Path) -> None:
    (root / "schemas/definitions.json").write_text("{ }", encoding="utf-8")


def _remove_definitions(root: Path) -> None:
    (root / "schemas/definitions.json").unlink()


@pytest.mark.parametrize(
    "edit",
    [
        _edit_services,
        _edit_workflow,
        _touch_workflow,
        _add_workflow,
        _remove_workflow,
        _edit_definitions,
        _remove_definitions,
    ],
)
def test_nothing_is_kept_across_an_edit(config: Path, edit: Callable[[Path], None]) -> None:
    _load_and_keep(config, {})
    assert _kept(config) is not None
    edit(config.parent)
    assert _kept(config) is None


def test_a_project_that_was_copied_elsewhere_has_nothing_kept(config: Path, tmp_path: Path) -> None:
    _load_and_keep(config, {})
    shutil.copytree(config.parent, tmp_path / "copy")  # with the files' times
    assert _kept(tmp_path / "copy/services.yaml") is None


def test_only_variables_that_the_project_asks_for_count(config: Path) -> None:
    _load_and_keep(config, {"SUBJECT": "a dog", "GATEWAY_API_KEYS": KEYS, "EDITOR": "ed"})
    same = {"SUBJECT": "a dog", "GATEWAY_API_KEYS": KEYS}
    kept = _kept(config, same)
    assert kept is not None
    assert kept.table.tools["draw_3"].description == "Draw a dog, no. 3."
    assert _kept(config, {**same, "EDITOR": "vi"}) is not None
    assert _kept(config, {**same, "SUBJECT": "a cat"}) is None
    assert _kept(config, {"GATEWAY_API_KEYS": KEYS}) is None
    assert _kept(config, {**same, "GATEWAY_API_KEYS": "no key"}) is None


def test_a_variable_that_was_not_set_counts_too(config: Path) -> None:
    _load_and_keep(config, {})
    assert _kept(config, {"SUBJECT": "a dog"}) is None


def test_the_file_holds_no_value_of_a_variable_in_plain_text_and_is_its_owners(
    config: Path,
) -> None:
    _load_and_keep(config, {"GATEWAY_API_KEYS": KEYS})
    file = config.parent / CACHE_FILE
    assert "a-long-enough-secret" not in file.read_text("utf-8")
    assert file.stat().st_mode & 0o077 == 0
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def _key(config: Path, version: str) -> str:
    names = ("COMFYUI_URL", "GATEWAY_API_KEYS", "GATEWAY_DATABASE_URL", "SUBJECT")
    variables = [(name, None) for name in names]
    text = json.dumps([version, sorted(fingerprint(config)), variables])
    return hashlib.sha256(text.encode()).hexdigest()


def _rewrite(config: Path, **changes: Json) -> None:
    file = config.parent / CACHE_FILE
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changes), encoding="utf-8")


def test_what_another_version_of_the_gateway_kept_is_not_used(config: Path) -> None:
    _load_and_keep(config, {})
    _rewrite(config, key=_key(config, __version__))
    assert _kept(config) is not None
    _rewrite(config, key=_key(config, f"{__version__}.1"))
    assert _kept(config) is None


TOOL: dict[str, Json] = {
    "name": "draw",
    "title": "Draw",
    "description": "",
    "input": {},
    "marks": [False, False, True, False],
}


OTHER_SHAPES: list[dict[str, Json]] = [
    {"key": None},
    {"variables": None},
    {"variables": ["SUBJECT", 1]},
    {"variables": {"SUBJECT": 1}},
    {"name": None},
    {"instructions": 1},
    {"services": None},
    {"services": []},
    {"services": {"draw": TOOL}},
    {"services": [TOOL, TOOL]},
    {"services": [TOOL, None]},
    {"services": [TOOL, {**TOOL, "name": 1}]},
    {"services": [TOOL, {**TOOL, "input": []}]},
    {"services": [TOOL, {**TOOL, "marks": [False, False, True, 1]}]},
    {"services": [TOOL, {**TOOL, "marks": [False]}]},
]


@pytest.mark.parametrize("changes", OTHER_SHAPES)
def test_a_file_of_another_shape_is_as_good_as_none(config: Path, changes: dict[str, Json]) -> None:
    _load_and_keep(config, {})
    _rewrite(config, services=[TOOL])
    assert _kept(config) is not None
    _rewrite(config, **changes)
    assert _kept(config) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b'{"key', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_file_is_as_good_as_none_and_written_anew(config: Path, content: bytes) -> None:
    (config.parent / CACHE_FILE).parent.mkdir()
    (config.parent / CACHE_FILE).write_bytes(content)
    assert _kept(config) is None
    _load_and_keep(config, {})
    assert _kept(config) is not None


def test_a_folder_that_cannot_be_made_is_no_fault(config: Path) -> None:
    (config.parent / ".gateway").write_text("in the way", encoding="utf-8")
    _load_and_keep(config, {})
    assert _kept(config) is None


def test_a_file_that_cannot_be_replaced_is_no_fault_and_leaves_nothing_behind(
    config: Path,
) -> None:
    in_the_way = config.parent / CACHE_FILE / "in the way"
    in_the_way.mkdir(parents=True)
    _load_and_keep(config, {})
    assert _kept(config) is None
    assert list((config.parent / ".gateway").iterdir()) == [in_the_way.parent]


def test_a_small_project_is_not_kept(tmp_path: Path) -> None:
    config = write_large_project(tmp_path, WORTHWHILE - 1)
    _load_and_keep(config, {})
    assert not (tmp_path / ".gateway").exists()


def test_a_project_that_was_changed_just_now_is_not_kept(config: Path) -> None:
    (config.parent / "workflows/new.json").write_text("{}", encoding="utf-8")
    _load_and_keep(config, {})
    assert not (config.parent / ".gateway").exists()


def test_a_workflow_whose_edits_would_not_show_keeps_the_project_from_being_kept(
    config: Path,
) -> None:
    workflows = config.parent / "workflows"
    (workflows / "real").mkdir()
    shutil.move(workflows / "draw.json", workflows / "real")
    (workflows / "link").symlink_to(workflows / "real")
    text = config.read_text("utf-8").replace("draw.json", "link/draw.json")
    config.write_text(text, encoding="utf-8")
    age(config, 3600)
    _load_and_keep(config, {})
    assert not (config.parent / ".gateway").exists()


def test_a_lock_that_came_since_makes_the_kept_tools_too_old(config: Path) -> None:
    _load_and_keep(config, {})
    assert _kept(config) is not None
    (config.parent / LOCK_FILE).write_text("{}", encoding="utf-8")
    assert _kept(config) is None
