"""From measured numbers to rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.arithmetic import (
    AtLeastTimes,
    AtMost,
    AtMostAdded,
    AtMostTimes,
    Bound,
    Row,
    Told,
    as_table,
    paired,
    percentile,
    row,
    with_table,
)


def test_the_difference_is_taken_within_pairs() -> None:
    # Slow while the machine was busy, for both: neither median alone would tell the difference.
    pairs = [(4.0, 5.0), (9.0, 10.0), (4.2, 5.2), (30.0, 31.0), (4.1, 5.1)]
    floor, gateway = paired(pairs)
    assert floor == 4.2
    assert gateway == pytest.approx(5.2)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1))
def test_equal_sides_give_equal_figures(pairs: list[tuple[float, float]]) -> None:
    floor, gateway = paired([(one, one) for one, _ in pairs])
    assert floor == gateway


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([1.0], 0.95, 1.0),
        ([3.0, 1.0, 2.0], 0.5, 2.0),
        ([float(n) for n in range(1, 101)], 0.95, 95.0),
        ([float(n) for n in range(1, 21)], 0.95, 19.0),
        ([5.0, 4.0], 0.0, 4.0),
        ([5.0, 4.0], 1.0, 5.0),
    ],
)
def test_a_percentile_is_one_of_the_values(
    values: list[float], share: float, expected: float
) -> None:
    assert percentile(values, share) == expected


@pytest.mark.parametrize(
    ("floor", "gateway", "bound", "met"),
    [
        (4.0, 6.0, AtMostAdded(2), True),
        (4.0, 6.1, AtMostAdded(2), False),
        (100.0, 105.0, AtMostTimes(1.05), True),
        (100.0, 106.0, AtMostTimes(1.05), False),
        (200.0, 120.0, AtLeastTimes(0.6), True),
        (200.0, 119.0, AtLeastTimes(0.6), False),
        (None, 20.0, AtMost(20), True),
        (None, 20.1, AtMost(20), False),
        (None, 1.0, AtMostTimes(1.05), False),
        (None, 1.0, AtLeastTimes(0.6), False),
        (None, 1.0, AtMostAdded(2), False),
    ],
)
def test_a_bound_is_kept_or_not(
    floor: float | None, gateway: float, bound: Bound, met: bool
) -> None:
    assert Row(floor, gateway, "ms", bound).met is met


def test_a_row_becomes_json_and_a_line_of_the_table() -> None:
    rows = {
        "smallest call": row([(4.0, 5.0), (4.0, 5.0)], "ms", AtMostAdded(2)),
        "tools/list while busy": Row(None, 21.456789, "ms", AtMost(20)),
        "cold start": Row(400.0, 440.0, "ms", AtMostTimes(1.15)),
        "in flight": Row(200.0, 150.0, "prompts/s", AtLeastTimes(0.6)),
    }
    assert [each.as_json() for each in rows.values()] == [
        {
            "floor": 4.0,
            "gateway": 5.0,
            "ratio": 1.25,
            "unit": "ms",
            "bound": "<= floor + 2",
            "met": True,
        },
        {
            "floor": None,
            "gateway": 21.46,
            "ratio": None,
            "unit": "ms",
            "bound": "<= 20",
            "met": False,
        },
        {
            "floor": 400.0,
            "gateway": 440.0,
            "ratio": 1.1,
            "unit": "ms",
            "bound": "<= 1.15 x floor",
            "met": True,
        },
        {
            "floor": 200.0,
            "gateway": 150.0,
            "ratio": 0.75,
            "unit": "prompts/s",
            "bound": ">= 0.6 x floor",
            "met": True,
        },
    ]
    assert as_table(rows).splitlines() == [
        "                       floor  gateway  ratio  unit       bound            met",
        "smallest call              4        5   1.25  ms         <= floor + 2     yes",
        "tools/list while busy      -     21.5      -  ms         <= 20            NO",
        "cold start               400      440    1.1  ms         <= 1.15 x floor  yes",
        "in flight                200      150   0.75  prompts/s  >= 0.6 x floor   yes",
    ]


def test_a_table_takes_the_place_of_the_one_before() -> None:
    page = "# Title\n\n<!-- results -->\nold\n<!-- end of results -->\n\nText.\n"
    once = with_table(page, "a  b")
    assert once == (
        "# Title\n\n<!-- results -->\n\n```text\na  b\n```\n\n<!-- end of results -->\n\nText.\n"
    )
    assert with_table(once, "a  b") == once


@pytest.mark.parametrize("page", ["", "<!-- results -->", "<!-- end of results -->"])
def test_a_page_without_its_marks_is_not_written_to(page: str) -> None:
    with pytest.raises(ValueError, match="results"):
        with_table(page, "a")


def test_the_performance_page_shows_the_run_on_file() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs" / "performance.md").read_text(encoding="utf-8")
    results = json.loads((root / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    lines = {line.partition("  ")[0]: line.split() for line in page.splitlines()}
    assert results
    for name, each in results.items():
        verdict = "-" if each["bound"] == str(Told()) else "yes" if each["met"] else "NO"
        assert lines[name][-1] == verdict


def test_a_row_that_only_tells_is_neither_met_nor_missed() -> None:
    told = Row(2.0, 3.0, "ms", Told())
    assert told.met
    assert told.as_json()["bound"] == "none: it tells"
    assert as_table({"a": told}).splitlines()[1].split()[-1] == "-"
