"""What counts only from the next start on is told; services count at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.project.load import Project, load_project
from gateway.project.restart import restart_needed
from tests.project.small import SERVICES, write_project


def _project(folder: Path, more: str = "") -> Project:
    project = load_project(write_project(folder, SERVICES + more), {}).project
    assert project is not None
    return project


@pytest.mark.parametrize(
    ("more", "sections"),
    [
        ("outputs: elsewhere\n", "outputs"),
        ("jobs: {attempts: 1}\ngateway: {name: other}\n", "gateway, jobs"),
        ("backends: {far: {url: 'http://127.0.0.1:2'}}\n", "backends"),
    ],
)
def test_an_edit_of_what_is_running_is_told(tmp_path: Path, more: str, sections: str) -> None:
    (finding,) = restart_needed(_project(tmp_path), _project(tmp_path, more))
    assert finding.code == "restart-needed"
    assert finding.severity == "warning"
    assert finding.message.startswith(f"the new {sections} section counts from the next start on")


def test_an_edit_of_services_or_one_that_broke_the_project_needs_no_restart(
    tmp_path: Path,
) -> None:
    started = _project(tmp_path)
    more = "  other:\n    workflow: draw.json\n"
    assert restart_needed(started, _project(tmp_path, more)) == ()
    assert restart_needed(started, None) == ()
