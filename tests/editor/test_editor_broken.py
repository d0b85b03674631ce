"""Files that are broken in any way: converted or refused with reasons, and nothing else; any order of nodes will do."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.editor.convert import Unconvertible, convert
from gateway.editor.texts import resolve_texts
from gateway.graph.json_value import Json, JsonObject
from gateway.graph.prompt import to_json
from tests.editor.classes import CLASSES
from tests.editor.whole import whole_workflow

pytestmark = pytest.mark.timeout(60)  # many conversions, on machines of any speed
CODES = {
    "workflow-not-editor-format",
    "workflow-node-unknown",
    "workflow-link-broken",
    "workflow-subgraph-cyclic",
    "workflow-too-large",
}
SMALL: list[Json] = [
    *(None, True, False, 0, 1, 2, 4, 20, -1, -10, -20, 2**70, -(2**70), 1.5, 1e308, 5e-324),
    *(float("nan"), float("inf"), float("-inf"), "", "1", "-10", "20", "x", "inner", "outer", "%"),
    *("Reroute", "PrimitiveNode", "KSampler", "workflow>Pair", "*", "{a|{b", "20: 21: value"),
    *([], {}, [[]], [None], [1, 0], ["20", "value"], {"name": "text"}, {"id": 1}),
]
JUNK = st.sampled_from(SMALL) | st.recursive(
    st.sampled_from(SMALL),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=4,
)
HURTS = st.tuples(
    st.integers(0, 10**6), st.sampled_from(["drop", "replace", "twice", "swap"]), JUNK
)
Place = tuple["list[Json] | dict[str, Json]", "int | str"]


def places(value: Json) -> Iterator[Place]:
    """Yield every place of a document: a list or an object, and an index or a key."""
    if isinstance(value, dict):
        for key in value:
            yield value, key
            yield from places(value[key])
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield value, at
            yield from places(each)


def hurt(document: Json, where: int, how: str, junk: Json) -> None:
    """Break a document in one place."""
    found = list(places(document))
    if not found:
        return
    holder, at = found[where % len(found)]
    if isinstance(holder, list):
        assert isinstance(at, int)
        if how == "drop":
            del holder[at]
        elif how == "twice":
            holder.insert(at, copy.deepcopy(holder[at]))
        elif how == "swap":
            holder[at], holder[-1] = holder[-1], holder[at]
        else:
            holder[at] = copy.deepcopy(junk)
    elif how == "drop":
        del holder[str(at)]
    else:
        holder[str(at)] = copy.deepcopy(junk)


def outcome(workflow: Json, classes: JsonObject) -> set[str]:
    """Convert a workflow and resolve its texts; return the codes of what was refused."""
    try:
        conversion = convert(workflow, classes)
    except Unconvertible as refused:
        return {each.code for each in refused.faults}
    now = datetime(2026, 1, 2, tzinfo=UTC)
    to_json(resolve_texts(conversion.texts, conversion.prompt, lambda options: options - 1, now))
    return set()


def test_the_whole_workflow_is_converted() -> None:
    assert outcome(whole_workflow(), CLASSES) == set()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(HURTS, min_size=1, max_size=8))
def test_a_broken_file_is_converted_or_refused_with_known_reasons(
    hurts: list[tuple[int, str, Json]],
) -> None:
    workflow: Json = whole_workflow()
    for each in hurts:
        hurt(workflow, *each)
    assert outcome(workflow, CLASSES) <= CODES


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(HURTS, min_size=1, max_size=8))
def test_broken_definitions_do_no_more(hurts: list[tuple[int, str, Json]]) -> None:
    classes = copy.deepcopy(dict(CLASSES))
    for each in hurts:
        hurt(classes, *each)
    assert outcome(whole_workflow(), classes) <= CODES


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.sampled_from(SMALL),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=2), inner),
    )
)
def test_any_json_is_converted_or_refused(raw: Json) -> None:
    assert outcome(raw, CLASSES) <= CODES
    assert outcome({"nodes": raw, "links": raw, "definitions": raw, "extra": raw}, CLASSES) <= CODES
    assert outcome({"nodes": [raw]}, CLASSES) <= CODES


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_nodes_and_links_does_not_matter(random: Random) -> None:
    workflow = whole_workflow()
    expected = to_json(convert(workflow, CLASSES).prompt)
    definitions = cast("dict[str, list[dict[str, list[Json]]]]", workflow["definitions"])
    for graph in (cast("dict[str, list[Json]]", workflow), *definitions["subgraphs"]):
        random.shuffle(graph["nodes"])
        random.shuffle(graph["links"])
    assert to_json(convert(workflow, CLASSES).prompt) == expected
