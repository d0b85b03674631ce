"""What an `execution_error` says: on the WebSocket, in history and in the jobs API alike.

Source: ComfyUI execution.py `handle_execution_error` and the execution block callback.
"""

from __future__ import annotations

from gateway.graph.json_value import JsonObject
from gateway.wire.clean import clean_line, clean_text, without_paths
from gateway.wire.history import NodeFailure
from gateway.wire.narrow import text_of

__all__ = ["failure_of", "is_blocked"]

_LONGEST_MESSAGE = 2000
_BLOCKED = "ExecutionBlocked"


def failure_of(raw: JsonObject) -> NodeFailure:
    """Return the failure; the traceback and the node's inputs stay behind, they show the server."""
    message = clean_text(text_of(raw.get("exception_message")), _LONGEST_MESSAGE)
    return NodeFailure(
        text_of(raw.get("node_id")),
        clean_line(text_of(raw.get("node_type"))),
        without_paths(message).strip(),
        clean_line(text_of(raw.get("exception_type"))),
    )


def is_blocked(exception_type: str) -> bool:
    """Tell whether a node was stopped on purpose (an ExecutionBlocker): the run goes on and succeeds."""
    return exception_type == _BLOCKED
