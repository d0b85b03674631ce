"""Frames of the WebSocket, sound and broken."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.decode import decode
from gateway.wire.messages import (
    Executed,
    Executing,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    FeatureFlags,
    Malformed,
    Message,
    NodeState,
    PreviewImage,
    ProgressState,
    ProgressStep,
    Status,
    TextUpdate,
    Unknown,
)

KINDS = (
    "status",
    "execution_start",
    "execution_cached",
    "progress_state",
    "executing",
    "progress",
    "executed",
    "execution_success",
    "execution_error",
    "execution_interrupted",
    "feature_flags",
    "assets.seed.started",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["prompt_id", "node", "nodes", "status", "exec_info", "output", "max"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def frame(kind: str, **data: object) -> str:
    return json.dumps({"type": kind, "data": data})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            frame("status", status={"exec_info": {"queue_remaining": 2}}, sid="abc"),
            Status(2, "abc"),
            id="status on connect",
        ),
        pytest.param(
            frame("status", status={"exec_info": {"queue_remaining": 0}}), Status(0), id="status"
        ),
        pytest.param(frame("status", status=None), Status(None), id="status of nothing"),
        pytest.param(
            frame("status", status={"exec_info": {"queue_remaining": True}}),
            Status(None),
            id="true is no number",
        ),
        pytest.param(
            frame("execution_start", prompt_id="p", timestamp=1), ExecutionStart("p"), id="start"
        ),
        pytest.param(
            frame("execution_cached", prompt_id="p", nodes=["1", "2"]),
            ExecutionCached("p", ("1", "2")),
            id="cached",
        ),
        pytest.param(
            frame("execution_cached", prompt_id="p", nodes=None),
            ExecutionCached("p", ()),
            id="cached null",
        ),
        pytest.param(
            frame(
                "progress_state",
                prompt_id="p",
                nodes={
                    "1.0.0.2": {
                        "value": 1,
                        "max": 20,
                        "state": "running",
                        "node_id": "1.0.0.2",
                        "display_node_id": "1",
                    },
                    "2": {"value": 1.0, "max": 1.0, "state": "finished"},
                    "3": None,
                },
            ),
            ProgressState(
                "p",
                {
                    "1.0.0.2": NodeState("1.0.0.2", "1", "running", 1, 20),
                    "2": NodeState("2", "2", "finished", 1.0, 1.0),
                },
            ),
            id="progress_state",
        ),
        pytest.param(
            frame("executing", node="1.0.0.2", display_node="1", prompt_id="p"),
            Executing("1.0.0.2", "p", "1"),
            id="executing",
        ),
        pytest.param(
            frame("executing", node=None, prompt_id="p"), Executing(None, "p"), id="the end mark"
        ),
        pytest.param(frame("executing", node="2"), Executing("2", None), id="on reconnect"),
        pytest.param(
            frame("executing", node=["2"], prompt_id=3, display_node=5),
            Executing(None, None),
            id="executing nonsense",
        ),
        pytest.param(
            frame("progress", value=3, max=20, prompt_id="p", node="3"),
            ProgressStep("p", "3", 3, 20),
            id="progress",
        ),
        pytest.param(
            frame("executed", node="9", display_node="9", prompt_id="p", output={"text": ["x"]}),
            Executed("p", "9", "9", {"text": ["x"]}),
            id="executed",
        ),
        pytest.param(
            frame("executed", node="9", prompt_id="p", output=None),
            Executed("p", "9", "9", {}),
            id="executed with output null",
        ),
        pytest.param(
            frame("execution_success", prompt_id="p"), ExecutionSuccess("p"), id="success"
        ),
        pytest.param(
            frame(
                "execution_error",
                prompt_id="p",
                node_id="2",
                node_type="TError",
                exception_message="cannot open '/srv/models/x.safetensors'\n",
                exception_type="ValueError",
                traceback=["File /opt/ComfyUI/execution.py"],
                current_inputs={"image": ["tensor"]},
            ),
            ExecutionError("p", "2", "TError", "cannot open '…/x.safetensors'", "ValueError"),
            id="error",
        ),
        pytest.param(
            frame("execution_interrupted", prompt_id="p", node_id="2", node_type="TSleep"),
            ExecutionInterrupted("p", "2"),
            id="interrupted",
        ),
        pytest.param(
            frame("feature_flags", supports_preview_metadata=True),
            FeatureFlags({"supports_preview_metadata": True}),
            id="flags",
        ),
        pytest.param(frame("assets.seed.started"), Unknown("assets.seed.started"), id="unknown"),
        pytest.param('{"type": "status"}', Status(None), id="no data"),
        pytest.param(frame("x" * 80), Unknown("x" * 80), id="a long name"),
        pytest.param(frame("x" * 81), Unknown("x" * 79 + "…"), id="too long a name"),
    ],
)
def test_a_text_frame_is_read(text: str, message: Message) -> None:
    assert decode(text) == message


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[]", "no object with a `type`"),
        ("{}", "no object with a `type`"),
        ('{"type": 3}', "no object with a `type`"),
        ('{"type": "executed", "data": {"node": "1"}}', "executed without a prompt_id"),
        ('{"type": "executed", "data": {"prompt_id": "p"}}', "executed without a node"),
        ('{"type": "execution_start", "data": []}', "execution_start without a prompt_id"),
    ],
)
def test_a_broken_text_frame_says_why(text: str, reason: str) -> None:
    assert decode(text) == Malformed(reason)


def test_json_nested_without_end_is_malformed() -> None:
    message = decode("[" * 200_000)
    assert isinstance(message, Malformed)
    assert message.reason.startswith("no JSON")


def test_bare_nan_and_infinity_are_read_and_count_as_nothing() -> None:
    text = '{"type": "progress", "data": {"prompt_id": "p", "node": "1", "value": NaN, "max": -Infinity}}'
    assert decode(text) == ProgressStep("p", "1", 0, 0)
    huge = (
        '{"type": "progress", "data": {"prompt_id": "p", "node": "1", "value": 1e999, "max": true}}'
    )
    assert decode(huge) == ProgressStep("p", "1", 0, 0)
    many = f'{{"type": "progress", "data": {{"prompt_id": "p", "value": {10**400}, "max": {-(10**20)}}}}}'
    assert decode(many) == ProgressStep("p", None, 2**53, -(2**53))


def binary(kind: int, *parts: bytes) -> bytes:
    return kind.to_bytes(4, "big") + b"".join(parts)


def counted(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


JPEG, PNG = (1).to_bytes(4, "big"), (2).to_bytes(4, "big")
METADATA = {
    "node_id": "2.0.0.1",
    "display_node_id": "2",
    "prompt_id": "p",
    "image_type": "image/png",
}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(binary(1, JPEG, b"jpg"), PreviewImage("image/jpeg", b"jpg"), id="jpeg"),
        pytest.param(binary(1, PNG, b"png"), PreviewImage("image/png", b"png"), id="png"),
        pytest.param(
            binary(1, (9).to_bytes(4, "big")),
            Malformed("preview of unknown format 9"),
            id="unknown format",
        ),
        pytest.param(binary(2, b"12345678"), Unknown("binary 2"), id="unencoded is internal"),
        pytest.param(
            binary(3, counted(b"2"), "h\u200béllo".encode()), TextUpdate("2", "héllo"), id="text"
        ),
        pytest.param(
            binary(3, counted(b"\xff"), b"\xff"), TextUpdate("\ufffd", "\ufffd"), id="no utf-8"
        ),
        pytest.param(
            binary(4, counted(json.dumps(METADATA).encode()), b"png"),
            PreviewImage("image/png", b"png", "2", "p"),
            id="preview with metadata",
        ),
        pytest.param(
            binary(4, counted(b'{"node_id": "7"}'), b"x"),
            PreviewImage("image/jpeg", b"x", "7", None),
            id="preview with little metadata",
        ),
        pytest.param(
            binary(4, counted(b"[]"), b"x"),
            Malformed("preview whose metadata is no JSON object"),
            id="metadata is no object",
        ),
        pytest.param(
            binary(4, counted(b"{"), b"x"),
            Malformed("preview whose metadata is no JSON object"),
            id="metadata is no JSON",
        ),
        pytest.param(binary(3, counted(b"2")), TextUpdate("2", ""), id="empty text"),
        pytest.param(
            binary(3, (1 << 24).to_bytes(4, "big"), b"2"),
            Malformed("binary 3 cut off: 16777216 bytes announced, 1 there"),
            id="a length of four bytes",
        ),
        pytest.param(
            binary(4, (90).to_bytes(4, "big"), b"{}"),
            Malformed("binary 4 cut off: 90 bytes announced, 2 there"),
            id="cut off",
        ),
        pytest.param(binary(3), Malformed("binary frame of 4 bytes"), id="too short"),
        pytest.param(b"", Malformed("binary frame of 0 bytes"), id="empty"),
        pytest.param(binary(77, b"12345678"), Unknown("binary 77"), id="a type to come"),
    ],
)
def test_a_binary_frame_is_read(data: bytes, message: Message) -> None:
    assert decode(data) == message


@given(st.text() | st.binary())
def test_no_frame_whatever_makes_decode_raise(frame: str | bytes) -> None:
    assert decode(frame) is not None


@given(st.sampled_from(KINDS), JSON)
def test_no_data_of_a_known_type_makes_decode_raise(kind: str, data: object) -> None:
    assert decode(json.dumps({"type": kind, "data": data})) is not None


@given(st.integers(0, 5), st.binary(max_size=40))
def test_no_binary_frame_of_a_known_type_makes_decode_raise(kind: int, rest: bytes) -> None:
    assert decode(kind.to_bytes(4, "big") + rest) is not None
