"""Node classes that a ComfyUI runs under another name."""

from __future__ import annotations

import pytest

from gateway.graph.definitions import Definition
from gateway.graph.json_value import Json
from gateway.graph.replacements import Replacement, parse_replacements, replacement_on

NEWER = Replacement("Old", "Newer", {}, {})


def test_an_answer_is_read_with_what_becomes_of_the_inputs() -> None:
    raw: Json = {
        "Old": [
            {
                "new_node_id": "New",
                "old_node_id": "Old",
                "old_widget_ids": ["longer_edge"],
                "input_mapping": [
                    {"new_id": "image", "old_id": "images"},
                    {"new_id": "size", "old_id": "size"},
                    {"new_id": "method", "set_value": "lanczos"},
                    {"new_id": "nothing"},
                    {"old_id": "lost"},
                    "odd",
                ],
                "output_mapping": [{"new_idx": 0, "old_idx": 0}],
            },
            {"new_node_id": "Newer", "input_mapping": None},
        ]
    }
    first = Replacement("Old", "New", {"images": "image", "size": "size"}, {"method": "lanczos"})
    assert parse_replacements(raw) == {"Old": (first, NEWER)}
    assert first.sentence == "`images` becomes `image`, `method` is 'lanczos'"
    assert NEWER.sentence == ""


ODD: list[Json] = [None, [], {"Old": None}, {"Old": [{"new_node_id": ""}]}, {"Old": ["x", {}]}]


@pytest.mark.parametrize("raw", ODD)
def test_what_has_another_shape_is_left_out(raw: Json) -> None:
    assert parse_replacements(raw) == {}


def test_the_first_that_is_there_stands_for_the_old_class() -> None:
    replacements = {"Old": (Replacement("Old", "New", {}, {}), NEWER)}
    definitions = {"Newer": Definition("Newer", {})}
    assert replacement_on("Old", replacements, definitions) == NEWER
    assert replacement_on("Old", replacements, {}) is None
    assert replacement_on("Other", replacements, definitions) is None
