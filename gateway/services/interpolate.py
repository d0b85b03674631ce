"""`${NAME}`, `${NAME:-default}` and `${NAME:?what to set}` in the file's scalars; `$${` for `${`.

As in a shell, the default and the message count for a variable that is empty, too. Values never
appear in findings: they may be secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.services.findings import Findings
from gateway.services.scalars import type_scalar
from gateway.services.tree import Located, Origin, ScalarNode

__all__ = ["VARIABLE", "Fill", "fill_variables"]

VARIABLE = "${"
"""What a variable begins with."""

_REFERENCE = re.compile(
    r"\$(?P<escaped>\$)\{"
    r"|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::(?P<operator>[-?])(?P<word>(?:(?!\$\{)[^}])*))?\}"
    r"|(?P<malformed>\$\{[^}]*\}?)"
)


@dataclass(frozen=True, slots=True)
class Fill:
    """What variables are filled in with, and where their faults go."""

    environment: Mapping[str, str]
    findings: Findings


def fill_variables(text: str, at: Located, fill: Fill) -> ScalarNode:
    """Return the scalar that `text` becomes; one that is a single variable is typed anew."""
    references = list(_REFERENCE.finditer(text))
    values = [_value_of(reference, at, fill) for reference in references]
    if None in values:
        return ScalarNode("", None, at.line, at.column, Origin(text, missing=True))
    filled = _joined(text, references, [value or "" for value in values])
    if all(reference["escaped"] for reference in references):
        return ScalarNode(filled, filled, at.line, at.column)
    whole = len(references) == 1 and references[0].span() == (0, len(text))
    variables = [
        value for value, reference in zip(values, references, strict=True) if reference["name"]
    ]
    return ScalarNode(
        filled,
        type_scalar(filled) if whole else filled,
        at.line,
        at.column,
        Origin(text, all_empty=not any(variables)),
    )


def _joined(text: str, references: list[re.Match[str]], values: list[str]) -> str:
    parts: list[str] = []
    end = 0
    for reference, value in zip(references, values, strict=True):
        parts += (text[end : reference.start()], value)
        end = reference.end()
    return "".join((*parts, text[end:]))


def _value_of(reference: re.Match[str], at: Located, fill: Fill) -> str | None:
    """Return what one reference stands for, or None after reporting that it stands for nothing."""
    if reference["escaped"]:
        return VARIABLE
    name: str | None = reference["name"]
    if name is None:
        _report_malformed(reference["malformed"], at, fill.findings)
        return None
    value = fill.environment.get(name)
    match reference["operator"]:
        case "-":
            return value or reference["word"]
        case "?" if not value:
            _report_missing(name, reference["word"], at, fill.findings)
            return None
        case None if value is None:
            _report_missing(name, "", at, fill.findings)
            return None
        case _:
            return value


def _report_missing(name: str, what_to_set: str, at: Located, findings: Findings) -> None:
    explained = f": {what_to_set}" if what_to_set else ""
    findings.add(
        at,
        code="variable-missing",
        message=f"the environment variable {name} is not set{explained}",
        found=f"${{{name}}}",
        mend=f"Set {name}, or write ${{{name}:-a default}}.",
    )


def _report_malformed(reference: str, at: Located, findings: Findings) -> None:
    findings.add(
        at,
        code="variable-malformed",
        message="this is no variable reference",
        found=reference if len(reference) <= 60 else f"{reference[:56]} …",
        mend="Write ${NAME}, ${NAME:-default} or ${NAME:?what to set}, one not inside another; "
        "a ${ that is meant as text is written $${.",
    )
