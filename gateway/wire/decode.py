"""One WebSocket frame of ComfyUI's read into a message; whatever comes, there is a message for it.

Source: ComfyUI server.py `send_json` and `encode_bytes`, protocol.py `BinaryEventTypes`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import cast

from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.wire.clean import clean_text
from gateway.wire.failure import failure_of
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
from gateway.wire.narrow import int_of, number_of, object_of, objects_of, text_of, texts_of

__all__ = ["decode"]

_PREVIEW = 1
_TEXT = 3
_PREVIEW_WITH_METADATA = 4
_MIME_TYPES = {1: "image/jpeg", 2: "image/png"}
_LONGEST_TEXT = 2000


def decode(frame: str | bytes) -> Message:
    """Return the message a frame holds; `Malformed` when it cannot be read."""
    if isinstance(frame, bytes):
        return _decode_binary(frame)
    try:
        raw = as_object(json.loads(frame))
    except (ValueError, RecursionError) as error:
        return Malformed(f"no JSON: {error}")
    if raw is None or not isinstance(kind := raw.get("type"), str):
        return Malformed("no object with a `type`")
    read = _READERS.get(kind)
    if read is None:
        return Unknown(clean_text(kind, 80))
    data = object_of(raw.get("data"))
    if kind in _NAMING_A_PROMPT and not isinstance(data.get("prompt_id"), str):
        return Malformed(f"{kind} without a prompt_id")
    return read(data)


def _status(data: JsonObject) -> Message:
    info = object_of(object_of(data.get("status")).get("exec_info"))
    return Status(int_of(info.get("queue_remaining")), text_of(data.get("sid")) or None)


def _execution_start(data: JsonObject) -> Message:
    return ExecutionStart(_prompt_id(data))


def _execution_cached(data: JsonObject) -> Message:
    return ExecutionCached(_prompt_id(data), texts_of(data.get("nodes")))


def _progress_state(data: JsonObject) -> Message:
    nodes = {key: _node_state(key, raw) for key, raw in objects_of(data.get("nodes")).items()}
    return ProgressState(_prompt_id(data), nodes)


def _node_state(node_id: str, raw: JsonObject) -> NodeState:
    return NodeState(
        node_id,
        text_of(raw.get("display_node_id")) or node_id,
        text_of(raw.get("state")),
        number_of(raw.get("value")),
        number_of(raw.get("max")),
    )


def _executing(data: JsonObject) -> Message:
    return Executing(
        _node_id(data.get("node")),
        _node_id(data.get("prompt_id")),
        _node_id(data.get("display_node")),
    )


def _progress(data: JsonObject) -> Message:
    return ProgressStep(
        _node_id(data.get("prompt_id")),
        _node_id(data.get("node")),
        number_of(data.get("value")),
        number_of(data.get("max")),
    )


def _executed(data: JsonObject) -> Message:
    node = text_of(data.get("node"))
    if not node:
        return Malformed("executed without a node")
    display = text_of(data.get("display_node")) or node
    return Executed(_prompt_id(data), node, display, object_of(data.get("output")))


def _execution_success(data: JsonObject) -> Message:
    return ExecutionSuccess(_prompt_id(data))


def _execution_error(data: JsonObject) -> Message:
    failure = failure_of(data)
    return ExecutionError(
        _prompt_id(data),
        failure.node_id,
        failure.class_type,
        failure.message,
        failure.exception_type,
    )


def _execution_interrupted(data: JsonObject) -> Message:
    return ExecutionInterrupted(_prompt_id(data), text_of(data.get("node_id")))


def _feature_flags(data: JsonObject) -> Message:
    return FeatureFlags(data)


def _prompt_id(data: JsonObject) -> str:
    return cast("str", data["prompt_id"])  # decode has looked


def _node_id(value: Json) -> str | None:
    return value if isinstance(value, str) else None


_NAMING_A_PROMPT: Mapping[str, Callable[[JsonObject], Message]] = {
    "execution_start": _execution_start,
    "execution_cached": _execution_cached,
    "progress_state": _progress_state,
    "executed": _executed,
    "execution_success": _execution_success,
    "execution_error": _execution_error,
    "execution_interrupted": _execution_interrupted,
}
_READERS: Mapping[str, Callable[[JsonObject], Message]] = {
    **_NAMING_A_PROMPT,
    "status": _status,
    "executing": _executing,
    "progress": _progress,
    "feature_flags": _feature_flags,
}


def _decode_binary(frame: bytes) -> Message:
    if len(frame) < 8:
        return Malformed(f"binary frame of {len(frame)} bytes")
    kind = int.from_bytes(frame[:4], "big")
    # Types 1, 3 and 4 go on with a number: a picture's format, or the length of what stands first.
    number = int.from_bytes(frame[4:8], "big")
    if kind == _PREVIEW:
        mime_type = _MIME_TYPES.get(number)
        if mime_type is None:
            return Malformed(f"preview of unknown format {number}")
        return PreviewImage(mime_type, frame[8:])
    if kind not in {_TEXT, _PREVIEW_WITH_METADATA}:
        return Unknown(f"binary {kind}")
    if len(frame) < 8 + number:
        return Malformed(f"binary {kind} cut off: {number} bytes announced, {len(frame) - 8} there")
    head, rest = frame[8 : 8 + number], frame[8 + number :]
    return _text_update(head, rest) if kind == _TEXT else _preview_with_metadata(head, rest)


def _text_update(node_id: bytes, text: bytes) -> Message:
    return TextUpdate(
        node_id.decode("utf-8", "replace"),
        clean_text(text.decode("utf-8", "replace"), _LONGEST_TEXT),
    )


def _preview_with_metadata(metadata: bytes, picture: bytes) -> Message:
    try:
        raw = as_object(json.loads(metadata))
    except (ValueError, RecursionError):
        raw = None
    if raw is None:
        return Malformed("preview whose metadata is no JSON object")
    return PreviewImage(
        text_of(raw.get("image_type")) or "image/jpeg",
        picture,
        # The node people see: an expanded node's own id means nothing to them.
        _node_id(raw.get("display_node_id")) or _node_id(raw.get("node_id")),
        _node_id(raw.get("prompt_id")),
    )
