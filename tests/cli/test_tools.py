"""`gateway tools`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from gateway.project.load import load_project
from gateway.tools.definitions import tool_table
from tests.cli.conftest import Ran

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
