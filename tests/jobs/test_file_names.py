"""Names that every disk takes."""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.jobs.names import MAX_BYTES, safe_key, safe_name, unique_name


@pytest.mark.parametrize(
    "name",
    [
        "ComfyUI_00001_.png",
        "portrait, final (2) [v1]+x=y.webp",
        "早安.png",
        "grüße aus Köln.flac",
        "no_extension",
        "a.b.c",
        "x" * MAX_BYTES,
    ],
)
def test_a_safe_name_stays_as_it_is(name: str) -> None:
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("..", "_-"),
        (".", "_-"),
        ("", "_-"),
        (".hidden", "_hidden-"),
        ("a/b.png", "a_b-.png"),
        ("a\\b.png", "a_b-.png"),
        ("a\0b.png", "a_b-.png"),
        ("50% off?.png", "50_ off_-.png"),
        ("CON", "_CON-"),
        ("nul.png", "_nul-.png"),
        ("COM1.tar.gz", "_COM1.tar-.gz"),
        ("LPT³", "_LPT³-"),
        ("end. ", "end-"),
        ("exe\u202egnp.txt", "exe_gnp-.txt"),
        ("half \ud800.png", "half _-.png"),
        ("x.png#1", "x-.png_1"),
    ],
)
def test_a_name_with_traps_stays_readable_and_keeps_its_extension(name: str, safe: str) -> None:
    stem, _, extension = safe.partition("-")
    mark = sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    assert safe_name(name) == f"{stem}-{mark}{extension}"


def test_two_names_never_become_one() -> None:
    names = ["a?b.png", "a*b.png", "a/b.png", "a_b.png", "A_b.png", "a_b.png ", "a_b.png."]
    assert len({safe_name(name) for name in names}) == len(names)


def test_a_long_name_is_cut_between_characters_and_keeps_its_extension() -> None:
    safe = safe_name("猫" * 400 + ".png")
    assert len(safe.encode()) <= MAX_BYTES
    assert safe.startswith("猫猫猫")
    assert safe.endswith(".png")


def test_a_long_last_part_is_no_extension() -> None:
    safe = safe_name("a." + "b" * 400)
    assert len(safe.encode()) <= MAX_BYTES
    assert safe.startswith("a.bbb")


def test_a_key_keeps_its_folders() -> None:
    assert safe_key("job/node_9/0 file.png") == "job/node_9/0 file.png"


@pytest.mark.parametrize("key", ["", "/", "//"])
def test_an_empty_key_stays_empty(key: str) -> None:
    assert safe_key(key) == ""


@given(st.text(max_size=300))
@example("con.")
@example("aux .png")
@example(" .. ")
@example("-" * 300)
@example("e\u0301" * 200)
@example("\ufb2c" * 80)
def test_any_text_becomes_a_safe_name_that_stays(name: str) -> None:
    safe = safe_name(name)
    assert safe_name(safe) == safe
    assert 0 < len(safe.encode()) <= MAX_BYTES
    assert not set(safe) & set('/\\\0:*?"<>|%#')
    assert safe not in {".", ".."}
    assert safe == safe.strip(" ").rstrip(".")
    assert not {unicodedata.category(sign) for sign in safe} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@given(st.lists(st.sampled_from(["..", ".", "", "a", "~", "C:", "\\..", "%2e%2e", "\0"])))
def test_no_key_leads_out_of_its_folder(parts: list[str]) -> None:
    root = Path("/outputs")
    assert (root / safe_key("/".join(parts))).resolve().is_relative_to(root)


def test_a_taken_name_gets_a_number_before_its_extension() -> None:
    assert unique_name("a.png", ()) == "a.png"
    assert unique_name("a.png", {"a.png"}) == "a (2).png"
    assert unique_name("a.png", {"a.png", "a (2).png"}) == "a (3).png"
    assert unique_name("plain", {"plain"}) == "plain (2)"
