"""What the YAML parser trips over, where it says less than usual."""

from __future__ import annotations

import pytest
import yaml

from gateway.errors import Finding, Place
from gateway.services.findings import Findings
from gateway.services.syntax import report_character, report_syntax


def told(error: yaml.MarkedYAMLError, text: str) -> tuple[Finding, ...]:
    findings = Findings("services.yaml")
    report_syntax(error, text, findings)
    return findings.in_order()


@pytest.mark.parametrize("text", ["", "x", "${A}"])
def test_a_fault_of_another_kind_and_without_a_mark_is_told_at_the_beginning(text: str) -> None:
    assert told(yaml.MarkedYAMLError(problem="something odd"), text) == (
        Finding(
            "yaml-syntax",
            "the YAML parser gives up here: something odd",
            Place("services.yaml", 1, 1),
            mend="Look at this line and the one above it.",
        ),
    )


def test_a_variable_at_the_very_beginning_is_seen() -> None:
    mark = yaml.Mark("services.yaml", 1, 0, 1, None, 0)
    (finding,) = told(yaml.MarkedYAMLError(problem="x", problem_mark=mark), "${A}")
    assert (finding.code, finding.place) == ("variable-unquoted", Place("services.yaml", 1, 1))


def test_a_text_without_an_odd_character_is_blamed_at_its_beginning() -> None:
    findings = Findings("services.yaml")
    report_character("plain", findings)
    (finding,) = findings.in_order()
    assert (finding.code, finding.place, finding.found) == (
        "yaml-character",
        Place("services.yaml", 1, 1),
        None,
    )
