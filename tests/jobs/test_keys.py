"""What can be a key, and which calls are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.graph.json_value import Json
from gateway.jobs.job import Job
from gateway.jobs.keys import asked_of, key_of, same_call


@pytest.mark.parametrize("key", ["a", "order 17", "0f8b-11", "x" * 200, "{}~!"])
def test_a_short_text_is_a_key(key: str) -> None:
    assert key_of(key) == key


def test_no_key_is_none() -> None:
    assert key_of(None) == ""


@pytest.mark.parametrize(
    "given_key", ["", " a", "a ", "x" * 201, "a\0b", "ä", "\ud83d", 17, True, ["a"], {"a": 1}]
)
def test_anything_else_is_refused(given_key: Json) -> None:
    with pytest.raises(GatewayError) as caught:
        key_of(given_key)
    assert caught.value.code == "idempotency-key-invalid"


@given(st.text(), st.dictionaries(st.text(), st.none() | st.booleans() | st.text()))
def test_the_order_of_arguments_does_not_matter(
    tool: str, arguments: dict[str, bool | str | None]
) -> None:
    turned = dict(reversed(list(arguments.items())))
    assert asked_of(tool, arguments) == asked_of(tool, turned)


def test_the_tool_and_each_argument_matter() -> None:
    calls: list[tuple[str, dict[str, Json]]] = [
        ("draw", {}),
        ("paint", {}),
        ("draw", {"seed": 1}),
        ("draw", {"seed": "1"}),
        ("draw", {"seed": None}),
    ]
    assert len({asked_of(tool, arguments) for tool, arguments in calls}) == 5


def test_another_call_under_the_same_key_is_refused() -> None:
    known = Job("job-1", "draw", "ann", {}, 1.0, key="once", asked="a")
    assert same_call(known, "a") is known
    with pytest.raises(GatewayError, match="'once' stands for another call") as caught:
        same_call(known, "b")
    assert caught.value.code == "idempotency-key-reused"
    assert "job-1 of draw" in caught.value.found
