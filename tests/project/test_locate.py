"""Where services.yaml is looked for, and how paths are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import DeclarationError
from gateway.project.locate import find_config, shown_path


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("version: 1\n", encoding="utf-8")
    return path.resolve()


def test_services_yaml_is_found_here(tmp_path: Path) -> None:
    config = _touch(tmp_path / "services.yaml")
    assert find_config(None, {}, tmp_path) == config


def test_services_yaml_is_found_in_a_folder_above(tmp_path: Path) -> None:
    config = _touch(tmp_path / "services.yaml")
    below = tmp_path / "workflows" / "deep"
    below.mkdir(parents=True)
    assert find_config(None, {}, below) == config


def test_the_nearest_services_yaml_wins(tmp_path: Path) -> None:
    _touch(tmp_path / "services.yaml")
    near = _touch(tmp_path / "inner" / "services.yaml")
    assert find_config(None, {}, tmp_path / "inner") == near


def test_the_option_wins_over_the_variable_and_the_folder(tmp_path: Path) -> None:
    _touch(tmp_path / "services.yaml")
    named = _touch(tmp_path / "a" / "services.yaml")
    other = _touch(tmp_path / "b" / "services.yaml")
    environment = {"GATEWAY_CONFIG": str(other)}
    assert find_config(named, environment, tmp_path) == named
    assert find_config(None, environment, tmp_path) == other


def test_a_folder_stands_for_the_file_in_it(tmp_path: Path) -> None:
    config = _touch(tmp_path / "inner" / "services.yaml")
    assert find_config(Path("inner"), {}, tmp_path) == config


def test_another_file_name_may_be_given(tmp_path: Path) -> None:
    config = _touch(tmp_path / "night.yaml")
    assert find_config(Path("night.yaml"), {}, tmp_path) == config


@pytest.mark.parametrize(
    ("given", "environment", "said"),
    [
        (None, {}, "there is no services.yaml in"),
        (Path("gone.yaml"), {}, "--config names gone.yaml"),
        (None, {"GATEWAY_CONFIG": "gone.yaml"}, "GATEWAY_CONFIG names gone.yaml"),
    ],
)
def test_a_missing_file_is_told_by_what_named_it(
    tmp_path: Path, given: Path | None, environment: dict[str, str], said: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        find_config(given, environment, tmp_path)
    (finding,) = caught.value.findings
    assert finding.code == "config-not-found"
    assert finding.message.startswith(said)
    assert finding.mend


def test_an_empty_variable_names_nothing(tmp_path: Path) -> None:
    config = _touch(tmp_path / "services.yaml")
    assert find_config(None, {"GATEWAY_CONFIG": ""}, tmp_path) == config


def test_paths_below_the_current_folder_are_shown_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "workflows" / "a.json") == "workflows/a.json"
    assert shown_path(Path("workflows/a.json")) == "workflows/a.json"
    assert shown_path(tmp_path.parent / "elsewhere.json") == str(tmp_path.parent / "elsewhere.json")
