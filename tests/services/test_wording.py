"""What to do about a value that its shape does not allow."""

from __future__ import annotations

import pytest

from gateway.services.scalar_shapes import Boolean, Word
from gateway.services.tree import ScalarNode
from gateway.services.wording import mend_of


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("true", "Write it without quotes: true."),
        ("False", "Write it without quotes: false."),
        ("Yes", "Write true."),
        ("off", "Write false."),
    ],
)
def test_words_that_mean_true_or_false_are_known(text: str, mend: str) -> None:
    assert mend_of(Boolean(), ScalarNode(text, text, 1, 1)) == mend


def test_quotes_are_told_only_where_they_would_mend_it() -> None:
    mends = [
        mend_of(Word(words), ScalarNode("true", True, 1, 1))
        for words in (("count", "values"), ("true", "auto"))
    ]
    assert mends == ["Write one of count, values.", 'Put it in quotes: "true".']
