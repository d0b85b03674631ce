"""Values that ComfyUI refuses of a widget."""

from __future__ import annotations

import pytest

from gateway.graph.definitions import (
    Combo,
    DynamicCombo,
    InputKind,
    IntegerWidget,
    NumberWidget,
    Socket,
    TextWidget,
)
from gateway.graph.json_value import Json
from gateway.graph.literals import Refusal, refusal_of

FILES = Combo(("a/one.pt", "two.pt"))
MANY = Combo(("x", "y"), multiselect=True)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (TextWidget(), None),
        (Socket("IMAGE"), 3),
        (IntegerWidget(1, 10), 1),
        (IntegerWidget(1, 10), " 10 "),
        (IntegerWidget(1, 10), 10.0),
        (IntegerWidget(1, 10), True),
        (IntegerWidget(), -5),
        (NumberWidget(0.0, 1.0), "0.5"),
        (FILES, "two.pt"),
        (Combo((4, 8)), 4),
        (Combo(None), "anything"),
        (Combo(("a",), upload="image"), "mine.png"),
        (MANY, ["x", "y"]),
        (MANY, "x"),
        (DynamicCombo({"png": {}}), "png"),
        (DynamicCombo({}), "png"),
    ],
)
def test_what_comfyui_takes_is_not_refused(kind: InputKind, value: Json) -> None:
    assert refusal_of(kind, value) is None


@pytest.mark.parametrize(
    ("kind", "value", "code", "message", "near"),
    [
        (
            IntegerWidget(1, 10),
            0,
            "widget-out-of-limits",
            "is 0, below its minimum 1",
            (),
        ),
        (
            NumberWidget(0.0, 1.0),
            "1.5",
            "widget-out-of-limits",
            "is 1.5, above its maximum 1.0",
            (),
        ),
        (
            IntegerWidget(),
            "1.5",
            "widget-value-refused",
            "is '1.5', and must be a number",
            (),
        ),
        (NumberWidget(), None, "widget-value-refused", "is None, and must be a number", ()),
        (NumberWidget(), "x", "widget-value-refused", "is 'x', and must be a number", ()),
        (
            FILES,
            "one.pt",
            "widget-option-unknown",
            "is 'one.pt', not one of: 'a/one.pt', 'two.pt'",
            ("a/one.pt",),
        ),
        (Combo((4, 8)), "4", "widget-option-unknown", "is '4', not one of: 4, 8", ()),
        (Combo((4, 8)), 5, "widget-option-unknown", "is 5, not one of: 4, 8", ()),
        (
            MANY,
            ["x", "z"],
            "widget-option-unknown",
            "is 'z', not one of: 'x', 'y'",
            (),
        ),
        (
            DynamicCombo({"png": {}}),
            "pnj",
            "widget-option-unknown",
            "is 'pnj', not one of: 'png'",
            ("png",),
        ),
    ],
)
def test_what_comfyui_refuses_is_told(
    kind: InputKind, value: Json, code: str, message: str, near: tuple[str, ...]
) -> None:
    assert refusal_of(kind, value) == Refusal(code, message, near)
