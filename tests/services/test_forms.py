"""Whether text has the form that it must have."""

from __future__ import annotations

from gateway.services.findings import Findings
from gateway.services.forms import check_form
from gateway.services.scalar_shapes import Form
from gateway.services.structure import Spot

FORM = Form("[a-z]+", "small letters", "name-invalid", "Write it small.", 5, ("taken",))


def told(text: str) -> tuple[bool, list[tuple[str, str | None]]]:
    findings = Findings("services.yaml")
    fine = check_form(text, FORM, Spot(1, 1), findings)
    return fine, [(each.code, each.found) for each in findings.in_order()]


def test_text_that_is_of_its_form_and_not_taken_is_fine() -> None:
    assert told("free") == (True, [])
    assert told("FREE") == (False, [("name-invalid", '"FREE"')])
    assert told("toolong") == (False, [("name-invalid", '"toolong"')])
    assert told("taken") == (False, [("name-reserved", "taken")])
