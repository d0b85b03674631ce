"""Variables in scalars: filled in, typed again, reported; never told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.services.findings import Findings
from gateway.services.interpolate import Fill, fill_variables
from gateway.services.structure import Spot
from gateway.services.tree import Origin, ScalarNode, ScalarValue

ENVIRONMENT = {"SET": "word", "NUMBER": "8", "EMPTY": "", "ODD": "${SET} $$ }", "_a1": "x"}


def filled(text: str) -> tuple[ScalarNode, list[str]]:
    findings = Findings("services.yaml")
    node = fill_variables(text, Spot(3, 7), Fill(ENVIRONMENT, findings))
    return node, [f"{each.code} {each.found}" for each in findings.in_order()]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${SET}", "word"),
        ("a ${SET} b", "a word b"),
        ("${SET}${NUMBER}", "word8"),
        ("${NUMBER}", 8),
        ("${NUMBER}0", "80"),
        (" ${NUMBER}", " 8"),
        ("${UNSET:-7}", 7),
        ("${EMPTY:-7}", 7),
        ("${NUMBER:-7}", 8),
        ("${UNSET:-true}", True),
        ("${UNSET:-}", None),
        ("${EMPTY}", None),
        ("x${EMPTY}", "x"),
        ("${UNSET:-a b: c, d}", "a b: c, d"),
        ('${UNSET:-it\'s "so"}', 'it\'s "so"'),
        ("${UNSET:-$5}", "$5"),
        ("${SET:?set it}", "word"),
        ("${_a1}", "x"),
        ("$${SET}", "${SET}"),
        ("$${SET} ${SET}", "${SET} word"),
        ("$${", "${"),
        ("$$${SET}", "$${SET}"),
        ("${ODD}", "${SET} $$ }"),
    ],
)
def test_a_variable_is_filled_in(text: str, value: ScalarValue) -> None:
    node, findings = filled(text)
    assert findings == []
    assert node.value == value
    assert type(node.value) is type(value)
    assert (node.line, node.column) == (3, 7)


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("${UNSET}", ["variable-missing ${UNSET}"]),
        ("${UNSET} ${SET} ${OTHER}", ["variable-missing ${UNSET}", "variable-missing ${OTHER}"]),
        ("${UNSET:?a token}", ["variable-missing ${UNSET}"]),
        ("${EMPTY:?a token}", ["variable-missing ${EMPTY}"]),
        ("${}", ["variable-malformed ${}"]),
        ("${1A}", ["variable-malformed ${1A}"]),
        ("${A-b}", ["variable-malformed ${A-b}"]),
        ("${A:+b}", ["variable-malformed ${A:+b}"]),
        ("${A B}", ["variable-malformed ${A B}"]),
        ("${A", ["variable-malformed ${A"]),
        ("${A:-${B}}", ["variable-malformed ${A:-${B}"]),
        ("${" + "-" * 57 + "}", ["variable-malformed ${" + "-" * 57 + "}"]),
        ("${" + "-" * 58 + "}", ["variable-malformed ${" + "-" * 54 + " …"]),
        ("${" + "x y" * 40, ["variable-malformed ${" + ("x y" * 40)[:54] + " …"]),
    ],
)
def test_what_cannot_be_filled_in_is_reported_and_means_nothing(
    text: str, findings: list[str]
) -> None:
    node, reported = filled(text)
    assert reported == findings
    assert node == ScalarNode("", None, 3, 7, Origin(text, missing=True))


def test_what_to_set_is_told() -> None:
    findings = Findings("services.yaml")
    fill_variables("${TOKEN:?the token of the studio}", Spot(1, 1), Fill({}, findings))
    (finding,) = findings.in_order()
    assert finding.message == "the environment variable TOKEN is not set: the token of the studio"


@pytest.mark.parametrize(
    ("text", "all_empty"),
    [
        ("Bearer ${EMPTY}", True),
        ("Bearer ${UNSET:-}", True),
        ("${EMPTY}${UNSET:-}", True),
        ("${EMPTY}${SET}", False),
        ("$${x} ${EMPTY}", True),
        ("${NUMBER}", False),
    ],
)
def test_a_scalar_knows_whether_all_its_variables_are_empty(text: str, *, all_empty: bool) -> None:
    node, _ = filled(text)
    assert node.origin == Origin(text, all_empty=all_empty)


def test_a_scalar_of_escapes_only_has_no_variable() -> None:
    node, _ = filled("$${A} $${B}")
    assert node == ScalarNode("${A} ${B}", "${A} ${B}", 3, 7)


@given(st.text(st.sampled_from("${}:-?AB9 "), max_size=20), st.text(min_size=1))
def test_no_text_breaks_it_and_no_value_is_told(text: str, secret: str) -> None:
    findings = Findings("services.yaml")
    secret = f"secret {secret}"
    fill_variables("${" + text, Spot(1, 1), Fill({"A": secret, "B": secret}, findings))
    assert all(secret not in str(each.as_json()) for each in findings.in_order())
