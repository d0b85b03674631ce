"""Turns whatever a request raised into an answer its caller can act on: the only place that does.

Knows nothing of transports. What the gateway raises on purpose is told in full; anything else is a
fault of ours, logged here and told without its text, which may hold paths or secrets.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable

from mcp import MCPError
from mcp.types import INVALID_PARAMS

from gateway.errors import ArgumentError, GatewayError
from gateway.graph.json_value import Json
from gateway.tools.answer import Answer

__all__ = ["failed_answer", "resource_not_found", "unknown_tool"]

logger = logging.getLogger(__name__)


def failed_answer(error: Exception) -> Answer:
    """Return the failed answer for what a call raised, and log it when it is a fault of ours."""
    if isinstance(error, GatewayError):
        return Answer(text=str(error), structured={"error": _told(error)}, failed=True)
    logger.error("a call raised", exc_info=error)
    internal = GatewayError(
        "The gateway itself failed; this is not a fault of the arguments.",
        code="internal-error",
        mend="Its log (stderr) has the details. Report them, and try once more.",
    )
    return Answer(text=str(internal), structured={"error": _told(internal)}, failed=True)


def unknown_tool(name: str, known: Iterable[str]) -> MCPError:
    """Return the protocol error for a tool that is not there, with its nearest neighbours.

    Source: MCP 2026-07-28, server/tools, error handling: an unknown tool is -32602.
    """
    names = list(known)
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"Did you mean {_either(close)}?" if close else f"There are: {_some(names)}."
    data: dict[str, Json] = {"tool": name, "close_matches": close}
    return MCPError(INVALID_PARAMS, f"Unknown tool {name!r}. {hint}", data)


def resource_not_found(uri: str, reason: str = "there is none") -> MCPError:
    """Return the protocol error for a resource that is not there, or is not this caller's.

    Source: MCP 2026-07-28 (SEP-2164): -32602 with the URI as data.
    """
    return MCPError(INVALID_PARAMS, f"Resource not found: {uri} ({reason})", {"uri": uri})


def _told(error: GatewayError) -> dict[str, Json]:
    told: dict[str, Json] = {
        "code": error.code,
        "message": error.message,
        "where": error.where,
        "found": error.found,
        "mend": error.mend,
    }
    if isinstance(error, ArgumentError):
        told["faults"] = [
            {"pointer": fault.pointer, "message": fault.message} for fault in error.faults
        ]
    return told


def _either(names: list[str]) -> str:
    return " or ".join(repr(name) for name in names)


def _some(names: list[str], most: int = 12) -> str:
    if not names:
        return "none; services.yaml declares no service"
    rest = f", and {len(names) - most} more (tools/list has them)" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
