"""Which types widgets take."""

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
from gateway.graph.json_value import Json
from gateway.services.model import ParameterType
from gateway.services.widget_types import (
    derived_type,
    is_link_only,
    options_of,
    takes_text,
    types_taken,
)
from tests.services.building import LIST, OBJECT, widget

FILES = ("image", "mask", "audio", "video", "file")
NUMBERS = UnionWidget((IntegerWidget(), NumberWidget()))
GROWN = Autogrow(InputDefinition("x", Socket("IMAGE")))


@pytest.mark.parametrize(
    ("kind", "current", "derived", "taken"),
    [
        (TextWidget(), "x", "string", ("string", *FILES)),
        (IntegerWidget(), 8.0, "integer", ("integer",)),
        (NumberWidget(), 8, "number", ("number", "integer")),
        (BooleanWidget(), True, "boolean", ("boolean",)),
        (DynamicCombo({}), "mp4", "string", ("string",)),
        (Combo(("a",)), "a", "string", ("string",)),
        (Combo(()), "a", "string", ("string",)),
        (Combo(None), "a", "string", ("string",)),
        (Combo((1, 2)), 1, "integer", ("integer",)),
        (Combo((1, 2.5)), 1, "number", ("number", "integer")),
        (Combo((True, False)), True, "boolean", ("boolean",)),
        (Combo(("a", 1)), "a", "string", ("string", "integer", "number", "boolean")),
        (Combo(("a",), multiselect=True), LIST, "array", ("array",)),
        (Combo((), upload="image"), "a", "image", ("image", "mask", "file", "string")),
        (Combo((), upload="audio"), "a", "audio", ("audio", "video", "file", "string")),
        (Combo((), upload="video"), "a", "video", ("video", "image", "file", "string")),
        (
            Combo((), upload="file"),
            "a",
            "file",
            ("file", "image", "mask", "audio", "video", "string"),
        ),
        (NUMBERS, 8, "number", ("integer", "number")),
        (NUMBERS, 8.5, "number", ("integer", "number")),
        (NUMBERS, None, "integer", ("integer", "number")),
        (NUMBERS, "x", "integer", ("integer", "number")),
        (UnionWidget(()), 8, "integer", ()),
        (UnionWidget(()), "x", "string", ()),
        (UnionWidget(()), None, None, ()),
        (OpaqueWidget("COLOR"), "#fff", "string", ("string", "array", "object")),
        (OpaqueWidget("CURVE"), OBJECT, "object", ("object", "string", "array")),
        (OpaqueWidget("CURVE"), None, "string", ("string", "array", "object")),
        (OpaqueWidget("X"), 3, "integer", ("integer", "string", "array", "object")),
        (Socket("STRING"), "x", "string", ("string", *FILES)),
        (Socket("INT"), None, "integer", ("integer",)),
        (Socket("FLOAT"), None, "number", ("number", "integer")),
        (Socket("BOOLEAN"), None, "boolean", ("boolean",)),
        (Socket("CUSTOM"), OBJECT, "object", ("object",)),
        (Socket("CUSTOM"), None, None, ()),
    ],
)
def test_a_definition_tells_the_type(
    kind: InputKind, current: Json, derived: ParameterType | None, taken: tuple[str, ...]
) -> None:
    assert derived_type(widget(kind, current)) == derived
    assert types_taken(widget(kind, current)) == taken


@pytest.mark.parametrize(
    ("current", "derived", "taken"),
    [
        ("x", "string", ("string", *FILES)),
        ("photo.png", "image", ("string", *FILES)),
        (8, "integer", ("integer", "number")),
        (8.0, "number", ("number", "integer")),
        (True, "boolean", ("boolean",)),
        (LIST, "array", ("array",)),
        (OBJECT, "object", ("object",)),
        (None, None, ()),
    ],
)
def test_without_a_definition_the_value_tells_the_type(
    current: Json, derived: ParameterType | None, taken: tuple[str, ...]
) -> None:
    assert derived_type(widget(current=current)) == derived
    assert types_taken(widget(current=current)) == taken


@pytest.mark.parametrize(
    ("kind", "current", "free"),
    [
        (TextWidget(), "x", True),
        (Socket("STRING"), "x", True),
        (Socket("INT"), 3, False),
        (UnionWidget(()), None, True),
        (UnionWidget((TextWidget(), IntegerWidget())), 3, True),
        (NUMBERS, 3, False),
        (Combo(("a",)), "a", False),
        (Combo((), upload="image"), "a", False),
        (OpaqueWidget("COLOR"), "#fff", False),
        (None, "x", True),
        (None, "photo.png", False),
        (None, 3, False),
    ],
)
def test_free_text_goes_where_any_text_may_stand(
    kind: InputKind | None, current: Json, free: bool
) -> None:
    assert takes_text(widget(kind, current)) is free


@pytest.mark.parametrize(
    ("kind", "current", "only"),
    [
        (Socket("IMAGE"), None, True),
        (Socket("IMAGE"), OBJECT, False),
        (Socket("STRING"), None, False),
        (GROWN, None, True),
        (IntegerWidget(), None, False),
        (None, None, False),
    ],
)
def test_sockets_without_a_literal_take_links_only(
    kind: InputKind | None, current: Json, only: bool
) -> None:
    assert is_link_only(widget(kind, current)) is only


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (Combo(("a", "b")), ("a", "b")),
        (Combo(None), None),
        (Combo(("a",), upload="image"), None),
        (DynamicCombo({"mp4": {}, "gif": {}}), ("mp4", "gif")),
        (TextWidget(), None),
        (None, None),
    ],
)
def test_options_are_the_definitions(
    kind: InputKind | None, options: tuple[Json, ...] | None
) -> None:
    assert options_of(widget(kind)) == options
