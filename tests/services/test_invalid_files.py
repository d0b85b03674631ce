"""Every invalid file with what `gateway validate` says of it: wording is reviewed like code."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from gateway.errors import Finding
from gateway.services.document import read_document
from gateway.services.findings import Findings
from gateway.services.parse import parse_services
from tests.services.text_snapshot import TextSnapshot

ENVIRONMENT = {"SECRET": "hunter2", "NUMBER": "2", "EMPTY": ""}
FILES = sorted(
    path
    for path in (Path(__file__).parent / "invalid").glob("*.yaml")
    if not path.name.startswith("binding-")
)


def rendered(finding: Finding) -> str:
    lines = [f"{finding.place}: {finding.severity} {finding.code}: {finding.message}"]
    lines += [f"  found: {finding.found}"] if finding.found else []
    lines += [f"  mend: {finding.mend}"]
    about = [f"service {finding.service}"] if finding.service else []
    about += [f"parameter {finding.parameter}"] if finding.parameter else []
    lines += [f"  of: {', '.join(about)}"] if about else []
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_invalid_file_is_refused_with_every_fault_in_it(
    path: Path, snapshot: SnapshotAssertion
) -> None:
    parsed = parse_services(path.read_text("utf-8"), "services.yaml", ENVIRONMENT)
    said = "".join(rendered(finding) for finding in parsed.findings)
    assert parsed.declaration is None
    assert parsed.findings
    assert ENVIRONMENT["SECRET"] not in said
    assert said == snapshot.use_extension(TextSnapshot)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_finding_tells_where_and_what_to_do(path: Path) -> None:
    parsed = parse_services(path.read_text("utf-8"), "services.yaml", ENVIRONMENT)
    for finding in parsed.findings:
        assert finding.place is not None
        assert finding.place.line >= 1
        assert finding.place.column >= 1
        assert finding.mend
        assert finding.message[0] not in " A"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_both_yaml_parsers_name_the_same_kinds_of_faults(path: Path) -> None:
    """Where libyaml is missing, PyYAML's own parser is used; it words faults its own way."""
    codes: list[list[str]] = []
    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        findings = Findings("services.yaml")
        read_document(path.read_text("utf-8"), findings, ENVIRONMENT, loader)
        codes.append([finding.code for finding in findings.in_order()])
    assert codes[0] == codes[1]


def test_there_are_many_invalid_files() -> None:
    assert len(FILES) >= 60
