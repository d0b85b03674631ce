"""Every command of the documents is one that there is."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from gateway.cli.commands import COMMANDS
from scripts.commands import document
from tests.docs.documents import (
    ROOT,
    Block,
    blocks,
    check_words,
    commands,
    gateway_words,
    table_rows,
)

pytestmark = pytest.mark.timeout(60)  # the first command of a process imports half of the gateway

COMMAND_LINES = commands()


@pytest.mark.parametrize(
    ("where", "line"), COMMAND_LINES, ids=[place for place, _ in COMMAND_LINES]
)
def test_a_command_is_one_that_there_is(where: str, line: str) -> None:
    words = gateway_words(line)
    if words is not None:
        assert check_words(words) == "", where
        return
    program = [word for word in shlex.split(line) if "=" not in word]
    if program[0] == "make":
        assert set(program[1:]) <= _make_targets(), where
    else:
        assert program[0] == ".venv/bin/pytest", where


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_a_client_s_configuration_starts_a_command_that_there_is(block: Block) -> None:
    for found in re.findall(r'"args": (\[.*\])', block.text):
        assert check_words(json.loads(found)) == ""


def test_the_readme_lists_every_command_with_its_own_sentence() -> None:
    rows = [row for row in table_rows("README.md") if row[0].startswith("`gateway ")]
    listed = {row[0].strip("`").split()[1]: row[1] for row in rows}
    assert listed == dict(COMMANDS)


def test_contributing_lists_every_verb_of_the_makefile() -> None:
    rows = [row[0] for row in table_rows("CONTRIBUTING.md")]
    listed = {cell.strip("`").removeprefix("make ").split()[0] for cell in rows}
    assert listed == _make_targets() - {"clean"}


def test_docs_commands_is_what_the_commands_say_themselves() -> None:
    assert (ROOT / "docs/commands.md").read_text(encoding="utf-8") == document()


def _make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert found
    return set(found[1].split())
