"""One prompt's run on a ComfyUI as a reduction: `advance(run, message, at) -> run`.

Source: the order of messages in ComfyUI execution.py `execute_async` and main.py `prompt_worker`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.graph.json_value import JsonObject
from gateway.wire.history import Ending

__all__ = ["NodeTimes", "RunState"]


@dataclass(frozen=True, slots=True)
class NodeTimes:
    """When a node began and ended, in the clock's seconds as given to `advance`."""

    node_id: str
    cached: bool = False
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class RunState:
    """Where a prompt's run is, as far as its messages told.

    Attributes:
        started_at: When the worker took it, None before.
        node: The graph's node that runs now (for an expanded node, the graph's own), or None.
        value: Steps done of that node, of `maximum`.
        cached: Ids of nodes that did not run.
        outputs: Node id → what its `executed` brought.
        ending: How it seems to end, from execution_success, _error or _interrupted; not the end yet.
        ended: The end mark came (`executing` with node null and our prompt_id).
    """

    prompt_id: str
    started_at: float | None = None
    node: str | None = None
    value: float = 0
    maximum: float = 0
    cached: tuple[str, ...] = ()
    times: Mapping[str, NodeTimes] = field(default_factory=dict[str, NodeTimes])
    outputs: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    ending: Ending | None = None
    ended: bool = False
