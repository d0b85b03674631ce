"""Bindings after an edit of their graph: silent, moved, renamed, unsure or gone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Finding
from gateway.graph.json_value import Json
from gateway.graph.prompt import Prompt, PromptFault, parse_prompt
from gateway.intake.alignment import align
from gateway.intake.bindings import bindings_of, nodes_meant
from gateway.intake.lock import Lock, LockFault, record_graph, record_service, render_lock
from gateway.intake.settle import Edit, Settled, settle
from gateway.intake.skeleton import skeleton_of
from gateway.services.locate import targets_of
from gateway.services.model import ById, Service, WidgetTarget
from gateway.services.parse import parse_services
from tests.intake.edits import EDITS, Graph, begin

GRAPH: Graph = {
    "3": {
        "class_type": "KSampler",
        "inputs": {"seed": 5, "steps": 20, "positive": ["6", 0], "negative": ["7", 0]},
    },
    "6": {
        "class_type": "CLIPTextEncode",
        "inputs": {"text": "a fox"},
        "_meta": {"title": "Positive"},
    },
    "7": {
        "class_type": "CLIPTextEncode",
        "inputs": {"text": "blurry"},
        "_meta": {"title": "Negative"},
    },
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", "images": ["3", 0]}},
}

SERVICES = """\
version: 1
services:
  draw:
    description: Draw.
    workflow: draw.json
    parameters:
      prompt: {node: {title: Positive}, widget: text}
      negative: 7.text
      steps: {targets: [3.steps, {node: "3", widget: seed}]}
      style: {choices: {good: {6.text: fine}, bad: {6.text: poor}}}
      cfg: {node: {class_type: KSampler}, widget: cfg}
    outputs:
      image: {node: "9"}
      again: {node: {title: Save}}
"""


def _service(text: str = SERVICES) -> Service:
    parsed = parse_services(text, "services.yaml", {})
    assert parsed.declaration is not None, parsed.findings
    return parsed.declaration.services[0]


def _first() -> Graph:
    graph = begin(GRAPH).graph
    graph["9"]["_meta"] = {"title": "Save"}
    return graph


def _settled(new: Graph, service: Service | None = None, old: Graph | None = None) -> Settled:
    service = service or _service()
    before = parse_prompt(old or _first())
    lock = _written(service, before)
    now = parse_prompt(new)
    edit = Edit(lock.graph("draw.json"), now, align(lock.graph("draw.json"), skeleton_of(now)))
    return settle(service, lock.nodes(service), edit)


def _written(service: Service, prompt: Prompt) -> Lock:
    """Return a lock as it is after it has been a file."""
    lock = Lock(
        {"draw.json": record_graph("d1", prompt)}, {"draw": record_service(service, prompt)}
    )
    return Lock.read(json.loads(render_lock(lock)))


def _codes(settled: Settled) -> list[tuple[str, str | None]]:
    return [(each.code, each.found) for each in settled.findings]


def _meant(settled: Settled, new: Graph) -> list[tuple[str, ...]]:
    return [nodes_meant(each.reference, parse_prompt(new)) for each in bindings_of(settled.service)]


def test_an_edit_that_moves_nothing_is_silent() -> None:
    new = _first()
    new["6"]["inputs"]["text"] = "a lighthouse"
    service = _service()
    settled = _settled(new, service)
    assert settled == Settled(service)


def test_moved_nodes_are_named_by_their_new_ids_and_told() -> None:
    new = json.loads(json.dumps(_first()).replace('"3"', '"13"').replace('"7"', '"17"'))
    settled = _settled(new)
    assert _codes(settled) == [
        ("binding-moved", "7.text"),
        ("binding-moved", "3.steps"),
        ("binding-moved", "3.seed"),
    ]
    assert settled.findings[0] == Finding(
        code="binding-moved",
        message='`7.text`: what was node 7 (CLIPTextEncode "Negative") is now node 17 '
        '(CLIPTextEncode "Negative")',
        place=settled.findings[0].place,
        severity="warning",
        service="draw",
        parameter="negative",
        found="7.text",
        mend="Run `gateway validate --fix`: it writes the new place into services.yaml.",
    )
    assert _meant(settled, new) == [
        ("6",), ("17",), ("13",), ("13",), ("6",), ("6",), ("13",), ("9",), ("9",),
    ]  # fmt: skip


def test_nodes_that_are_taken_out_or_repeated_are_found_again_too() -> None:
    text = """\
version: 1
services:
  draw:
    description: Draw.
    workflow: draw.json
    parameters:
      style: {choices: {plain: {bypass: ["6"], mute: ["9"]}, {}: {7.text: x}}}
      image: {node: "7", widget: image, when_absent: {bypass: [{title: Positive}], mute: ["3"]}}
      loras: {repeat: {node: "3", model: 0}, items: {name: {widget: seed}, steps: {widget: steps}}}
      branch: {node: "7", widget: image, when_absent: bypass}
