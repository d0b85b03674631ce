"""One entry of ComfyUI's history, or of its jobs API, as a value.

Source: ComfyUI execution.py `PromptQueue.task_done`, main.py `prompt_worker`; `/api/jobs/{id}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.graph.json_value import JsonObject

__all__ = ["Ending", "HistoryEntry", "Interrupted", "NodeFailure", "Succeeded"]


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The run came to its end."""


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The run was stopped; `node_id` is where, when known."""

    node_id: str = ""


@dataclass(frozen=True, slots=True)
class NodeFailure:
    """A node raised.

    Attributes:
        node_id: The graph's node (the parent, when an expanded node failed).
        message: ComfyUI's exception message, stripped, without server paths.
        exception_type: Such as `ValueError` or `torch.OutOfMemoryError`.
    """

    node_id: str
    class_type: str
    message: str
    exception_type: str


Ending: TypeAlias = Succeeded | Interrupted | NodeFailure


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """How a prompt ended and what it left.

    Attributes:
        outputs: Node id → key → value, as ComfyUI stored it.
        cached: Ids of nodes that did not run again.
        parents: Ephemeral id of an expanded node → the graph's node it stands for.
    """

    prompt_id: str
    ending: Ending
    outputs: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    cached: tuple[str, ...] = ()
    parents: Mapping[str, str] = field(default_factory=dict[str, str])
