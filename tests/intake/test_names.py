"""Names for what has none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intake.names import Names, service_name, slug


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Load Image", "load_image"),
        ("KSampler (Advanced)", "k_sampler_advanced"),
        ("blurRadius", "blur_radius"),
        ("Enable 4steps LoRA", "enable_4steps_lora"),
        ("upscaleTo2K", "upscale_to2k"),
        ("baseURL", "base_url"),
        ("Größe!", "groe"),
        ("2nd pass", "n_2nd_pass"),
        ("画像", ""),
        ("a" * 60, "a" * 40),
        ("x" * 39 + " y", "x" * 39),
    ],
)
def test_a_text_becomes_a_name(text: str, name: str) -> None:
    assert slug(text) == name


@given(st.text(max_size=80))
def test_every_name_can_stand_in_services_yaml(text: str) -> None:
    for name in (slug(text) or "x", service_name(text)):
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name)


def test_a_service_never_takes_a_built_in_tool_s_name() -> None:
    assert service_name("List Jobs") == "list_jobs_service"
    assert service_name("画像") == "workflow"


def test_a_name_is_given_once() -> None:
    names = Names()
    assert names.take("seed") == "seed"
    assert names.take("", "seed", "refine_seed") == "refine_seed"
    assert names.take("seed", "refine_seed") == "seed_2"
    assert names.take("seed") == "seed_3"
    long = "x" * 40
    assert names.take(long) == long
    assert names.take(long) == "x" * 36 + "_2"
