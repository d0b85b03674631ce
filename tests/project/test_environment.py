"""The environment and the callers' keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.project.environment import NotedVariables, read_environment, read_keys

LONG = "a-long-enough-secret-key"
OTHER = "another-long-secret-key!"


def test_the_environment_is_a_copy_of_the_process_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_TEST_VARIABLE", "yes")
    environment = read_environment()
    environment["GATEWAY_TEST_VARIABLE"] = "changed"
    assert read_environment()["GATEWAY_TEST_VARIABLE"] == "yes"


@pytest.mark.parametrize("value", [None, "", " ", ","])
def test_without_keys_there_are_none(value: str | None) -> None:
    keys = read_keys({} if value is None else {"GATEWAY_API_KEYS": value})
    assert keys.keys == {}
    assert keys.findings == ()


def test_pairs_are_read_with_spaces_around_them_and_colons_in_the_key() -> None:
    keys = read_keys({"GATEWAY_API_KEYS": f" ada : {LONG} ,ci.bot:{OTHER}:1, "})
    assert keys.keys == {"ada": LONG, "ci.bot": f"{OTHER}:1"}
    assert keys.findings == ()


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (LONG, "entry 1 is not usable: it has no colon between name and key"),
        (f"ada:{LONG},{OTHER}", "entry 2 is not usable: it has no colon between name and key"),
        (f":{LONG}", "entry 1 is not usable: its name is not 1 to 40 letters"),
        (f"a da:{LONG}", "entry 1 is not usable: its name is not 1 to 40 letters"),
        (f"local:{LONG}", "the name `local` is the caller without a key"),
        (f"ada:{LONG},ada:{OTHER}", "entry 2 is not usable: the name `ada` stands there twice"),
        ("ada:", "`ada` has an empty key"),
        (f"ada:{LONG} x", "holds a space or a character outside ASCII"),
        (f"ada:{LONG}ü", "holds a space or a character outside ASCII"),
        (f"ada:{LONG},bob:{LONG}", "entry 2 is not usable: `bob` has the same key as another name"),
    ],
)
def test_an_unusable_entry_is_an_error_told_by_its_number(value: str, said: str) -> None:
    errors = list(read_keys({"GATEWAY_API_KEYS": value}).findings)
    assert [each.code for each in errors] == ["api-keys-invalid"]
    assert said in errors[0].message
    assert errors[0].severity == "error"


def test_a_short_key_works_and_is_warned_of() -> None:
    keys = read_keys({"GATEWAY_API_KEYS": "ada:short"})
    assert keys.keys == {"ada": "short"}
    assert [(each.code, each.severity) for each in keys.findings] == [("api-key-short", "warning")]


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=4))
def test_no_finding_ever_shows_a_key(secret: str) -> None:
    marked = f"zq{secret}zq"
    for value in (marked, f"ada:{marked}", f"ada:x,bob:{marked},bob:{marked}", f":{marked}"):
        keys = read_keys({"GATEWAY_API_KEYS": value})
        assert all(marked not in str(each.as_json()) for each in keys.findings)
        assert marked not in repr(keys)


def test_it_is_noted_which_variables_were_asked_for_set_or_not() -> None:
    noted = NotedVariables({"A": "1", "B": "2"})
    assert (noted.get("A"), noted.get("C"), "D" in noted, len(noted)) == ("1", None, False, 2)
    assert noted.asked == {"A", "C", "D"}
    assert dict(noted) == {"A": "1", "B": "2"}
    assert noted.asked == {"A", "B", "C", "D"}
