"""Narrowing JSON."""

from __future__ import annotations

import pytest

from gateway.graph.json_value import as_array, as_object


def test_only_an_object_is_an_object() -> None:
    fields = {"a": 1}
    assert as_object(fields) is fields
    assert as_object([("a", 1)]) is None
    assert as_object("a") is None


@pytest.mark.parametrize("value", ["text", {"a": 1}, None, 3, ("a",)])
def test_text_and_objects_are_no_arrays(value: object) -> None:
    assert as_array(value) is None


def test_an_array_is_returned_as_it_is() -> None:
    items = [1, "a"]
    assert as_array(items) is items
