"""services.yaml files that are well written and cannot be bound: what is said of each.

A file's first line may say which definitions are known; ComfyUI 0.33's otherwise.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from gateway.errors import Finding
from gateway.graph.definitions import Definitions
from gateway.graph.prompt import Prompt, parse_prompt
from gateway.services.parse import parse_services
from gateway.services.resolve import check_backends, resolve_service
from tests.definitions.recorded import DEFINITIONS, OLD_DEFINITIONS

HERE = Path(__file__).parent
FILES = sorted((HERE / "invalid").glob("binding-*.yaml"))


def definitions_for(text: str) -> Definitions:
    return OLD_DEFINITIONS if text.startswith("# definitions of 0.3.64") else DEFINITIONS


def workflow(name: str) -> Prompt:
    return parse_prompt(json.loads((HERE / "workflows" / name).read_text(encoding="utf-8")))


def findings_of(file: Path) -> list[Finding]:
    text = file.read_text(encoding="utf-8")
    parsed = parse_services(text, file.name, {})
    assert parsed.declaration is not None, parsed.findings
    found = [*parsed.findings, *check_backends(parsed.declaration)]
    for each in parsed.declaration.services:
        found += resolve_service(each, workflow(each.workflow), definitions_for(text)).findings
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_that_cannot_be_bound_is_explained(file: Path, snapshot: SnapshotAssertion) -> None:
    found = findings_of(file)
    assert found
    assert [each.as_json() for each in found] == snapshot(extension_class=JSONSnapshotExtension)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_finding_has_a_place_in_its_file_and_a_mend(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    for each in findings_of(file):
        assert each.mend
        assert each.place is not None
        assert each.place.file == file.name
        assert lines[each.place.line - 1][each.place.column - 1 :].strip()
