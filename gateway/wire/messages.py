"""One WebSocket frame as a value. Types that are not known are kept as `Unknown`, never an error.

Source: ComfyUI server.py `send_json`, `encode_bytes`, protocol.py `BinaryEventTypes`, execution.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.graph.json_value import JsonObject

__all__ = [
    "Executed",
    "Executing",
    "ExecutionCached",
    "ExecutionError",
    "ExecutionInterrupted",
    "ExecutionStart",
    "ExecutionSuccess",
    "FeatureFlags",
    "Malformed",
    "Message",
    "NodeState",
    "PreviewImage",
    "ProgressState",
    "ProgressStep",
    "Status",
    "TextUpdate",
    "Unknown",
]


@dataclass(frozen=True, slots=True)
class Status:
    """Sent to every socket at each queue change; `sid` only on connect."""

    queue_remaining: int | None
    sid: str | None = None


@dataclass(frozen=True, slots=True)
class ExecutionStart:
    """The worker took the prompt."""

    prompt_id: str


@dataclass(frozen=True, slots=True)
class ExecutionCached:
    """Nodes whose results are still there and will not run; always sent, [] if none."""

    prompt_id: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodeState:
    """One node in a `progress_state`; `state` is `running`, `finished` or `error`."""

    node_id: str
    display_node_id: str
    state: str
    value: float
    maximum: float


@dataclass(frozen=True, slots=True)
class ProgressState:
    """All nodes that are no longer pending."""

    prompt_id: str
    nodes: Mapping[str, NodeState]


@dataclass(frozen=True, slots=True)
class Executing:
    """A node begins; `node` None: the worker is done with the prompt, the only safe end mark.

    `prompt_id` is None on (re)connect while a prompt of ours runs.
    """

    node: str | None
    prompt_id: str | None
    display_node: str | None = None


@dataclass(frozen=True, slots=True)
class ProgressStep:
    """The older form of progress: one node's steps."""

    prompt_id: str | None
    node: str | None
    value: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Executed:
    """A node with outputs for people is done; `output` may be {}."""

    prompt_id: str
    node: str
    display_node: str
    output: JsonObject


@dataclass(frozen=True, slots=True)
class ExecutionSuccess:
    """Every node is done; sent before history is written, so not yet the end."""

    prompt_id: str


@dataclass(frozen=True, slots=True)
class ExecutionError:
    """A node raised; not always the end, and not always a failure (a node that blocks on purpose)."""

    prompt_id: str
    node_id: str
    node_type: str
    message: str
    exception_type: str


@dataclass(frozen=True, slots=True)
class ExecutionInterrupted:
    """The prompt was stopped."""

    prompt_id: str
    node_id: str


@dataclass(frozen=True, slots=True)
class PreviewImage:
    """A picture of work under way, never an output. Ids are None in the older form (type 1)."""

    mime_type: str
    data: bytes = field(repr=False)
    node_id: str | None = None
    prompt_id: str | None = None


@dataclass(frozen=True, slots=True)
class TextUpdate:
    """A node's progress text; names no prompt."""

    node_id: str
    text: str


@dataclass(frozen=True, slots=True)
class FeatureFlags:
    """The server's answer to ours."""

    flags: JsonObject


@dataclass(frozen=True, slots=True)
class Unknown:
    """A type this gateway does not know; kept for the log."""

    type: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """A frame that cannot be read; kept for the log."""

    reason: str


Message: TypeAlias = (
    Status
    | ExecutionStart
    | ExecutionCached
    | ProgressState
    | Executing
    | ProgressStep
    | Executed
    | ExecutionSuccess
    | ExecutionError
    | ExecutionInterrupted
    | PreviewImage
    | TextUpdate
    | FeatureFlags
    | Unknown
    | Malformed
)
