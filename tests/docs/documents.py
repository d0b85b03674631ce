"""The documents, and the blocks and tables in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from typing import get_type_hints

from sybil import Document
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer
from typer.testing import CliRunner

from gateway.cli.app import build
from gateway.cli.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = tuple(
    path.relative_to(ROOT).as_posix()
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    )
)


@dataclass(frozen=True)
class Block:
    """A fenced block: its document, the line it begins at (from 1), its language and its text."""

    document: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    """Return the blocks of these languages in all documents."""
    return [each for path in DOCUMENTS for each in _blocks(path) if each.language in languages]


def all_blocks() -> list[Block]:
    """Return every fenced block of every document."""
    return [each for path in DOCUMENTS for each in _blocks(path)]


def commands() -> list[tuple[str, str]]:
    """Return every command line of the documents: where it stands, and its text."""
    return [
        (f"{block.document}:{block.line + number}", line)
        for block in blocks("sh")
        for number, line in enumerate(block.text.splitlines(), 1)
        if line.strip() and not line.startswith("#")
    ]


def gateway_words(line: str) -> list[str] | None:
    """Return the words after `gateway` in a command line, or None when it runs something else."""
    words = shlex.split(line)
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words.pop(0)
    if "--" in words:  # another program that is told how to start ours
        words = words[words.index("--") + 1 :]
    return words[1:] if words and Path(words[0]).name == "gateway" else None


def check_words(words: list[str]) -> str:
    """Return what is wrong with the words of a command, which is not run, or ''."""
    app = build(frozenset(COMMANDS))
    groups = [app, *(each.typer_instance for each in app.registered_groups if each.typer_instance)]
    for command in (each for group in groups for each in group.registered_commands):
        assert command.callback
        command.callback = _idle(command.callback)
    result = CliRunner().invoke(app, words)
    return "" if result.exit_code == 0 else result.output


def _idle(callback: Callable[..., object]) -> Callable[..., None]:
    """Return a function with the same options that does nothing."""

    def nothing(**_: object) -> None:
        pass

    setattr(nothing, "__signature__", signature(callback, eval_str=True))  # noqa: B010 - typed
    nothing.__annotations__ = get_type_hints(callback, include_extras=True)
    return nothing


def table_rows(document: str) -> Iterator[list[str]]:
    """Yield the cells of each row of each table, heads and rules left out."""
    lines = (ROOT / document).read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("|") or set(line) <= set("|- :"):
            continue
        if number + 1 < len(lines) and set(lines[number + 1]) <= set("|- :") and lines[number + 1]:
            continue
        yield [cell.strip() for cell in line.strip("|").split("|")]


def _blocks(path: str) -> Iterator[Block]:
    text = (ROOT / path).read_text(encoding="utf-8")
    document = Document(text, path)
    for region in FencedCodeBlockLexer(language="[^\n]*")(document):
        line = text.count("\n", 0, region.start) + 1
        language = str(region.lexemes["language"])
        yield Block(path, line, language, str(region.lexemes["source"]))
