"""Durations and sizes, read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.services.durations import parse_duration, parse_size, write_duration, write_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("45s", 45.0),
        ("10m", 600.0),
        ("24h", 86400.0),
        ("1.5h", 5400.0),
        ("0s", 0.0),
    ],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "s", "10", "10 m", "10M", "1h30m", "-1s", "1e3s", ".5s", "1.s", "5 minutes", "٣s", "1d"],
)
def test_what_is_no_duration_is_none(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1B", 1),
        ("600KB", 600 * 1024),
        ("32MiB", 32 * 1024**2),
        ("1.5 GB", 1536 * 1024**2),
        ("1GiB", 1024**3),
        ("2MB", 2 * 1024**2),
        ("0.1KiB", 102),
    ],
)
def test_a_size_is_a_number_and_a_unit(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "10", "-1MB", "10mb", "10M", "1.5MBit", "1  MB", "1TB"])
def test_what_is_no_size_is_none(text: str) -> None:
    assert parse_size(text) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (45.0, "45s"),
        (600.0, "10m"),
        (86400.0, "24h"),
        (0.25, "250ms"),
        (90, "90s"),
        (3600, "1h"),
        (1, "1s"),
        (0, "0s"),
        (0.0005, "0.5ms"),
    ],
)
def test_a_duration_is_written_in_its_largest_whole_unit(seconds: float, text: str) -> None:
    assert write_duration(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0B"), (1, "1B"), (600 * 1024, "600KiB"), (32 * 1024**2, "32MiB")]
)
def test_a_size_is_written_in_its_largest_whole_unit(size: int, text: str) -> None:
    assert write_size(size) == text


@given(st.integers(0, 10**12))
def test_any_size_reads_as_it_was_written(size: int) -> None:
    assert parse_size(write_size(size)) == size


@given(st.integers(0, 10**10))
def test_any_duration_in_milliseconds_reads_as_it_was_written(milliseconds: int) -> None:
    assert parse_duration(write_duration(milliseconds / 1000)) == milliseconds / 1000
