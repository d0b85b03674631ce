"""Texts of ComfyUI's made fit for people and models."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.clean import clean_line, clean_text, without_paths


def test_hidden_and_control_characters_go_and_visible_ones_stay() -> None:
    hidden = "a\x00b\x1b[31m\u200b\u202ec\ufeff\U000e0041\U000e0101\ue000\ud800d"
    assert clean_text(hidden, 100) == "ab[31mcd"
    assert clean_text("naïve 図 👩\u200d🎨 ✔️\r\n\tß\r.", 100) == "naïve 図 👩\u200d🎨 ✔️\n\tß\n."


@pytest.mark.parametrize(
    "character", ["\U000e0100", "\U000e01ef", "\u0378", "\x7f", "\ue000", "\u2066", "\ud800"]
)
def test_a_character_that_nobody_sees_goes_alone_too(character: str) -> None:
    assert clean_text(f"a{character}b", 100) == "ab"


def test_a_plain_text_is_returned_as_it_is() -> None:
    assert clean_text("plain", 5) == "plain"


def test_a_long_text_is_cut_and_shows_it() -> None:
    assert clean_text("x" * 100, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("cannot open /srv/comfyui/models/x.pt", "cannot open …/x.pt"),
        ("cannot open '/home/Jane Doe/ComfyUI/in put.png': no", "cannot open '…/in put.png': no"),
        ("in /home/Jane Doe/ComfyUI/x.png, line 3", "in …/x.png, line 3"),
        (r"at C:\Users\Jane Doe\ComfyUI\nodes.py", "at …/nodes.py"),
        (r'"C:/Users/jane/x.pt" is bad', '"…/x.pt" is bad'),
        (r"share \\nas\models\x.pt gone", "share …/x.pt gone"),
        ("(/opt/a/b.py)", "(…/b.py)"),
        ("see https://example.org/a/b.html", "see https://example.org/a/b.html"),
        ("1/2 of and/or", "1/2 of and/or"),
        ("sub/folder/model.safetensors", "sub/folder/model.safetensors"),
        ("a: 'nope' not in ['x', 'y']", "a: 'nope' not in ['x', 'y']"),
    ],
)
def test_the_folders_of_absolute_paths_go(text: str, left: str) -> None:
    assert without_paths(text) == left


def test_a_traceback_shrinks_to_its_last_line() -> None:
    text = (
        'Failed:\nTraceback (most recent call last):\n  File "/opt/x.py", line 3, in f\n'
        "    g()\nKeyError: 'a'\n"
    )
    assert without_paths(text) == "Failed:\nKeyError: 'a'"


def test_a_chain_of_tracebacks_shrinks_to_its_last_line() -> None:
    one = 'Traceback (most recent call last):\n  File "/opt/x.py", line 3, in f\nKeyError: 1\n'
    between = "During handling of the above exception, another exception occurred:\n"
    assert (
        without_paths(f"Oh: {one}{between}{one.replace('KeyError', 'OSError')}") == "Oh: OSError: 1"
    )


def test_a_line_is_one_line() -> None:
    assert clean_line(" a\n  b /x/y/z\t") == "a b …/z"
    assert len(clean_line("x" * 500)) == 200


@given(st.text(), st.integers(1, 50))
def test_a_cleaned_text_is_never_longer_and_cleaning_again_changes_nothing(
    text: str, longest: int
) -> None:
    cleaned = clean_text(text, longest)
    assert len(cleaned) <= longest
    assert clean_text(cleaned, longest) == cleaned
