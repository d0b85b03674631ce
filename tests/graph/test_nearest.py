"""Which option a value that is none of them most likely meant."""

from __future__ import annotations

import pytest

from gateway.graph.nearest import nearest

MODELS = (
    "SDXL\\base_v1.safetensors",
    "sd15/dreamshaper_8.safetensors",
    "v1-5-pruned-emaonly.safetensors",
    "v1-5-pruned.ckpt",
    "pixel_space",
)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("SDXL/base_v1.safetensors", "SDXL\\base_v1.safetensors"),
        ("sdxl\\BASE_v1.safetensors", "SDXL\\base_v1.safetensors"),
        ("base_v1.safetensors", "SDXL\\base_v1.safetensors"),
        ("checkpoints/dreamshaper_8.safetensors", "sd15/dreamshaper_8.safetensors"),
        ("v1-5-pruned.safetensors", "v1-5-pruned.ckpt"),
        ("old/dreamshaper_8.ckpt", "sd15/dreamshaper_8.safetensors"),
        ("dreamshaper_7.safetensors", "sd15/dreamshaper_8.safetensors"),
        ("pixel-space", "pixel_space"),
    ],
)
def test_the_likeliest_option_comes_first(value: str, found: str) -> None:
    assert nearest(value, MODELS)[0] == found


def test_nothing_is_near_what_is_like_nothing() -> None:
    assert nearest("qwen_image_fp8", MODELS) == ()


def test_a_number_at_the_end_is_no_extension() -> None:
    assert nearest("sd_xl_base_1.0", ["x/sd_xl_base_1", "sd_xl_base_1.0.safetensors"]) == (
        "sd_xl_base_1.0.safetensors",
    )


def test_no_more_are_told_than_asked_for() -> None:
    assert nearest("a.pt", ["x/a.pt", "y/a.pt", "z/a.pt"], 2) == ("x/a.pt", "y/a.pt")
    assert nearest("ab1.pt", ["x/ab2.pt", "y/ab2.pt", "z/ab2.pt"], 2) == ("x/ab2.pt", "y/ab2.pt")


def test_separators_and_case_are_no_difference() -> None:
    assert nearest("a\\b/C.pt", ["A/b\\c.pt", "c.pt"]) == ("A/b\\c.pt",)


def test_a_hidden_file_has_no_ending() -> None:
    assert nearest(".safetensors", ["x.safetensors"]) == ()
