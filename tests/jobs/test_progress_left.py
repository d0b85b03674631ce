"""How much longer a job should take, in words."""

from __future__ import annotations

import pytest

from gateway.jobs.job import Progress


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (0.0, ""),
        (0.99, ""),
        (1.0, "about 1 s left"),
        (12.4, "about 12 s left"),
        (99.4, "about 99 s left"),
        (100.0, "about 2 min left"),
        (3600.0, "about 60 min left"),
    ],
)
def test_seconds_then_minutes(seconds: float | None, said: str) -> None:
    assert Progress(seconds_left=seconds).left == said
