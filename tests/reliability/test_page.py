"""docs/reliability.md shows what the programs found."""

from __future__ import annotations

import re

import pytest

from benchmarks.marked import block_of, with_block
from tests.reliability.matrix import CELLS, POINTS, expected
from tests.reliability.table import PAGE, meanings, rows


def test_the_table_on_the_page_is_what_must_come_of_each_point() -> None:
    good = {(store, cell): expected(cell) for cell in CELLS for store in ("SQLite", "PostgreSQL")}
    block = block_of(PAGE.read_text(encoding="utf-8"), "crash-matrix")
    assert block.splitlines() == rows(good)
    assert re.findall(r"^\| `([a-z-]+)` \|", block, re.MULTILINE) == list(POINTS)


def test_every_point_says_what_it_is() -> None:
    assert list(meanings()) == list(POINTS)


def test_the_soak_on_the_page_held() -> None:
    block = block_of(PAGE.read_text(encoding="utf-8"), "soak")
    verdicts = re.findall(r"\| ([A-Za-z]+) \|$", block, re.MULTILINE)
    assert verdicts[0] == "holds"
    assert len(verdicts) > 10
    assert set(verdicts[1:]) == {"yes"}


def test_a_block_is_replaced_and_nothing_else() -> None:
    page = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n"
    assert with_block(page, "x", "new") == "a\n<!-- x -->\n\nnew\n\n<!-- /x -->\nb\n"
    assert block_of(page, "x") == "old"
    with pytest.raises(ValueError, match="no <!-- y -->"):
        with_block(page, "y", "new")
