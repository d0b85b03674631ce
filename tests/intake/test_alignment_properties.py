"""Whatever is done to a real graph: a node that is found again is the one it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.graph.json_value import Json, as_object
from gateway.graph.prompt import PromptFault, parse_prompt, to_json
from gateway.intake.alignment import align
from gateway.intake.colours import colours_of, graph_hash
from gateway.intake.skeleton import Skeleton, consumers_of, skeleton_of
from tests.docs.documents import ROOT
from tests.intake.edits import EDITS, Edited, Graph, begin

SHARED = Path(__file__).parents[3] / "shared" / "editor" / "cases"
RENUMBERING = {"renumber", "shuffle_ids", "swap_ids", "wrap"}
ORDINARY = ("reorder", "insert_beside", "delete", "delete_branch", "replace_class", "retitle",
            "edit_value", "duplicate", "paste", "wrap")  # fmt: skip
HARMLESS = ("renumber", "reorder")


def _graph(raw: Json) -> Graph:
    return json.loads(json.dumps(to_json(parse_prompt(raw))))


def _own_graphs() -> dict[str, Graph]:
    files = [*ROOT.glob("workflows/*.json"), *ROOT.glob("examples/*/workflows/*.json")]
    return {each.name: _graph(json.loads(each.read_text("utf-8"))) for each in sorted(files)}


OWN = _own_graphs()


@cache
def _shared() -> dict[str, Graph]:
    """Return some graphs of the folder that is shared beside the repository, where it is."""
    files = sorted(SHARED.glob("*.json"))
    found: dict[str, Graph] = {}
    for file in files[:: max(1, len(files) // 60)]:
        api = (as_object(json.loads(file.read_text("utf-8"))) or {}).get("api")
        try:
            found[file.name] = _graph(api)
        except PromptFault:
            continue  # what the editor made of it is no graph
    return found


def _edited(graph: Graph, edits: Sequence[str], seed: int) -> Edited | None:
    edited, random = begin(graph), Random(seed)  # noqa: S311 (repeatable)
    for each in edits:
        EDITS[each](edited, random)
    try:
        parse_prompt(edited.graph)
    except PromptFault:
        return None  # a loop, or nothing left
    return edited


def _check(graph: Graph, edited: Edited) -> None:
    old, new = skeleton_of(parse_prompt(graph)), skeleton_of(parse_prompt(edited.graph))
    there = set(edited.origin.values())
    for was, now in align(old, new).pairs.items():
        assert old[was].class_type == new[now].class_type
        assert (
            edited.origin.get(now) == was
            or _stand_alike(old, was, new, now)
            or _is_untouched(old, new, was, now)
            or (was not in there and _took_the_place(old, was, new, now))
        ), f"{was} was taken to be {now}"


def _stand_alike(old: Skeleton, was: str, new: Skeleton, now: str) -> bool:
    """Tell whether both graphs say the same of two nodes as far as three links reach, titles aside."""
    return _colour(old, was, 3) == _colour(new, now, 3)


def _took_the_place(old: Skeleton, was: str, new: Skeleton, now: str) -> bool:
    """Tell whether a node has the content and the neighbours of one that is gone."""
    return _colour(old, was, 1) == _colour(new, now, 1)


def _is_untouched(old: Skeleton, new: Skeleton, was: str, now: str) -> bool:
    """Tell whether the file says of an id what it said, values aside, and more may feed on it."""
    links = old[was].links == new[now].links
    return was == now and links and set(consumers_of(old)[was]) <= set(consumers_of(new)[now])


def _colour(skeleton: Skeleton, node_id: str, rounds: int) -> str:
    bare = {key: replace(node, title="") for key, node in skeleton.items()}
    return colours_of(bare, rounds)[-1][node_id]


def _sequences(names: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=4)


# What two like nodes feed, exchanged, cannot be told from their ids, exchanged: one of the two; so
# it is where a like node feeds what another did. Nor can a graph whose ids were all dealt anew, or
# of which little is left, be told from a copy of it.
ANY = _sequences(
    [each for each in EDITS if each not in {"cross_links", "paste", "replace_by_twin"}]
)
KEEPING_IDS = _sequences([each for each in EDITS if each not in {*RENUMBERING, "paste"}])
PATIENT = settings(max_examples=200, deadline=None)
SEEDS = st.integers(0, 1 << 32)


@pytest.mark.timeout(120)
@PATIENT
@given(st.sampled_from(sorted(OWN)), ANY | KEEPING_IDS, SEEDS)
def test_no_node_of_our_own_graphs_is_taken_for_another(
    name: str, edits: Sequence[str], seed: int
) -> None:
    edited = _edited(OWN[name], edits, seed)
    if edited is not None:
        _check(OWN[name], edited)


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"there is no {SHARED}")
@pytest.mark.timeout(240)
@PATIENT
@given(st.integers(0, 1000), ANY | KEEPING_IDS, SEEDS)
def test_no_node_of_other_peoples_graphs_is_taken_for_another(
    number: int, edits: Sequence[str], seed: int
) -> None:
    name = sorted(_shared())[number % len(_shared())]
    graph = _shared()[name]
    edited = _edited(graph, edits, seed)
    if edited is not None:
        _check(graph, edited)


@pytest.mark.timeout(60)
@settings(PATIENT, max_examples=60)
@given(st.sampled_from(sorted(OWN)), st.lists(st.sampled_from(HARMLESS), min_size=1), SEEDS)
def test_every_node_of_a_renumbered_graph_is_found_where_no_two_are_alike(
    name: str, edits: Sequence[str], seed: int
) -> None:
    edited = _edited(OWN[name], edits, seed)
    assert edited is not None
    old, new = skeleton_of(parse_prompt(OWN[name])), skeleton_of(parse_prompt(edited.graph))
    assert graph_hash(old) == graph_hash(new)
    colours = list(colours_of(old)[-1].values())
    alone = {key for key, colour in colours_of(old)[-1].items() if colours.count(colour) == 1}
    where = {was: now for now, was in edited.origin.items()}
    found = align(old, new).pairs
    assert {key: found[key] for key in alone} == {key: where[key] for key in alone}


@pytest.mark.timeout(60)
@settings(PATIENT, max_examples=100)
@given(
    st.sampled_from(sorted(OWN)),
    _sequences(["reorder", "insert_beside", "edit_value", "retitle"]),
    SEEDS,
)
def test_edits_that_touch_no_link_lose_hardly_a_node(
    name: str, edits: Sequence[str], seed: int
) -> None:
    """One that a copy of it stands beside, or another's values are put into, may have to be asked for."""
    edited = _edited(OWN[name], edits, seed)
    assert edited is not None
    old, new = skeleton_of(parse_prompt(OWN[name])), skeleton_of(parse_prompt(edited.graph))
    found = align(old, new).pairs
    assert sum(found.get(each) == each for each in old) >= len(old) - 2