"""
    service = _service(text.replace("{}:", "other:"))
    raw = json.dumps(_first()).replace("Positive", "Prompt")
    for node_id in ("3", "6", "9"):
        raw = raw.replace(f'"{node_id}"', f'"1{node_id}"')
    settled = _settled(json.loads(raw), service)
    assert _codes(settled) == [
        ("binding-moved", "node 6"),
        ("binding-moved", "node 9"),
        ("binding-moved", "{title: Positive}"),
        ("binding-moved", "node 3"),
        ("binding-moved", "node 3"),
    ]
    assert _meant(settled, json.loads(raw)) == [
        ("7",), ("16",), ("19",), ("7",), ("16",), ("13",), ("13",), ("7",),
    ]  # fmt: skip
    repeat = settled.service.parameters[2].repeat
    assert repeat is not None
    items = [target for field in repeat.fields for target in targets_of(field)]
    assert {each.node for each in items if isinstance(each, WidgetTarget)} == {ById("13")}
    assert settled.service.parameters[3].when_absent == "bypass"


def test_what_is_repeated_stays_where_it_is_when_other_nodes_move() -> None:
    text = """\
version: 1
services:
  draw:
    description: Draw.
    workflow: draw.json
    parameters:
      steps: {repeat: {node: "3", model: 0}, items: steps}
      text: 7.text
