"""Writes docs/commands.md from the commands' own help; `--check` compares instead."""

from __future__ import annotations

import sys
from pathlib import Path

from typer.testing import CliRunner

from gateway.cli.app import build
from gateway.cli.commands import COMMANDS

TARGET = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
VERBS = {
    "definitions": ["pull"],
    "jobs": ["list", "show", "cancel", "rerun", "clean", "stats"],
}
HEAD = """# Commands

Made from the commands' own help by `make docs`; change it there.

They exit with 0 when all is well, 1 on findings or a failed run, and 2 when used wrongly. Results go to standard
output, progress and warnings to standard error.
"""


def help_texts() -> dict[str, str]:
    """Return command → its help, as it is shown in a terminal of 100 columns."""
    app, runner = build(frozenset(COMMANDS)), CliRunner()
    texts: dict[str, str] = {}
    commands = [[name, *verb] for name in COMMANDS for verb in _verbs(name)]
    for words in commands:
        shown = runner.invoke(app, [*words, "--help"], prog_name="gateway", env={"COLUMNS": "100"})
        texts[" ".join(["gateway", *words])] = shown.output.strip()
    return texts


def _verbs(name: str) -> list[list[str]]:
    return [[verb] for verb in VERBS.get(name, [])] or [[]]


def document() -> str:
    """Return docs/commands.md as it should be."""
    parts = [f"## {words}\n\n```text\n{text}\n```\n" for words, text in help_texts().items()]
    return "\n".join([HEAD, *parts])


def main() -> int:
    """Write the document, or with `--check` tell whether it is stale."""
    text = document()
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8", newline="\n")
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    sys.stdout.write(f"{TARGET.name} is stale. Write it anew: make docs.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
