"""`gateway schema`."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import PORTRAIT, Ran

Gateway = Callable[..., Ran]


def _git(*words: str) -> None:
    git = shutil.which("git")
    assert git
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run([git, *identity, *words], check=True, capture_output=True)  # noqa: S603


@pytest.fixture
def committed(project: Path, gateway: Gateway) -> Path:
    """Return the project with its schemas written and committed."""
    assert gateway("schema").status == 0
    _git("init", "--quiet")
    _git("add", ".")
    _git("commit", "--quiet", "--message", "First")
    return project


def test_schemas_are_written_and_then_up_to_date(gateway: Gateway, project: Path) -> None:
    written = "wrote   schemas/services.schema.json\nwrote   schemas/tools/portrait.json\n"
    assert gateway("schema") == Ran(0, written, "")
    assert gateway("schema") == Ran(0, "schemas/ is up to date (2 files)\n", "")
    assert gateway("schema", "--check") == Ran(0, "schemas/ is up to date\n", "")
    (project / "schemas/tools/old.json").write_text("{}", encoding="utf-8")
    assert gateway("schema").out == "removed schemas/tools/old.json\n"


def test_check_fails_when_a_schema_is_stale_and_writes_nothing(
    gateway: Gateway, project: Path
) -> None:
    ran = gateway("schema", "--check")
    assert ran.status == 1
    assert ran.out.count("(schema-stale)") == 2
    assert not (project / "schemas").exists()


def test_diff_tells_what_breaks_callers_since_a_commit(gateway: Gateway, committed: Path) -> None:
    assert gateway("schema", "--diff", "HEAD").out == "nothing since HEAD breaks callers\n"
    text = PORTRAIT.replace("      steps:", "      passes:").replace(", steps: 2", "")
    (committed / "services.yaml").write_text(text, encoding="utf-8")
    ran = gateway("schema", "--diff", "HEAD")
    assert ran.status == 1
    assert ran.out.startswith("portrait: ")
    assert "steps" in ran.out


def test_diff_tells_a_tool_that_is_gone(gateway: Gateway, committed: Path) -> None:
    text = PORTRAIT.replace("  portrait:", "  painting:")
    (committed / "services.yaml").write_text(text, encoding="utf-8")
    ran = gateway("schema", "--diff", "HEAD")
    assert (ran.status, ran.out) == (1, "portrait: the tool is gone\n")


def test_diff_works_for_a_project_inside_a_repository(
    gateway: Gateway, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway("schema")
    monkeypatch.chdir(project.parent)
    _git("init", "--quiet")
    _git("add", ".")
    _git("commit", "--quiet", "--message", "First")
    ran = gateway("schema", "--diff", "HEAD", "--config", "project")
    assert (ran.status, ran.out) == (0, "nothing since HEAD breaks callers\n")
    shutil.rmtree(project / "schemas")
    (project / "services.yaml").write_text("version: 1\nservices: {}\n", encoding="utf-8")
    assert gateway("schema", "--diff", "HEAD", "--config", "project").status == 1


def test_diff_compares_with_a_folder_too(gateway: Gateway, project: Path, tmp_path: Path) -> None:
    gateway("schema")
    before = tmp_path / "before"
    shutil.copytree(project / "schemas/tools", before)
    assert gateway("schema", "--diff", str(before)).status == 0
    shutil.copy(before / "portrait.json", before / "sketch.json")
    ran = gateway("schema", "--diff", str(before))
    assert (ran.status, ran.out) == (1, "sketch: the tool is gone\n")


@pytest.mark.parametrize("reference", ["nowhere", "--output=x"])
def test_diff_with_nothing_to_compare_says_so(
    reference: str, gateway: Gateway, committed: Path
) -> None:
    assert committed.is_dir()
    ran = gateway("schema", f"--diff={reference}")
    assert ran.status == 1
    assert "(reference-unknown)" in ran.err
