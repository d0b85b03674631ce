"""Types and options of inputs, both dialects."""

from __future__ import annotations

import pytest

from gateway.graph.definitions import (
    BooleanWidget,
    Combo,
    InputKind,
    IntegerWidget,
    NumberWidget,
    OpaqueWidget,
    Socket,
    TextWidget,
    UnionWidget,
)
from gateway.graph.input_kinds import kind_of_input
from gateway.graph.json_value import Json, JsonObject

SEED_MAX = 18446744073709551615


@pytest.mark.parametrize(
    ("declared", "options", "kind"),
    [
        ("INT", {}, IntegerWidget()),
        (
            "INT",
            {"min": 0, "max": SEED_MAX, "step": 1, "default": 5},
            IntegerWidget(0, SEED_MAX, 1),
        ),
        ("INT", {"min": -2.0, "max": 1e18}, IntegerWidget(-2, 10**18)),
        ("INT", {"min": float("nan"), "max": float("inf")}, IntegerWidget()),
        ("INT", {"min": True, "max": "9"}, IntegerWidget()),
        ("FLOAT", {"min": 0, "max": 1.5, "step": 0.01}, NumberWidget(0.0, 1.5, 0.01)),
        ("FLOAT", {"min": float("-inf"), "max": float("nan")}, NumberWidget()),
        ("FLOAT", {"min": False, "max": 10**400}, NumberWidget()),
        ("STRING", {}, TextWidget()),
        (
            "STRING",
            {"multiline": True, "dynamicPrompts": True, "placeholder": "say"},
            TextWidget(multiline=True, dynamic_prompts=True, placeholder="say"),
        ),
        ("STRING", {"multiline": 1, "placeholder": None}, TextWidget()),
        ("STRING", {"forceInput": True}, Socket("STRING")),
        ("BOOLEAN", {"default": True}, BooleanWidget()),
        ("IMAGE", {}, Socket("IMAGE")),
        ("SOMETHING_NEW", {}, Socket("SOMETHING_NEW")),
        ("SOMETHING_NEW", {"socketless": True}, OpaqueWidget("SOMETHING_NEW")),
        ("CURVE", {}, OpaqueWidget("CURVE")),
        ("CURVE", {"forceInput": True, "socketless": True}, Socket("CURVE")),
        ("*", {}, UnionWidget(())),
        ("INT,FLOAT", {"min": 1}, UnionWidget((IntegerWidget(1), NumberWidget(1.0)))),
        ("IMAGE,MASK", {}, Socket("IMAGE,MASK")),
        ("IMAGE, STRING,", {}, UnionWidget((Socket("IMAGE"), TextWidget()))),
        ("COMFY_MATCHTYPE_V3", {"template": {"allowed_types": "*"}}, UnionWidget(())),
        ("COMFY_MATCHTYPE_V3", {"template": {"allowed_types": "IMAGE"}}, Socket("IMAGE")),
        ("COMFY_MATCHTYPE_V3", {"template": None}, UnionWidget(())),
    ],
)
def test_a_type_and_its_options_are_read(
    declared: Json, options: JsonObject, kind: InputKind
) -> None:
    assert kind_of_input(declared, options) == kind


@pytest.mark.parametrize(
    ("declared", "options", "kind"),
    [
        (["a", "b"], {}, Combo(("a", "b"))),
        ([], {}, Combo(())),
        ([1, 2.5, True, "x", None, ["y"]], {}, Combo((1, 2.5, True, "x"))),
        ("COMBO", {"options": ["a"], "multiselect": False}, Combo(("a",))),
        ("COMBO", {"options": ["a"], "multiselect": True}, Combo(("a",), multiselect=True)),
        ("COMBO", {"remote": {"route": "/x"}}, Combo(None)),
        ("COMBO", {"options": "a"}, Combo(None)),
        (["a.png"], {"image_upload": True}, Combo(("a.png",), upload="image")),
        ("COMBO", {"options": [], "audio_upload": True}, Combo((), upload="audio")),
        ("COMBO", {"options": [], "video_upload": True}, Combo((), upload="video")),
        ("COMBO", {"options": [], "file_upload": True}, Combo((), upload="file")),
        ("COMBO", {"options": [], "image_upload": False}, Combo(())),
        (
            "COMBO",
            {"image_upload": True, "image_folder": "output"},
            Combo(None, upload="image", folder="output"),
        ),
        ("COMBO", {"image_folder": 3}, Combo(None)),
        ("STRING", {"image_upload": True, "socketless": True}, Combo(None, upload="image")),
    ],
)
def test_both_forms_of_a_combo_are_read(
    declared: Json, options: JsonObject, kind: InputKind
) -> None:
    assert kind_of_input(declared, options) == kind


@pytest.mark.parametrize("declared", [None, 3, {"type": "INT"}])
def test_what_names_no_type_takes_anything(declared: Json) -> None:
    assert kind_of_input(declared, {}) == UnionWidget(())
