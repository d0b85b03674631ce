"""The command line as a whole: names, help, exit statuses."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import __version__
from gateway.cli.app import build
from gateway.cli.commands import COMMANDS
from tests.cli.conftest import Ran

Gateway = Callable[..., Ran]


def test_help_lists_every_command_with_its_sentence(gateway: Gateway) -> None:
    ran = gateway("--help")
    assert ran.status == 0
    for name in COMMANDS:
        assert f"\n  {name} " in ran.out


def test_without_a_command_the_help_is_shown_and_the_use_is_wrong(gateway: Gateway) -> None:
    ran = gateway()
    assert ran.status == 2
    assert "Commands:" in ran.out + ran.err


def test_the_version_is_told(gateway: Gateway) -> None:
    ran = gateway("--version")
    assert (ran.status, ran.out) == (0, f"{__version__}\n")


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_tells_its_options(name: str, gateway: Gateway) -> None:
    ran = gateway(name, "--help")
    assert ran.status == 0
    assert COMMANDS[name].split(",")[0] in " ".join(ran.out.split())


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_takes_a_config(name: str, gateway: Gateway) -> None:
    said = gateway(name, "--help").out
    verbs = re.findall(r"^  ([a-z]+) ", said.partition("Commands:")[2], re.MULTILINE)
    for words in [(name, each) for each in verbs] or [(name,)]:
        assert "--config PATH" in gateway(*words, "--help").out


@pytest.mark.parametrize(
    "words",
    [
        ("paint",),
        ("validate", "--format", "xml"),
        ("validate", "now"),
        ("call",),
        ("serve", "--port", "99999"),
        ("definitions", "push"),
    ],
)
def test_wrong_use_exits_with_2(words: tuple[str, ...], gateway: Gateway) -> None:
    ran = gateway(*words)
    assert ran.status == 2
    assert ran.out == ""
    assert "Error: " in ran.err


@pytest.mark.parametrize("name", ["validate", "schema", "tools", "test", "serve"])
def test_without_a_project_the_use_is_wrong(
    name: str, gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    ran = gateway(name)
    assert ran.status == 2
    assert "(config-not-found)" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("name", ["schema", "tools", "test", "serve", "demo"])
def test_a_project_with_errors_is_told_and_exits_with_1(
    name: str, gateway: Gateway, project: Path
) -> None:
    (project / "services.yaml").write_text("version: 1\nservice: {}\n", encoding="utf-8")
    ran = gateway(name)
    assert ran.status == 1
    assert ran.out == ""
    assert "services.yaml:2:1: error: " in ran.err


def test_only_the_command_that_is_asked_for_is_loaded() -> None:
    app = build(frozenset({"tools"}))
    named = {each.name: each.callback for each in app.registered_commands}
    assert list(named) == list(COMMANDS)
    modules = {name: getattr(callback, "__module__", "") for name, callback in named.items()}
    assert {name for name, module in modules.items() if module != "gateway.cli.app"} == {"tools"}
