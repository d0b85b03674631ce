"""Hand-made files of every dialect, with all that each of them comes to."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from gateway.intake.dialects.detect import DIALECTS
from gateway.services.parse import parse_services
from gateway.services.resolve import resolve_service
from tests.intake.dialects.reading import GOOD, good, rendered, text_of
from tests.services.text_snapshot import TextSnapshot


@pytest.mark.parametrize("case", GOOD)
def test_a_file_comes_to_services_workflows_and_notes(
    case: str, snapshot: SnapshotAssertion
) -> None:
    assert rendered(good(case)) == snapshot.use_extension(TextSnapshot)


@pytest.mark.parametrize("case", GOOD)
def test_what_it_comes_to_is_loaded_without_a_finding(case: str) -> None:
    migration = good(case)
    parsed = parse_services(text_of(migration), "services.yaml", {})
    assert parsed.findings == ()
    assert parsed.declaration is not None
    assert [each.name for each in parsed.declaration.services] == [
        each.name for each in migration.entries
    ]
    for service in parsed.declaration.services:
        resolved = resolve_service(service, migration.workflows[service.workflow], {})
        assert resolved.findings == ()


def test_there_is_a_file_of_every_dialect() -> None:
    assert {name for name in DIALECTS if any(case.startswith(name) for case in GOOD)} == {*DIALECTS}
