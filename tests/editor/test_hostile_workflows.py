"""Workflows that mean harm, or make no sense, end in a fault or in a graph: never in anything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.editor.class_types import class_types_in
from gateway.editor.convert import Conversion, Unconvertible, convert
from gateway.editor.texts import Texts, resolve_texts
from gateway.graph.json_value import Json
from gateway.graph.prompt import Node, link_of, to_json
from tests.editor.intricate import INTRICATE, INTRICATE_INFO
from tests.editor.mutations import mutated
from tests.editor.portrait import node

NOW = datetime.fromisoformat("2026-01-02T03:04:05Z")
PATIENT = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


def _outcome(raw: Json, object_info: Mapping[str, Json] = INTRICATE_INFO) -> Conversion | str:
    """Return what became of it, or the first fault's code; its texts are resolved, too."""
    class_types_in(raw)
    try:
        found = convert(raw, object_info)
    except Unconvertible as refused:
        faults = refused.faults
        if all(each.code and each.message and each.mend for each in faults):
            return faults[0].code
        raise
    resolved = resolve_texts(found.texts, found.prompt, lambda _: 0, NOW)
    json.dumps(to_json(resolved))
    return found


def test_what_is_changed_is_sound_before() -> None:
    found = _outcome(INTRICATE)
    assert isinstance(found, Conversion)
    grown = dict(found.prompt["6"].inputs)
    link = link_of(grown.pop("many.one0"))
    assert link is not None
    assert found.prompt[link.node_id].class_type == "CLIPTextEncode"
    assert grown == {"format": "mp4", "format.preset": "fast", "marks": {"__value__": [1, 2]}}


@pytest.mark.timeout(60)
@PATIENT
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_a_workflow_with_anything_changed_in_it_is_converted_or_refused(
    seed: int, count: int
) -> None:
    _outcome(mutated(INTRICATE, seed, count))


@pytest.mark.timeout(60)
@PATIENT
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_with_any_definitions_it_is_converted_or_refused(seed: int, count: int) -> None:
    info = mutated(INTRICATE_INFO, seed, count)
    _outcome(INTRICATE, info if isinstance(info, dict) else {})


def _nested(depth: int, fan: int, innermost: str) -> Json:
    """Return a workflow of subgraphs within subgraphs, each holding the next one `fan` times."""
    kinds = [*(f"s{level}" for level in range(1, depth)), innermost]
    subgraphs: list[Json] = [
        {"id": f"s{level}", "nodes": [node(at + 1, kind, []) for at in range(fan)], "links": []}
        for level, kind in enumerate(kinds)
    ]
    nodes = [node(1, "s0", [])]
    return {"nodes": nodes, "links": [], "definitions": {"subgraphs": subgraphs}, "version": 0.4}


def _deep(levels: int) -> Json:
    value: Json = "x"
    for _ in range(levels):
        value = [value]
    return {"nodes": [node(1, "SaveImage", [value])], "links": [], "version": 0.4}


REFUSED: tuple[tuple[Json, str], ...] = (
    (_nested(1, 1, "s0"), "workflow-subgraph-cyclic"),
    (_nested(3, 2, "s0"), "workflow-subgraph-cyclic"),
    (_nested(30, 2, "VAEDecode"), "workflow-too-large"),
    (_nested(10, 100, "VAEDecode"), "workflow-too-large"),
    (_nested(5000, 1, "VAEDecode"), "workflow-subgraph-cyclic"),
    ({"nodes": [{"id": 1, "type": "Odd"}], "version": 0.4}, "workflow-node-unknown"),
    ({"nodes": {}}, "workflow-not-editor-format"),
    (_deep(5000), "workflow-too-large"),
)


@pytest.mark.parametrize(("raw", "code"), REFUSED)
@pytest.mark.timeout(20)
def test_what_would_never_end_or_fill_the_memory_is_refused(raw: Json, code: str) -> None:
    assert _outcome(raw) == code


def _chain(kind: str, mode: int, length: int, savers: int = 1) -> Json:
    """Return a workflow in which a picture goes through a long row of nodes that pass it on."""
    made: Json = [{"name": "IMAGE", "type": "IMAGE"}]
    nodes: list[Json] = [{**node(1, "VAEDecode", []), "outputs": made}]
    links: list[Json] = []
    for at in range(2, length):
        slots: Json = [{"name": "picture", "type": "IMAGE", "link": at}]
        nodes.append({**node(at, kind, []), "mode": mode, "inputs": slots, "outputs": made})
        links.append([at, at - 1, 0, at, 0, "IMAGE"])
    slots = [{"name": "images", "type": "IMAGE", "link": length}]
    nodes.extend({**node(length + at, "SaveImage", ["x"]), "inputs": slots} for at in range(savers))
    links.append([length, length - 1, 0, length, 0, "IMAGE"])
    return {"nodes": nodes, "links": links, "version": 0.4}


@pytest.mark.parametrize(("kind", "mode"), [("Reroute", 0), ("Pass", 4)])
@pytest.mark.timeout(20)
def test_a_row_of_any_length_is_followed(kind: str, mode: int) -> None:
    found = _outcome(_chain(kind, mode, 3000))
    assert isinstance(found, Conversion)
    assert found.prompt["3000"].inputs["images"] == ["1", 0]


@pytest.mark.timeout(20)
def test_a_row_before_many_nodes_is_followed_once() -> None:
    """Without that, 3,000 steps for each of 3,000 nodes would take longer than this may."""
    found = _outcome(_chain("Reroute", 0, 3000, savers=3000))
    assert isinstance(found, Conversion)
    assert {str(each.inputs.get("images")) for each in found.prompt.values()} == {
        "None",
        "['1', 0]",
    }


@pytest.mark.parametrize("slot", [-1, 10**30])
@pytest.mark.parametrize("kind", ["*", "IMAGE", "LATENT"])
def test_an_output_that_a_bypassed_node_does_not_have_is_no_matter(slot: int, kind: str) -> None:
    made: Json = [{"name": "IMAGE", "type": "IMAGE"}]
    nodes: Json = [
        {**node(1, "Pass", []), "mode": 4, "outputs": made},
        {**node(2, "SaveImage", ["x"]), "inputs": [{"name": "images", "type": kind, "link": 1}]},
    ]
    raw: Json = {"nodes": nodes, "links": [[1, 1, slot, 2, 0, kind]], "version": 0.4}
    assert isinstance(_outcome(raw), Conversion)


def test_a_random_source_draws_the_same_in_any_process() -> None:
    keys = [(str(at), "text") for at in range(9)]
    prompt = {
        node_id: Node("CLIPTextEncode", {"text": "{a|b|c|d|e|f|g|h|i}"}) for node_id, _ in keys
    }
    drawn = iter(range(9))
    resolved = resolve_texts(Texts(frozenset(keys)), prompt, lambda _: next(drawn), NOW)
    assert [each.inputs["text"] for each in resolved.values()] == list("abcdefghi")
