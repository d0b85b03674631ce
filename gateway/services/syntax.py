"""What the YAML parser trips over, in words that lead to the mend.

libyaml and PyYAML's own parser word the same fault differently; both are known here.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import yaml

from gateway.services.findings import Findings
from gateway.services.structure import Spot

__all__ = ["report_character", "report_syntax"]


class _Advice(NamedTuple):
    fragment: str
    message: str
    mend: str


_ADVICE = (
    _Advice(
        "mapping values are not allowed",
        "a `: ` stands where no value can begin",
        "Put text that holds `: ` in quotes, and begin the keys of one mapping in one column.",
    ),
    _Advice(
        "unexpected end of stream",
        "a quote is opened and never closed",
        "Close it with the same quote.",
    ),
    _Advice(
        "escape",
        "this backslash escape does not exist",
        "Use single quotes, in which a backslash is just that, or write two backslashes.",
    ),
    _Advice(
        "expected ',' or",
        "a bracket is not closed, or a comma is missing before this",
        "Close the bracket, or put a comma between the entries.",
    ),
    _Advice(
        "could not find expected ':'",
        "this line is no `key: value`",
        "Write a colon and a space after the key, or indent text that goes on over lines.",
    ),
    _Advice(
        "alphabetic or numeric",
        "a value cannot begin with this",
        "Put text that begins with `*` or `&` in quotes.",
    ),
    _Advice(
        "node content",
        "a value is missing here, or this cannot begin one",
        "Write a value, and put text that begins with a bracket, `&` or `*` in quotes.",
    ),
    _Advice(
        "expected",
        "this does not line up with what stands above it",
        "Begin the keys of one mapping, or the dashes of one list, in one column.",
    ),
)
_UNPRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def report_syntax(error: yaml.MarkedYAMLError, text: str, findings: Findings) -> None:
    """Report where and why the parser gave up on `text`."""
    mark = error.problem_mark
    line, column, index = (mark.line, mark.column, mark.index) if mark else (0, 0, 0)
    spot = Spot(line + 1, column + 1)
    problem = str(error.problem)
    character = text[index : index + 1]
    if text[max(index - 1, 0) : index + 1] == "${":
        _report_unquoted(spot, findings)
    elif character == "\t":
        findings.add(
            spot,
            code="yaml-tab",
            message="a tab stands where YAML wants spaces",
            found="a tab",
            mend="Indent with spaces.",
        )
    elif "cannot start any token" in problem:
        findings.add(
            spot,
            code="yaml-syntax",
            message=f"a value cannot begin with `{character}`",
            found=character,
            mend="Put the value in quotes.",
        )
    else:
        advice = _advice_on(problem)
        findings.add(spot, code="yaml-syntax", message=advice.message, mend=advice.mend)


def report_character(text: str, findings: Findings) -> None:
    """Report the first character that no YAML file may hold."""
    match = _UNPRINTABLE.search(text)
    before = text[: match.start()] if match else ""
    line = before.count("\n") + 1
    found = f"U+{ord(match.group()):04X}" if match else None
    findings.add(
        Spot(line, len(before) - before.rfind("\n")),
        code="yaml-character",
        message="this character may not stand in a YAML file",
        found=found,
        mend="Take it out, or write it as an escape in double quotes; save the file as UTF-8.",
    )


def _report_unquoted(spot: Spot, findings: Findings) -> None:
    findings.add(
        Spot(spot.line, spot.column - 1),
        code="variable-unquoted",
        message="inside { } or [ ] the braces of a variable are YAML's own",
        found="${",
        mend='Put the whole value in quotes: "${NAME}".',
    )


def _advice_on(problem: str) -> _Advice:
    for advice in _ADVICE:
        if advice.fragment in problem:
            return advice
    return _Advice(
        problem,
        f"the YAML parser gives up here: {problem}",
        "Look at this line and the one above it.",
    )
