"""Which word a mistyped one meant."""

from __future__ import annotations

import pytest

from gateway.services.closest import closest


@pytest.mark.parametrize(
    ("word", "candidates", "meant"),
    [
        ("widgt", ["node", "widget", "type"], "widget"),
        ("Widget", ["node", "widget"], "widget"),
        ("ksampler", ["KSampler", "KSamplerAdvanced"], "KSampler"),
        ("steps", [], None),
        ("zzz", ["node", "widget"], None),
        ("", ["node"], None),
    ],
)
def test_the_nearest_word_is_named_and_a_far_one_is_not(
    word: str, candidates: list[str], meant: str | None
) -> None:
    assert closest(word, candidates) == meant


def test_candidates_may_come_from_any_iterable() -> None:
    assert closest("promt", (name for name in ("prompt", "seed"))) == "prompt"
