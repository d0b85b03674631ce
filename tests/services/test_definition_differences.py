"""How one node class differs between ComfyUIs."""

from __future__ import annotations

import pytest

from gateway.graph.definitions import Definition
from gateway.graph.json_value import Json
from gateway.graph.object_info import parse_definitions
from gateway.services.definition_differences import differences


def node(required: Json = None, optional: Json = None, outputs: Json = None) -> Definition:
    entry: Json = {
        "input": {"required": required or {}, "optional": optional or {}},
        "output": outputs or [],
    }
    return parse_definitions({"X": entry})["X"]


def choice(*keys: str, below: Json = None) -> Json:
    options: Json = [{"key": key, "inputs": {"required": below or {}}} for key in keys]
    return ["COMFY_DYNAMICCOMBO_V3", {"options": options}]


def growing(**template: Json) -> Json:
    inner: Json = {"required": {"image": ["IMAGE", {}]}}
    return ["COMFY_AUTOGROW_V3", {"template": {"input": inner, "prefix": "image", **template}}]


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [
        (node({"a": ["INT", {}]}), node({"a": ["INT", {}]}), []),
        (
            node({"a": ["INT", {}], "b": ["INT", {}]}),
            node({"a": ["INT", {}]}),
            ["input `b` is on studio only"],
        ),
        (
            node({"a": ["INT", {}]}),
            node({"a": ["FLOAT", {}]}),
            ["`a` is INT on studio; FLOAT on attic"],
        ),
        (
            node({"a": ["*", {}]}),
            node({"a": ["IMAGE,MASK", {}]}),
            ["`a` is anything on studio; IMAGE or MASK on attic"],
        ),
        (
            node({"a": ["INT", {"min": 1, "max": 100}]}),
            node({"a": ["INT", {"max": 50}]}),
            ["`a` is 1…100 on studio; …50 on attic"],
        ),
        (
            node({"a": ["INT", {}]}),
            node({}, {"a": ["INT", {}]}),
            ["`a` is needed on studio; optional on attic"],
        ),
        (
            node({"a": [["x", "y"], {}]}),
            node({"a": [["x", "z"], {}]}),
            ["`a` offers 'y' on studio only", "`a` offers 'z' on attic only"],
        ),
        (
            node({"a": [["x", "1", "2", "3", "4", "5"], {}]}),
            node({"a": ["COMBO", {"options": ["x"]}]}),
            ["`a` offers '1', '2', '3' and 2 more on studio only"],
        ),
        (
            node({"ckpt_name": [["a.safetensors"], {}]}),
            node({"ckpt_name": [["b.safetensors"], {}]}),
            [],
        ),
        (
            node({"f": choice("png", "exr")}),
            node({"f": choice("png")}),
            ["`f` offers 'exr' on studio only"],
        ),
        (
            node({"f": choice("png", below={"depth": ["INT", {"max": 8}]})}),
            node({"f": choice("png", below={"depth": ["INT", {"max": 16}]})}),
            ["`f.depth` is …8 on studio; …16 on attic"],
        ),
        (
            node({"i": growing(max=4)}),
            node({"i": growing()}),
            ["`i` is up to 4 on studio; any number on attic"],
        ),
        (
            node({"i": growing()}),
            node({"i": ["IMAGE", {}]}),
            ["`i` is a list of IMAGE on studio; IMAGE on attic"],
        ),
        (
            node(outputs=["IMAGE", "MASK"]),
            node(),
            ["its outputs are IMAGE, MASK on studio; none on attic"],
        ),
    ],
)
def test_what_is_not_the_same_is_told(one: Definition, other: Definition, told: list[str]) -> None:
    assert list(differences({"studio": one, "attic": other})) == told


def test_backends_that_agree_are_told_together() -> None:
    old, new = node({"a": ["INT", {"max": 5}]}), node({"a": ["INT", {"max": 9}], "b": ["INT", {}]})
    assert differences({"one": old, "two": new, "three": old}) == (
        "`a` is …5 on one, three; …9 on two",
        "input `b` is on two only",
    )
