"""How findings gather, are ordered and attributed."""

from __future__ import annotations

from gateway.errors import Finding, Place
from gateway.services.findings import Findings
from gateway.services.structure import Spot


def note(findings: Findings, line: int, column: int = 1, message: str = "wrong") -> None:
    findings.add(Spot(line, column), code="test-fault", message=message, mend="Mend it.")


def test_findings_come_in_the_order_of_the_file_and_each_once() -> None:
    findings = Findings("services.yaml")
    note(findings, 2, 5)
    note(findings, 1, 9)
    note(findings, 2, 1)
    note(findings, 2, 5)
    assert [(each.place.line, each.place.column) for each in findings.in_order() if each.place] == [
        (1, 9),
        (2, 1),
        (2, 5),
    ]
    assert len(findings) == 4


def test_a_finding_has_its_place() -> None:
    findings = Findings("services.yaml")
    findings.add(Spot(3, 4), code="test-fault", message="wrong", found="x", mend="Mend it.")
    assert findings.in_order() == (
        Finding("test-fault", "wrong", Place("services.yaml", 3, 4), found="x", mend="Mend it."),
    )


def test_a_warning_is_no_error() -> None:
    findings = Findings("services.yaml")
    findings.warn(Spot(1, 1), code="test-oddity", message="odd", mend="Look.")
    assert not findings.has_errors()
    note(findings, 1)
    assert findings.has_errors()
    assert [(each.severity, each.mend) for each in findings.in_order()] == [
        ("warning", "Look."),
        ("error", "Mend it."),
    ]


def test_an_owner_is_named_once_and_only_from_a_number_on() -> None:
    findings = Findings("services.yaml")
    note(findings, 1)
    note(findings, 2)
    findings.attribute(1, parameter="steps")
    findings.attribute(1, service="draw")
    findings.attribute(0, service="paint", parameter="seed")
    assert [(each.service, each.parameter) for each in findings.in_order()] == [
        ("paint", "seed"),
        ("draw", "steps"),
    ]


def test_owners_are_named_by_the_keys_above_a_finding() -> None:
    findings = Findings("services.yaml")
    for line, keys in enumerate(
        (
            ["backends", "studio"],
            ["services"],
            ["services", None],
            ["services", "draw", "timeout"],
            ["services", "draw", "parameters", "steps", "node"],
            ["services", "draw", "outputs", "image"],
        ),
        1,
    ):
        before = len(findings)
        note(findings, line)
        for key in reversed(keys):
            findings.within(before, key)
    findings.name_owners("services", "parameters")
    assert [(each.service, each.parameter) for each in findings.in_order()] == [
        (None, None),
        (None, None),
        (None, None),
        ("draw", None),
        ("draw", "steps"),
        ("draw", None),
    ]


def test_no_finding_holds_what_a_terminal_takes_for_a_command() -> None:
    findings = Findings("services.yaml")
    findings.add(
        Spot(1, 1), code="test-fault", message="a\x1b[31mb", found="\x07", mend="c\x9bd – ok"
    )
    (finding,) = findings.in_order()
    assert (finding.message, finding.found, finding.mend) == ("a�[31mb", "�", "c�d – ok")
