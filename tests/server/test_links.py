"""Signed links: what they stand for, and that nothing else is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.server.links import LINK_AGE, Link, Links


class Clock:
    """A time that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        """Return it."""
        return self.now


def test_a_token_stands_for_what_it_was_made_of() -> None:
    links = Links(["ann", "bob"], "secret", Clock())
    assert links.read(links.token("job", 2, "bob")) == Link("job", 2, "bob", 1000 + int(LINK_AGE))


def test_a_token_expires() -> None:
    clock = Clock()
    links = Links(["ann"], "secret", clock)
    token = links.token("job", 0, "ann")
    clock.now += LINK_AGE - 1
    assert links.read(token) is not None
    clock.now += 1
    assert links.read(token) is None


def test_a_token_dies_with_the_key_it_was_made_for() -> None:
    token = Links(["ann", "bob"], "secret").token("job", 0, "bob")
    assert Links(["ann"], "secret").read(token) is None


def test_a_token_of_another_secret_is_none() -> None:
    token = Links(["ann"], "secret").token("job", 0, "ann")
    assert Links(["ann"], "another").read(token) is None
    assert Links(["ann"]).read(token) is None
    assert Links(["ann"]).read(Links(["ann"]).token("job", 0, "ann")) is None


def test_a_token_lasts_over_a_restart_when_the_secret_is_given() -> None:
    token = Links(["ann"], "secret").token("job", 0, "ann")
    assert Links(["ann"], "secret").read(token) is not None


def test_a_token_does_not_tell_whose_it_is() -> None:
    links = Links(["a-very-telling-name"], "secret")
    other = Links(["b-very-telling-name"], "secret")
    first = links.token("job", 0, "a-very-telling-name").partition(".")
    second = other.token("job", 0, "b-very-telling-name").partition(".")
    assert first[0] == second[0]
    assert first[2] != second[2]


@given(st.text(max_size=200))
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert Links(["ann"], "secret").read(text) is None


@given(st.integers(0, 200), st.characters(max_codepoint=127))
def test_no_change_of_a_token_is_one(at: int, put: str) -> None:
    links = Links(["ann"], "secret", Clock())
    token = links.token("job", 0, "ann")
    at %= len(token)
    changed = token[:at] + put + token[at + 1 :]
    assert changed == token or links.read(changed) is None


@pytest.mark.parametrize("ending", ["=", "==", "\n", ".", " "])
def test_no_other_spelling_of_a_token_is_one(ending: str) -> None:
    links = Links(["ann"], "secret", Clock())
    assert links.read(links.token("job", 0, "ann") + ending) is None
