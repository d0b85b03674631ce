"""`gateway tools`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.front import open_front
from gateway.project.load import load_project
from gateway.project.tools_cache import CACHE_FILE
from gateway.tools.definitions import tool_table
from tests.cli.conftest import Ran
from tests.project.small import write_large_project

Gateway = Callable[..., Ran]


def test_json_is_exactly_what_tools_list_answers(gateway: Gateway, project: Path) -> None:
    ran = gateway("tools", "--json")
    loaded = load_project(project / "services.yaml", {}).project
    assert loaded is not None
    tools = tool_table(loaded.services, 1).tools.values()
    assert ran.status == 0
    assert json.loads(ran.out) == {"tools": [each.as_wire() for each in tools]}


def test_people_get_a_table_with_required_parameters_marked(
    gateway: Gateway, project: Path
) -> None:
    assert project.is_dir()
    ran = gateway("tools")
    assert ran.status == 0
    assert "prompt*, seed, steps" in ran.out
    assert "Paint a portrait in oils." in ran.out


def test_square_brackets_in_a_description_are_text(gateway: Gateway, project: Path) -> None:
    config = project / "services.yaml"
    text = config.read_text("utf-8").replace("in oils", "[bold]oils[/x]")
    config.write_text(text, encoding="utf-8")
    assert "[bold]oils[/x]" in gateway("tools").out


async def test_only_serving_publishes_tools_that_were_kept(
    gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUBJECT", raising=False)
    monkeypatch.delenv("GATEWAY_API_KEYS", raising=False)
    config = write_large_project(tmp_path)

    def served() -> str:
        return open_front(config, {}, lambda _: None).table.tools["draw_1"].description

    assert served() == "Draw a cat, no. 1."
    kept = tmp_path / CACHE_FILE
    kept.write_text(kept.read_text("utf-8").replace("no. 1.", "no. one."), encoding="utf-8")
    assert served() == "Draw a cat, no. one."
    tools = json.loads(gateway("tools", "--json", "--config", str(config)).out)["tools"]
    assert [each["description"] for each in tools if each["name"] == "draw_1"] == [
        "Draw a cat, no. 1."
    ]
