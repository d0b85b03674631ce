"""Widgets set in a copy; links never."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.json_value import Json
from gateway.graph.patch import patch, unwrapped, wrapped
from gateway.graph.prompt import Node, Prompt, to_json

PROMPT: Prompt = {
    "3": Node("KSampler", {"steps": 20, "model": ["4", 0]}, "Sampler"),
    "4": Node("CheckpointLoaderSimple", {"ckpt_name": "a.safetensors"}),
}
json_values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_widget_is_set_in_a_copy() -> None:
    patched = patch(PROMPT, {("3", "steps"): 8})
    assert patched == {
        "3": Node("KSampler", {"steps": 8, "model": ["4", 0]}, "Sampler"),
        "4": PROMPT["4"],
    }
    assert PROMPT["3"].inputs["steps"] == 20


def test_a_node_that_is_not_touched_is_shared() -> None:
    assert patch(PROMPT, {("3", "steps"): 8})["4"] is PROMPT["4"]


def test_a_widget_that_the_graph_lacks_is_added() -> None:
    assert patch(PROMPT, {("3", "cfg"): 7.5})["3"].inputs["cfg"] == 7.5


def test_a_link_is_never_overwritten() -> None:
    with pytest.raises(ValueError, match="`model` of node 3 is a link to node 4, output 0"):
        patch(PROMPT, {("3", "model"): "x"})


def test_a_node_that_is_not_there_is_told() -> None:
    with pytest.raises(ValueError, match="node 5 is not in the graph"):
        patch(PROMPT, {("5", "x"): 1})


def test_a_literal_list_is_wrapped_so_that_it_is_no_link() -> None:
    assert patch(PROMPT, {("3", "tags"): ["4", 0]})["3"].inputs["tags"] == {"__value__": ["4", 0]}


def test_a_tuple_is_wrapped_as_a_list_is() -> None:
    assert wrapped(("a", "b")) == {"__value__": ("a", "b")}


def test_an_object_that_would_be_unwrapped_is_wrapped() -> None:
    sly: Json = {"__value__": ["4", 0]}
    assert wrapped(sly) == {"__value__": sly}
    assert wrapped({"points": []}) == {"points": []}


@given(json_values)
def test_unwrapping_gives_back_what_was_wrapped(value: Json) -> None:
    assert unwrapped(wrapped(value)) == value


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["3", "4"]), st.sampled_from(["steps", "ckpt_name", "new"])),
        json_values,
    )
)
def test_patching_leaves_the_prompt_and_every_link_as_they_were(
    changes: dict[tuple[str, str], Json],
) -> None:
    before = deepcopy(to_json(PROMPT))
    patched = patch(PROMPT, changes)
    assert to_json(PROMPT) == before
    assert list(patched) == list(PROMPT)
    assert patched["3"].inputs["model"] == ["4", 0]
    for (node_id, widget), value in changes.items():
        assert unwrapped(patched[node_id].inputs[widget]) == value
