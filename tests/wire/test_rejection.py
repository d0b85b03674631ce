"""Why ComfyUI refused a prompt: every recorded case, in sentences for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from gateway.errors import NodeFault, NodeFaults
from gateway.graph.json_value import Json
from gateway.wire.fault_text import explain
from gateway.wire.rejection import is_rejection, node_faults_of, parse_rejection

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

    from tests.wire.conftest import Recording


def test_every_recorded_refusal_reads_well(
    recording: Callable[[str], Recording], snapshot: SnapshotAssertion
) -> None:
    told: dict[str, list[str]] = {}
    for call in recording("http_prompt_validation").calls("POST", "/prompt"):
        body = call.get("response_json")
        if not is_rejection(body):
            continue
        error = parse_rejection(400, body)
        told[str(call.get("label"))] = [
            error.code,
            error.message,
            f"where: {error.where}",
            f"found: {error.found}",
            f"mend: {error.mend}",
        ]
    assert told == snapshot


def test_older_servers_refuse_in_the_same_words(recording: Callable[[str], Recording]) -> None:
    (call,) = recording("0.3.64-wf_text").calls("POST", "/prompt")
    error = parse_rejection(400, call.get("response_json"))
    assert (error.code, error.where, error.found) == (
        "node-class-missing",
        "node 3 (SaveText)",
        "SaveText",
    )
    assert error.message == "ComfyUI refused the graph: it has no node class SaveText (node 3)."
    (call,) = recording("0.3.64-wf_video_mp4").calls("POST", "/prompt")
    error = parse_rejection(400, call.get("response_json"))
    assert error.message == "ComfyUI refused the graph: node 4 (SaveVideo): codec is missing."


@pytest.mark.parametrize(
    ("message", "details", "sentence"),
    [
        (
            "Cannot execute because a node is missing the class_type property.",
            "Node ID '#1'",
            "ComfyUI refused the graph: node 1 has no class_type.",
        ),
        (
            "Cannot execute because a node is missing the class_type property.",
            "",
            "ComfyUI refused the graph: node ? has no class_type.",
        ),
        (
            "Something about the prompt",
            "",
            "ComfyUI refused the graph: Something about the prompt.",
        ),
    ],
)
def test_an_invalid_prompt_of_older_servers(message: str, details: str, sentence: str) -> None:
    error: Json = {
        "type": "invalid_prompt",
        "message": message,
        "details": details,
        "extra_info": {},
    }
    assert parse_rejection(400, {"error": error, "node_errors": {}}).message == sentence


def test_a_cycle_on_older_servers_has_no_node_to_blame() -> None:
    error: Json = {
        "type": "prompt_outputs_failed_validation",
        "message": "Prompt outputs failed validation",
        "details": "",
        "extra_info": {},
    }
    rejected = parse_rejection(400, {"error": error, "node_errors": {}})
    assert rejected.message == "ComfyUI refused the graph: Prompt outputs failed validation."
    assert "circle" in rejected.mend


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": "no"}, "ComfyUI refused the graph: no."),
        ({"error": {}}, "ComfyUI refused the graph: it does not say why."),
        ({"error": None}, "ComfyUI refused the graph: it does not say why."),
    ],
)
def test_an_odd_refusal_is_still_one(body: Json, message: str) -> None:
    assert is_rejection(body)
    assert parse_rejection(400, body).message == message


def test_an_answer_without_an_error_is_no_refusal() -> None:
    assert not is_rejection({"prompt_id": "p"})
    assert not is_rejection([])
    assert not is_rejection(None)


def test_a_part_of_the_graph_refused_while_the_rest_runs(
    recording: Callable[[str], Recording],
) -> None:
    (call,) = recording("partial_validation_200").calls("POST", "/prompt")
    body = call.get("response_json")
    faults = node_faults_of(body)
    assert faults == {
        "3": NodeFaults(
            "SaveImage",
            (
                NodeFault(
                    "exception_during_validation",
                    "Exception when validating node",
                    "KeyError: '99'",
                ),
            ),
        )
    }
    error = parse_rejection(200, body)
    assert error.node_errors == faults
    assert error.message == (
        "ComfyUI refused a part of the graph: node 3 (SaveImage): "
        "ComfyUI could not check it (KeyError: '99')."
    )


def test_many_faults_are_counted_not_listed() -> None:
    errors: Json = [
        {"type": "required_input_missing", "extra_info": {"input_name": name}}
        for name in "abcdefgh"
    ]
    error = parse_rejection(
        400, {"error": {}, "node_errors": {"1": {"class_type": "X", "errors": errors}, "2": None}}
    )
    assert error.message.endswith("node 1 (X): e is missing; and 3 more.")
    assert error.where == "node 1 (X)"
    assert len(error.node_errors["1"].faults) == 8


def test_the_same_fault_of_two_nodes_is_told_of_both() -> None:
    errors: Json = [{"type": "required_input_missing", "extra_info": {"input_name": "text"}}]
    node_errors: Json = {
        "6": {"class_type": "X", "errors": errors},
        "7": {"class_type": "X", "errors": errors},
    }
    error = parse_rejection(400, {"error": {}, "node_errors": node_errors})
    assert error.message == (
        "ComfyUI refused the graph: node 6 (X): text is missing; node 7 (X): text is missing."
    )
    assert error.where == "node 6 (X), node 7 (X)"


def test_a_node_without_a_list_of_faults_blames_the_graph() -> None:
    body: Json = {"error": {"type": "t", "message": "m"}, "node_errors": {"1": {"errors": None}}}
    error = parse_rejection(400, body)
    assert error.message == "ComfyUI refused the graph: m."
    assert error.node_errors == {"1": NodeFaults("", ())}


def test_server_paths_and_hidden_characters_never_pass() -> None:
    body: Json = {
        "error": {},
        "node_errors": {
            "1": {
                "class_type": "X\u200b",
                "errors": [
                    {
                        "type": "custom_validation_failed",
                        "message": "m",
                        "details": "image - No file: /srv/comfyui/input/u.png\u202e",
                        "extra_info": {"input_name": "image", "traceback": ["/opt/ComfyUI/x.py"]},
                    }
                ],
            }
        },
    }
    error = parse_rejection(400, body)
    assert error.message == "ComfyUI refused the graph: node 1 (X): image: No file: …/u.png."
    assert "/srv" not in repr(error.node_errors)
    assert "/opt" not in repr(error.node_errors)


@pytest.mark.parametrize(
    ("details", "sentence", "mend"),
    [
        ("c: 'x' not in []", "c is 'x', which this ComfyUI does not have", "It has none at all."),
        (
            "c: 'x' not in ['a', 'b…",
            "c is 'x', which this ComfyUI does not have",
            "Choose one of: 'a', 'b….",
        ),
        ("not as expected", "c: not as expected", None),
    ],
)
def test_a_value_that_is_not_listed(details: str, sentence: str, mend: str | None) -> None:
    said = explain(NodeFault("value_not_in_list", "Value not in list", details, "c"))
    assert said.sentence == sentence
    assert mend is None or said.mend == mend


def test_a_value_of_the_wrong_type() -> None:
    details = "width, {'a': 1}, int() argument must be a string, not 'dict'"
    said = explain(
        NodeFault(
            "invalid_input_type", "Failed to convert an input value to a INT value", details, "w"
        )
    )
    assert (said.sentence, said.found) == ("w is {'a': 1}, which is no INT", "{'a': 1}")
    assert said.mend == "Give a value of type INT."
    said = explain(NodeFault("invalid_input_type", "Bad", "", "w"))
    assert (said.sentence, said.mend) == ("w: bad", "Give a value of the right type.")


def test_a_fault_of_a_type_to_come_is_told_in_comfyuis_words() -> None:
    assert explain(NodeFault("new_type", "Bad thing", "a")).sentence == "Bad thing: a"
    assert explain(NodeFault("new_type", "", "")).sentence == "new_type"
    assert explain(NodeFault("custom_validation_failed", "", "")).sentence == (
        "an input: the node refuses it"
    )


@pytest.mark.parametrize(
    ("kind", "details", "mend"),
    [
        ("new_type", "a", "Look at this node in ComfyUI."),
        ("value_not_in_list", "odd", "Choose one that it has"),
    ],
)
def test_every_fault_has_a_mend(kind: str, details: str, mend: str) -> None:
    assert explain(NodeFault(kind, "m", details)).mend.startswith(mend)


def test_a_nodes_own_words_are_kept_whole() -> None:
    said = explain(NodeFault("custom_validation_failed", "", "image - no - never", "image"))
    assert said.sentence == "image: no - never"


@pytest.mark.parametrize(("count", "end"), [(5, "e is missing."), (6, "and 1 more.")])
def test_up_to_five_faults_are_told_in_full(count: int, end: str) -> None:
    errors: Json = [
        {"type": "required_input_missing", "extra_info": {"input_name": name}}
        for name in "abcdef"[:count]
    ]
    error = parse_rejection(400, {"error": {}, "node_errors": {"1": {"errors": errors}}})
    assert error.message.endswith(end)


def test_mends_stand_side_by_side() -> None:
    errors: Json = [{"type": "value_smaller_than_min"}, {"type": "dependency_cycle"}]
    error = parse_rejection(400, {"error": {}, "node_errors": {"1": {"errors": errors}}})
    assert error.mend == "Choose a value in the limits. Break the circle in the workflow."


def test_the_node_of_a_missing_class_is_the_one_that_is_named() -> None:
    error: Json = {
        "type": "missing_node_type",
        "message": "m",
        "details": "",
        "extra_info": {"node_id": "12", "class_type": "X"},
    }
    assert parse_rejection(400, {"error": error}).where == "node 12 (X)"


def test_long_details_are_kept_longer_than_a_line() -> None:
    errors: Json = [{"type": "t", "details": "x" * 2000}]
    (fault,) = node_faults_of({"node_errors": {"1": {"errors": errors}}})["1"].faults
    assert len(fault.details) == 1000
