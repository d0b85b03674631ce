"""Which outputs ComfyUI lets be linked to which inputs."""

from __future__ import annotations

import pytest

from gateway.graph.definitions import (
    Autogrow,
    BooleanWidget,
    Combo,
    DynamicCombo,
    InputDefinition,
    InputKind,
    IntegerWidget,
    NumberWidget,
    OpaqueWidget,
    Socket,
    TextWidget,
    UnionWidget,
)
from gateway.graph.link_types import expected_types, link_fits


@pytest.mark.parametrize(
    ("received", "kind", "fits"),
    [
        ("STRING", TextWidget(), True),
        ("INT", TextWidget(), False),
        ("INT", IntegerWidget(), True),
        ("FLOAT", IntegerWidget(), False),
        ("FLOAT", NumberWidget(), True),
        ("BOOLEAN", BooleanWidget(), True),
        ("COMBO", Combo(("a",)), True),
        ("STRING", Combo(("a",)), False),
        ("STRING", Combo(("a",), upload="image"), True),
        ("CURVE", OpaqueWidget("CURVE"), True),
        ("IMAGE", Socket("IMAGE"), True),
        ("MASK", Socket("IMAGE"), False),
        ("MASK", Socket("IMAGE,MASK"), True),
        ("IMAGE, MASK", Socket("MASK"), True),
        ("*", Socket("IMAGE"), True),
        ("COMFY_MATCHTYPE_V3", Socket("IMAGE"), True),
        ("IMAGE", Socket("*"), True),
        ("IMAGE", Socket("COMFY_MATCHTYPE_V3"), True),
        ("INT", UnionWidget((IntegerWidget(), NumberWidget())), True),
        ("STRING", UnionWidget((IntegerWidget(), NumberWidget())), False),
        ("STRING", UnionWidget((IntegerWidget(), UnionWidget(()))), True),
        ("IMAGE", UnionWidget(()), True),
        ("IMAGE", DynamicCombo({}), True),
        ("IMAGE", Autogrow(InputDefinition("x", TextWidget())), True),
    ],
)
def test_a_link_fits_where_comfyui_takes_it(received: str, kind: InputKind, fits: bool) -> None:
    assert link_fits(received, kind) is fits


def test_what_an_input_takes_has_names() -> None:
    kind = UnionWidget((IntegerWidget(), Socket("IMAGE,MASK")))
    assert expected_types(kind) == {"INT", "IMAGE", "MASK"}
