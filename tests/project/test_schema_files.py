"""schemas/ written, and compared with what it should be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.project.load import load_project
from gateway.project.schema_files import (
    Written,
    stale_files,
    tool_documents,
    write_schemas,
)
from gateway.services.bound import BoundService
from tests.project.small import SERVICES, write_project


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[BoundService, ...]:
    monkeypatch.chdir(tmp_path)
    project = load_project(write_project(tmp_path), {}).project
    assert project is not None
    return project.services


def test_schemas_are_written_once_and_then_found_fresh(
    tmp_path: Path, services: tuple[BoundService, ...]
) -> None:
    paths = ("schemas/services.schema.json", "schemas/tools/draw.json")
    assert write_schemas(tmp_path, services) == Written(paths, (), 0)
    assert write_schemas(tmp_path, services) == Written((), (), 2)
    assert stale_files(tmp_path, services) == ()


def test_a_tool_file_is_what_clients_see(
    tmp_path: Path, services: tuple[BoundService, ...]
) -> None:
    write_schemas(tmp_path, services)
    written = json.loads((tmp_path / "schemas/tools/draw.json").read_text("utf-8"))
    assert written == tool_documents(services)["draw"]
    assert written["name"] == "draw"


def test_every_stale_file_is_told(tmp_path: Path, services: tuple[BoundService, ...]) -> None:
    write_schemas(tmp_path, services)
    (tmp_path / "schemas/services.schema.json").unlink()
    (tmp_path / "schemas/tools/draw.json").write_bytes(b"\xff")
    (tmp_path / "schemas/tools/old.json").write_text("{}", encoding="utf-8")
    assert [each.message for each in stale_files(tmp_path, services)] == [
        "schemas/services.schema.json is missing",
        "schemas/tools/draw.json is missing",
        "schemas/tools/old.json belongs to no service",
    ]
    done = write_schemas(tmp_path, services)
    assert done.removed == ("schemas/tools/old.json",)
    assert stale_files(tmp_path, services) == ()


def test_an_edit_of_the_yaml_makes_its_tool_stale(
    tmp_path: Path, services: tuple[BoundService, ...]
) -> None:
    write_schemas(tmp_path, services)
    config = write_project(tmp_path, SERVICES.replace("Draw.", "Draw anything."))
    project = load_project(config, {}).project
    assert project is not None
    (finding,) = stale_files(tmp_path, project.services)
    assert finding.code == "schema-stale"
    assert finding.message == "schemas/tools/draw.json is not what services.yaml says now"
