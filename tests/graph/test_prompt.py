"""Prompts read, written, and refused."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.json_value import Json
from gateway.graph.prompt import (
    Link,
    Node,
    Prompt,
    PromptFault,
    find_cycle,
    link_of,
    parse_prompt,
    to_json,
)

SAVED: dict[str, Json] = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}, "_meta": {"title": "Photo"}},
    "9:8:5": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
}


def chain(*edges: tuple[str, str]) -> Prompt:
    ids = dict.fromkeys(each for edge in edges for each in edge)
    return {
        node_id: Node(
            "X", {f"in{n}": [source, 0] for n, (source, to) in enumerate(edges) if to == node_id}
        )
        for node_id in ids
    }


def test_a_prompt_is_read_with_links_titles_and_the_order_of_the_file() -> None:
    prompt = parse_prompt(SAVED)
    assert prompt == {
        "1": Node("LoadImage", {"image": "a.png"}, "Photo"),
        "9:8:5": Node("SaveImage", {"images": ["1", 0], "filename_prefix": "x"}),
    }
    assert list(prompt) == ["1", "9:8:5"]


def test_a_prompt_is_written_as_it_was_read() -> None:
    assert to_json(parse_prompt(SAVED)) == SAVED


def test_a_saved_request_is_read_by_its_prompt() -> None:
    assert parse_prompt({"prompt": SAVED, "client_id": "x"}) == parse_prompt(SAVED)


def test_a_node_that_is_called_prompt_is_a_node() -> None:
    only: Json = {"prompt": {"class_type": "SaveImage", "inputs": {}}}
    assert parse_prompt(only) == {"prompt": Node("SaveImage", {})}


def test_what_exporters_add_beside_the_nodes_is_left_out() -> None:
    more: Json = {**SAVED, "version": 0.4, "extra_data": {}, "_meta": {"class_type": "no"}}
    assert parse_prompt(more) == parse_prompt(SAVED)


def test_a_node_without_inputs_has_none() -> None:
    assert parse_prompt({"1": {"class_type": "A"}}) == {"1": Node("A", {})}


@pytest.mark.parametrize("meta", [None, "title", {"title": 3}, {}])
def test_an_odd_title_is_no_title(meta: Json) -> None:
    assert parse_prompt({"1": {"class_type": "A", "inputs": {}, "_meta": meta}})["1"].title == ""


EXPORT = 'Export it from ComfyUI with "Export (API)".'
AGAIN = 'Export the workflow again with "Export (API)".'
NO_OBJECTS: tuple[tuple[Json, str], ...] = (
    (None, "null"),
    (True, "true or false"),
    (3, "a number"),
    (0.5, "a number"),
    ("x", "text"),
    ([], "a list"),
)
NO_NODES: tuple[Json, ...] = ({}, {"1": {"type": "KSampler"}})
BROKEN_NODES: tuple[Json, ...] = (
    {"class_type": 3, "inputs": {}},
    {"class_type": "A", "inputs": []},
)
OWN_FORMAT = "this is the editor's own save format (it has a `nodes` list)"


@pytest.mark.parametrize(
    ("raw", "code", "message", "mend"),
    [
        *(
            (
                raw,
                "workflow-not-api-format",
                f"the workflow is {kind}, not an object of nodes",
                EXPORT,
            )
            for raw, kind in NO_OBJECTS
        ),
        (
            {"nodes": [], "links": []},
            "workflow-editor-format",
            OWN_FORMAT,
            "Convert it first: gateway convert FILE.",
        ),
        *(
            (raw, "workflow-empty", "the workflow has no node with a class_type", EXPORT)
            for raw in NO_NODES
        ),
        *(
            (
                {"1": raw},
                "workflow-node-invalid",
                "node 1 needs a text `class_type` and an object `inputs`",
                AGAIN,
            )
            for raw in BROKEN_NODES
        ),
        (
            {"1": {"class_type": "A", "inputs": {"x": ["7", 0]}}},
            "workflow-link-broken",
            "input `x` of node 1 (A) comes from node 7, which is not in the file",
            AGAIN,
        ),
        (
            {"1": {"class_type": "A", "inputs": {"x": ["1", 0]}}},
            "workflow-cyclic",
            "the nodes 1 → 1 feed each other in a circle",
            "Open the workflow in ComfyUI and break the circle.",
        ),
    ],
)
def test_what_is_no_prompt_is_told_with_its_mend(
    raw: Json, code: str, message: str, mend: str
) -> None:
    with pytest.raises(PromptFault) as caught:
        parse_prompt(raw)
    fault = caught.value
    assert (fault.code, fault.message, fault.mend) == (code, message, mend)
    assert str(fault) == message


@pytest.mark.parametrize(
    "value", [None, "1", ["1"], ["1", 0, 0], [1, 0], ["1", "0"], ["1", True], ["a", "b"], {}]
)
def test_what_is_no_pair_of_id_and_slot_is_no_link(value: Json) -> None:
    assert link_of(value) is None


def test_a_pair_of_id_and_slot_is_a_link() -> None:
    assert link_of(["9:8", 2]) == Link("9:8", 2)


def test_a_circle_is_found_wherever_it_is() -> None:
    assert find_cycle(chain(("1", "2"), ("2", "3"), ("3", "4"), ("4", "2"))) in {
        ("2", "4", "3", "2"),
        ("3", "2", "4", "3"),
        ("4", "3", "2", "4"),
    }


def test_nodes_that_share_a_source_make_no_circle() -> None:
    assert find_cycle(chain(("1", "2"), ("1", "3"), ("2", "4"), ("3", "4"))) == ()
    edges = (("4", "5"), ("3", "4"), ("2", "4"), ("1", "3"), ("1", "2"), ("0", "1"))
    assert find_cycle(chain(*edges)) == ()


def test_a_very_long_chain_is_walked() -> None:
    edges = [(str(n), str(n + 1)) for n in range(5000)]
    assert find_cycle(chain(*edges)) == ()


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=12))
def test_a_found_circle_is_one(pairs: list[tuple[int, int]]) -> None:
    prompt = chain(*((str(a), str(b)) for a, b in pairs))
    found = find_cycle(prompt)
    for later, earlier in pairwise(found):
        assert [earlier, 0] in prompt[later].inputs.values()
    forward = all(a < b for a, b in pairs)
    assert not (forward and found)
