"""The plain reading of `gateway serve`'s options."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.serve_options import ServeOptions, read_plainly


@pytest.mark.parametrize(
    ("words", "config"),
    [
        (["serve"], None),
        (["serve", "--config", "a.yaml"], Path("a.yaml")),
        (["serve", "--transport", "stdio", "--config", "a.yaml"], Path("a.yaml")),
    ],
)
def test_the_usual_forms_are_read_without_a_library(words: list[str], config: Path | None) -> None:
    assert read_plainly(words) == ServeOptions(config=config)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["validate"],
        ["validate", "--config", "a.yaml"],
        ["serve", "--help"],
        ["serve", "--config"],
        ["serve", "--config=a.yaml"],
        ["serve", "--config", "--help"],
        ["serve", "--config", "a.yaml", "--config", "b.yaml"],
        ["serve", "--transport", "http"],
        ["serve", "--port", "1"],
        ["serve", "a.yaml", "--config"],
    ],
)
def test_anything_else_is_left_to_the_whole_command_line(words: list[str]) -> None:
    assert read_plainly(words) is None
