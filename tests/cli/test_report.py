"""Findings as people, programs and GitHub read them."""

from __future__ import annotations

import io
import json

import pytest

from gateway.cli.report import as_github, as_json, as_text, is_coloured, print_error, render
from gateway.errors import BackendUnreachable, DeclarationError, Finding, GatewayError, Place

FULL = Finding(
    code="unknown-widget",
    message="node 3 (KSampler) has no widget `stepz`",
    place=Place("services.yaml", 12, 7),
    service="text_to_image",
    parameter="steps",
    found="stepz",
    mend="Did you mean steps?",
)
BARE = Finding(
    code="api-key-short", message="short. Use more.", severity="warning", mend="Use more."
)


def test_text_says_place_message_code_and_mend() -> None:
    assert as_text([FULL, BARE]) == (
        "services.yaml:12:7: error: text_to_image.steps: node 3 (KSampler) has no widget `stepz` "
        "(unknown-widget)\n"
        "  Did you mean steps?\n"
        "warning: short. Use more. (api-key-short)\n"
    )


def test_colours_change_nothing_but_colours() -> None:
    coloured = as_text([FULL, BARE], coloured=True)
    for code in ("\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[2m", "\x1b[0m"):
        assert code in coloured
        coloured = coloured.replace(code, "")
    assert coloured == as_text([FULL, BARE])


def test_json_is_one_object_with_every_field_of_every_finding() -> None:
    assert json.loads(as_json([FULL, BARE])) == {
        "findings": [
            {
                "code": "unknown-widget",
                "severity": "error",
                "file": "services.yaml",
                "line": 12,
                "column": 7,
                "service": "text_to_image",
                "parameter": "steps",
                "found": "stepz",
                "mend": "Did you mean steps?",
                "message": "node 3 (KSampler) has no widget `stepz`",
            },
            {
                "code": "api-key-short",
                "severity": "warning",
                "file": None,
                "line": None,
                "column": None,
                "service": None,
                "parameter": None,
                "found": None,
                "mend": "Use more.",
                "message": "short. Use more.",
            },
        ]
    }
    assert json.loads(as_json([])) == {"findings": []}


def test_github_gets_workflow_commands_with_everything_escaped() -> None:
    odd = Finding(code="x", message="50%\nof it", place=Place("a,b:c.yaml", 1, 2))
    assert as_github([FULL, BARE, odd]) == (
        "::error file=services.yaml,line=12,col=7,title=unknown-widget::"
        "text_to_image.steps: node 3 (KSampler) has no widget `stepz`%0ADid you mean steps?\n"
        "::warning title=api-key-short::short. Use more.\n"
        "::error file=a%2Cb%3Ac.yaml,line=1,col=2,title=x::50%25%0Aof it\n"
    )


def test_render_knows_every_format() -> None:
    assert render([FULL], "text") == as_text([FULL])
    assert render([FULL], "json") == as_json([FULL])
    assert render([FULL], "github") == as_github([FULL])
    assert render([FULL], "text", coloured=True) == as_text([FULL], coloured=True)


def test_no_text_of_a_file_reaches_the_terminal_as_a_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    evil = "a\x1b[2J\x9b\u202eb\ud800"
    finding = Finding("x", evil, Place(evil, 1, 1), service=evil, mend=f"Rename {evil}.")
    print_error(DeclarationError([finding]))
    print_error(GatewayError(evil, code="x", where="w", mend=f"Rename {evil}."))
    told = capsys.readouterr().err
    assert told.replace("\n", "").isprintable()
    assert told.count("a[2Jb") == 6


def test_an_error_is_told_on_stderr_with_where_and_mend(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(BackendUnreachable("nothing listens", where="studio", mend="Start ComfyUI."))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        "error: studio: nothing listens (backend-unreachable)\n  Start ComfyUI.\n"
    )


def test_a_declaration_error_is_told_finding_by_finding(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(DeclarationError([FULL, BARE]))
    assert capsys.readouterr().err == as_text([FULL, BARE])


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert is_coloured(_Terminal())
    assert not is_coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not is_coloured(_Terminal())