"""
    service = _service(text)
    settled = _settled(json.loads(json.dumps(_first()).replace('"7"', '"17"')), service)
    assert _codes(settled) == [("binding-moved", "7.text")]
    assert settled.service.parameters[0] == service.parameters[0]


def test_a_title_that_was_changed_is_found_by_its_node() -> None:
    new = _first()
    new["6"]["_meta"] = {"title": "What to draw"}
    settled = _settled(new)
    assert _codes(settled) == [("binding-moved", "{title: Positive}.text")]
    assert _meant(settled, new)[0] == ("6",)


def test_a_class_that_is_no_longer_alone_is_found_by_its_node() -> None:
    new = _first()
    new["4"] = {"class_type": "KSampler", "inputs": {"seed": 1, "latent_image": ["3", 0]}}
    settled = _settled(new)
    assert _codes(settled) == [("binding-moved", "{class_type: KSampler}.cfg")]
    assert _meant(settled, new)[6] == ("3",)


def test_a_title_that_another_node_has_now_means_that_one_and_is_told() -> None:
    new = _first()
    new["6"]["_meta"], new["7"]["_meta"] = {"title": "Old"}, {"title": "Positive"}
    settled = _settled(new)
    (finding,) = settled.findings
    assert (finding.code, finding.severity) == ("binding-renamed", "warning")
    assert "the title `Positive` means node 7" in finding.message
    assert settled.moves == ()


def test_a_class_means_the_only_node_that_has_it_now() -> None:
    new = _first()
    new["3"]["class_type"] = "KSamplerAdvanced"
    new["30"] = {"class_type": "KSampler", "inputs": {"cfg": 1, "positive": ["6", 0]}}
    settled = _settled(new)
    assert [each.parameter for each in settled.findings] == ["steps", "steps"]
    assert _meant(settled, new)[6] == ("30",)


def test_a_title_whose_node_is_gone_means_the_node_that_has_it_now() -> None:
    new = _first()
    del new["6"]
    del new["3"]["inputs"]["positive"]
    new["60"] = {"class_type": "Other", "inputs": {"text": ""}, "_meta": {"title": "Positive"}}
    assert _codes(_settled(new)) == [("binding-gone", "6.text"), ("binding-gone", "6.text")]


def test_a_node_that_is_gone_is_an_error_that_shows_what_there_is() -> None:
    new = _first()
    del new["7"]
    del new["3"]["inputs"]["negative"]
    (finding,) = _settled(new).findings
    assert (finding.code, finding.severity, finding.parameter) == (
        "binding-gone",
        "error",
        "negative",
    )
    assert finding.message.endswith('others of its class are 6 (CLIPTextEncode "Positive")')


def test_another_node_with_the_id_is_told_as_what_it_is() -> None:
    new = _first()
    del new["3"]["inputs"]["negative"]
    new["7"] = {"class_type": "LoadImage", "inputs": {}, "_meta": {"title": "Picture"}}
    del new["9"]
    new["9"] = {"class_type": "PreviewImage", "inputs": {}}
    gone = {each.found: each.message for each in _settled(new).findings}
    assert 'node 7 is LoadImage "Picture" now' in gone["7.text"]
    assert gone["9"].startswith('output `image`: what was node 9 (SaveImage "Save") is no longer')


def test_an_unsure_binding_is_an_error_that_shows_the_candidates() -> None:
    new = _first()
    new["6"]["inputs"]["text"], new["7"]["inputs"]["text"] = "blurry", "a fox"
    new["6"]["_meta"] = new["7"]["_meta"] = {}
    finding = next(each for each in _settled(new).findings if each.found == "7.text")
    assert (finding.code, finding.severity) == ("binding-unsure", "error")
    assert "6 (CLIPTextEncode)" in finding.message
    assert "7 (CLIPTextEncode)" in finding.message


def test_a_binding_that_was_set_since_is_its_authors_word() -> None:
    now = parse_prompt(json.loads(json.dumps(_first()).replace('"7"', '"17"')))
    lock = _written(_service(), parse_prompt(_first()))
    edit = Edit(lock.graph("draw.json"), now, align(lock.graph("draw.json"), skeleton_of(now)))
    service = _service(SERVICES.replace("7.text", "17.text"))
    assert settle(service, lock.nodes(service), edit) == Settled(service)


def test_a_record_of_another_workflow_tells_nothing() -> None:
    lock = _written(_service(), parse_prompt(_first()))
    assert lock.nodes(_service(SERVICES.replace("draw.json", "other.json"))) == {}


def test_a_short_form_is_split_where_its_recorded_node_ends() -> None:
    old: Graph = {"1": {"class_type": "Save", "inputs": {"format.codec": "a"}}}
    new: Graph = {**begin(old).graph, "1.format": {"class_type": "X", "inputs": {"codec": 1}}}
    text = (
        "version: 1\nservices: {draw: {workflow: draw.json, parameters: {codec: 1.format.codec}}}"
    )
    settled = _settled(new, _service(text), old)
    assert _meant(settled, new) == [("1",)]
    (target,) = settled.service.parameters[0].targets
    assert isinstance(target, WidgetTarget)
    assert target.widget == "format.codec"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "no lock"),
        ({"version": 1}, "no lock"),
        ({"version": 2}, "version 2"),
        ({"version": 1, "workflows": [], "services": {}}, "no lock"),
    ],
)
def test_what_is_no_lock_is_refused(raw: Json, said: str) -> None:
    with pytest.raises(LockFault, match=said):
        Lock.read(raw)


@pytest.mark.parametrize(
    "nodes",
    [
        None,
        {},
        {"1": 5},
        {"1": {"title": "x"}},
        {"1": {"class_type": "X", "links": {"a": ["2", 0], "b": 5}}},
        {"1": {"class_type": "X", "title": 5, "values": {"a": 5}}},
    ],
)
def test_a_damaged_graph_is_refused(nodes: Json) -> None:
    lock = Lock({"draw.json": {"file": "d", "graph": "g", "nodes": nodes}}, {})
    with pytest.raises(LockFault, match=r"draw\.json is damaged"):
        lock.graph("draw.json")


def test_a_record_without_a_digest_is_never_the_files() -> None:
    assert Lock({"draw.json": {}}, {}).file_digest("draw.json") == ""
    assert Lock().file_digest("draw.json") is None


def test_damaged_bindings_are_left_out() -> None:
    lock = Lock({}, {"draw": {"workflow": "draw.json", "parameters": {"a": {"6.text": 6}, "b": 1}}})
    assert lock.nodes(_service()) == {}
    assert render_lock(Lock({"x": None}, {})).count("{}") == 2


def _every_node(graph: Graph) -> Service:
    outputs = "".join(f"      n{number}: {{node: {json.dumps(each)}}}\n"
                      for number, each in enumerate(graph))  # fmt: skip
    head = "version: 1\nservices:\n  draw:\n    description: D.\n    workflow: draw.json\n"
    return _service(f"{head}    outputs:\n{outputs}")


@pytest.mark.timeout(60)
@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["renumber", "shuffle_ids", "swap_ids", "reorder", "insert_beside",
                         "insert_between", "delete", "retitle"]),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 1 << 32),
)  # fmt: skip
def test_every_binding_finds_its_node_or_is_reported(edits: Sequence[str], seed: int) -> None:
    edited, random = begin(_first()), Random(seed)  # noqa: S311 (repeatable)
    for each in edits:
        EDITS[each](edited, random)
    try:
        prompt = parse_prompt(edited.graph)
    except PromptFault:
        return  # nothing is left of it
    service = _every_node(_first())
    settled = _settled(edited.graph, service)
    lost = {each.found for each in settled.findings if each.severity == "error"}
    told = {each.found for each in settled.findings}
    where: dict[Any, str] = {was: now for now, was in edited.origin.items()}
    pairs = zip(bindings_of(service), bindings_of(settled.service), strict=True)
    for declared, binding in pairs:
        was = declared.key[2]
        if was in lost:
            continue
        assert nodes_meant(binding.reference, prompt) == (where[was],)
        assert (was in told) == (where[was] != was)