@pytest.mark.timeout(120)
@PATIENT
@given(st.sampled_from(sorted(OWN)), st.sampled_from(ORDINARY), SEEDS)
def test_one_ordinary_edit_loses_no_node(name: str, edit: str, seed: int) -> None:
    edited = _edited(OWN[name], [edit], seed)
    if edited is None:
        return
    old, new = skeleton_of(parse_prompt(OWN[name])), skeleton_of(parse_prompt(edited.graph))
    where = {was: now for now, was in edited.origin.items() if now == was or edit == "wrap"}
    assert align(old, new).pairs == where


@pytest.mark.timeout(120)
@PATIENT
@given(
    st.sampled_from(sorted(OWN)),
    st.sampled_from(["delete", "replace_class", "retitle", "edit_value"]),
    SEEDS,
)
def test_a_copy_beside_a_graph_is_never_taken_for_it(name: str, edit: str, seed: int) -> None:
    edited = _edited(OWN[name], ["paste", edit], seed)
    if edited is None:
        return
    old, new = skeleton_of(parse_prompt(OWN[name])), skeleton_of(parse_prompt(edited.graph))
    pairs = align(old, new).pairs
    there = set(edited.origin.values())
    for was, now in pairs.items():
        is_it = edited.origin.get(now) == was
        assert is_it or (was not in there and _took_the_place(old, was, new, now))
