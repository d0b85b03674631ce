"""Findings and errors as people, programs and GitHub read them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Literal, TextIO

from gateway.errors import DeclarationError, Finding, GatewayError
from gateway.wire.clean import clean_text

__all__ = [
    "FindingsFormat",
    "as_github",
    "as_json",
    "as_text",
    "is_coloured",
    "print_error",
    "render",
]

FindingsFormat = Literal["text", "json", "github"]

_RED, _YELLOW, _BOLD, _DIM, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


def is_coloured(stream: TextIO) -> bool:
    """Tell whether colours will be seen: on a terminal, unless `NO_COLOR` is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


def render(findings: Sequence[Finding], form: FindingsFormat, *, coloured: bool = False) -> str:
    """Return findings in one of the formats, with a newline at the end of each line."""
    match form:
        case "json":
            return as_json(findings)
        case "github":
            return as_github(findings)
        case "text":
            return as_text(findings, coloured=coloured)


def as_text(findings: Sequence[Finding], *, coloured: bool = False) -> str:
    """Return findings for people: place and message, then whose it is and what to do."""
    return "".join(_paragraph(each, coloured=coloured) for each in findings)


def as_json(findings: Sequence[Finding]) -> str:
    """Return `{"findings": [...]}`, and nothing else."""
    document = {"findings": [each.as_json() for each in findings]}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_github(findings: Sequence[Finding]) -> str:
    """Return GitHub's workflow commands, which it shows at the lines they speak of.

    Source: docs.github.com, "Workflow commands for GitHub Actions".
    """
    return "".join(_workflow_command(each) for each in findings)


def print_error(error: GatewayError) -> None:
    """Tell on stderr what went wrong and what to do about it."""
    coloured = is_coloured(sys.stderr)
    if isinstance(error, DeclarationError):
        sys.stderr.write(as_text(error.findings, coloured=coloured))
        return
    where = _clean(f"{error.where}: " if error.where and error.where not in error.message else "")
    mark = _paint("error", _RED, coloured=coloured)
    sys.stderr.write(
        f"{mark}: {where}{_clean(error.message)} ({error.code})\n{_mend(error.message, error.mend)}"
    )


def _paragraph(finding: Finding, *, coloured: bool) -> str:
    shade = _RED if finding.severity == "error" else _YELLOW
    mark = _paint(finding.severity, shade, coloured=coloured)
    where = _clean(f"{finding.place}: " if finding.place else "")
    place = _paint(where, _BOLD, coloured=coloured) if where else ""
    code = _paint(f"({finding.code})", _DIM, coloured=coloured)
    told = _clean(f"{_whose(finding)}{finding.message}")
    return f"{place}{mark}: {told} {code}\n{_mend(finding.message, finding.mend)}"


def _whose(finding: Finding) -> str:
    named = [each for each in (finding.service, finding.parameter) if each]
    return f"{'.'.join(named)}: " if named else ""


def _mend(message: str, mend: str | None) -> str:
    return f"  {_clean(mend)}\n" if mend and mend not in message else ""


def _clean(text: str) -> str:
    """Return text without what a terminal takes for commands: titles and names of files are anybody's."""
    return clean_text(text, None)


def _paint(text: str, shade: str, *, coloured: bool) -> str:
    return f"{shade}{text}{_PLAIN}" if coloured else text


def _workflow_command(finding: Finding) -> str:
    named = {"title": finding.code}
    if finding.place:
        place = finding.place
        named = {"file": place.file, "line": str(place.line), "col": str(place.column), **named}
    properties = ",".join(f"{key}={_escape(value, ':,')}" for key, value in named.items())
    message = f"{_whose(finding)}{finding.message}"
    if finding.mend and finding.mend not in finding.message:
        message = f"{message}\n{finding.mend}"
    return f"::{finding.severity} {properties}::{_escape(message)}\n"


def _escape(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
