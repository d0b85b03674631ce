"""Every fact that a client can get wrong, and every known hole, names tests that there are."""

from __future__ import annotations

import ast
from functools import lru_cache
from pathlib import Path

import pytest

from tests.facts.holes import HOLES, Hole
from tests.facts.requirements import REQUIREMENTS, SECTIONS, UNTESTED, Requirement

TESTS = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent


def names_below(folder: Path) -> frozenset[str]:
    """Return the names of the tests below a folder."""
    return frozenset(
        node.name
        for path in folder.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    )


@lru_cache(maxsize=1)
def every_test() -> frozenset[str]:
    """Return the names of all tests."""
    return names_below(TESTS)


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda each: each.id)
def test_a_fact_names_tests_that_there_are(requirement: Requirement) -> None:
    assert requirement.tests
    assert [name for name in requirement.tests if name not in every_test()] == []


@pytest.mark.parametrize("hole", HOLES, ids=lambda each: str(each.number))
def test_a_hole_names_tests_that_there_are(hole: Hole) -> None:
    assert hole.tests
    assert [name for name in hole.tests if name not in every_test()] == []


def test_every_section_is_covered_or_says_why_not() -> None:
    covered = {each.section for each in REQUIREMENTS}
    assert covered | UNTESTED.keys() == SECTIONS.keys()
    assert covered & UNTESTED.keys() == set()


def test_facts_and_holes_are_told_once() -> None:
    assert len({each.id for each in REQUIREMENTS}) == len(REQUIREMENTS)
    assert len({each.fact for each in REQUIREMENTS}) == len(REQUIREMENTS)
    assert [each.number for each in HOLES] == list(range(1, 23))


def test_every_test_of_the_whole_path_stands_for_a_fact_or_a_hole() -> None:
    named = {name for each in (*REQUIREMENTS, *HOLES) for name in each.tests}
    own = names_below(HERE) - names_in_file(Path(__file__))
    assert sorted(own - named) == []


def names_in_file(path: Path) -> frozenset[str]:
    """Return the names of one file's tests."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(each.name for each in tree.body if isinstance(each, ast.FunctionDef))
