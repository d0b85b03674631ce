"""What the editor does to text before sending it, done the same way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.dynamic_text import resolve_dates, resolve_dynamic_text

NOW = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 (local time, as the editor's)


def take(index: int) -> Callable[[int], int]:
    return lambda count: min(index, count - 1)


FIRST, LAST = take(0), take(10**9)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("a cat", "a cat", "a cat"),
        ("a {red|blue} cat", "a red cat", "a blue cat"),
        ("{a|{b|c}} d", "a d", "c d"),
        ("{x}", "x", "x"),
        ("{}", "", ""),
        ("{|a}", "", "a"),
        ('{"json": 1}', '"json": 1', '"json": 1'),
        ("a | b } c", "a | b } c", "a | b } c"),
        ("{a|b", "a", "b"),
        ("{{a|b}|c", "a", "c"),
        ("{a|{b", "a", "b"),
        ("a{b}c{d|e}f", "abcdf", "abcef"),
        ("{X|Y}", "X", "Y"),
    ],
)
def test_a_choice_becomes_one_of_its_options(text: str, first: str, last: str) -> None:
    assert resolve_dynamic_text(text, FIRST) == first
    assert resolve_dynamic_text(text, LAST) == last


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"\{a\|b\}", "{a|b}"),
        (r"{a\|b|c}", "a|b"),
        (r"{a\}|c}", "a}"),
        (r"(a\(b\):1.2)", r"(a\(b\):1.2)"),
        ("ends in \\", "ends in \\"),
        ("{ends in \\|", "ends in |"),
        (r"a\\b", r"a\\b"),
    ],
)
def test_escaped_braces_become_plain_and_other_backslashes_stay(text: str, plain: str) -> None:
    assert resolve_dynamic_text(text, FIRST) == plain


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a // rest", "a "),
        ("a // rest\nb", "a \nb"),
        ("a /* one\ntwo */ b", "a  b"),
        ("see http://x", "see http:"),
        ("a /* never closed", "a /* never closed"),
        ("{a /* | */|b}", "a "),
    ],
)
def test_comments_go_before_anything_else(text: str, plain: str) -> None:
    assert resolve_dynamic_text(text, FIRST) == plain


def test_the_number_of_options_is_what_is_drawn_from() -> None:
    asked: list[int] = []

    def choose(count: int) -> int:
        asked.append(count)
        return count - 1

    assert resolve_dynamic_text("{a|b|{c|d}} {e}", choose) == "d e"
    assert asked == [3, 2, 1]


def test_a_text_that_nests_very_deeply_is_resolved() -> None:
    deep = 50_000
    assert resolve_dynamic_text("{a|" * deep + "b" + "}" * deep, LAST) == "b"


@given(st.text(alphabet="ab{}|\\/* \n", max_size=40))
def test_any_text_is_resolved_to_some_text_of_its_own(text: str) -> None:
    resolved = resolve_dynamic_text(text, FIRST)
    assert len(resolved) <= len(text)
    assert set(resolved) <= set(text)


@given(st.text(alphabet=st.characters(exclude_characters="{\\/")))
def test_text_without_marks_stays_as_it_is(text: str) -> None:
    assert resolve_dynamic_text(text, FIRST) == text


@pytest.mark.parametrize(
    ("text", "dated"),
    [
        ("%date:yyyy-MM-dd%/x", "2026-01-02/x"),
        ("%date:yy.M.d h:m:s%", "26.1.2 3:4:5"),
        ("%date:hhmmss%", "030405"),
        ("%date:yyy%", "yyy"),
        ("%date:yyyy%%date:MM%", "202601"),
        ("%year%-%width%", "%year%-%width%"),
        ("%date%", "%date%"),
        ("%date:%", "%date:%"),
        ("%KSampler.seed%", "%KSampler.seed%"),
    ],
)
def test_dates_are_written_as_the_editor_writes_them(text: str, dated: str) -> None:
    assert resolve_dates(text, NOW) == dated
