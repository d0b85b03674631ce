"""What contradicts itself in a parameter as it is written, and what does not."""

from __future__ import annotations

import pytest

from gateway.services.parse import parse_services


def codes(keys: str) -> list[str]:
    text = (
        "version: 1\nservices:\n  draw:\n    workflow: draw.json\n    parameters:\n"
        f'      p: {{node: "3", widget: w, {keys}}}\n'
    )
    return [each.code for each in parse_services(text, "services.yaml", {}).findings]


@pytest.mark.parametrize(
    "keys",
    [
        "minimum: 5, maximum: 5",
        "min_length: 2, default: ab",
        "max_length: 2, default: ab",
        'pattern: "^a", default: ab',
        "pattern: '[[a]'",
        "default: 5",
        "examples: [1, x, true]",
    ],
)
def test_what_can_be_is_not_told(keys: str) -> None:
    assert codes(keys) == []


@pytest.mark.parametrize(
    "keys",
    [
        "min_length: 3, default: ab",
        "max_length: 1, default: ab",
        "max_length: 3, default: 5",
        'pattern: "^b", default: ab',
        "minimum: 3, default: 2",
        "maximum: 3, default: x",
        "multiple_of: 3, default: 4",
    ],
)
def test_a_default_obeys_the_limits_beside_it(keys: str) -> None:
    assert codes(keys) == ["value-refused"]


def test_a_default_is_held_against_limits_that_can_be_only() -> None:
    assert codes("minimum: 9, maximum: 5, default: 7") == ["limits-contradict"]


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("type: number, default: .nan", "value-not-json"),
        ("type: number, value: .nan", "value-not-json"),
        ("type: number, examples: [.nan]", "value-not-json"),
        ("type: number, default: ~", "value-empty"),
    ],
)
def test_a_value_that_is_wrong_by_itself_is_told_once(keys: str, code: str) -> None:
    assert codes(keys) == [code]
