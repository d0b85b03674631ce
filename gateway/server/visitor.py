"""Who sends a request, and how files reach them: what a transport tells the server of its callers.

Knows nothing of MCP's messages. Over stdio there is one caller, on this machine; over HTTP it is
the key that was presented.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.requests import Request

from gateway.jobs.job import Job
from gateway.tools.running import Asking

__all__ = ["Visitor", "Visitors", "local_visitor"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sends a request.

    Attributes:
        caller: Name of the key, or `local`.
        local: On this machine: paths count as references and are shown.
        url: Makes a file's link, or None without HTTP.
    """

    caller: str = "local"
    local: bool = True
    url: Callable[[Job, int], str] | None = None

    def asking(self) -> Asking:
        """Return them as one who asks and does not wait."""
        return Asking(caller=self.caller, local=self.local, url=self.url)


Visitors: TypeAlias = "Callable[[Request[Any] | None], Visitor]"
"""Tells who sends a message, from the HTTP request that carried it, if one did."""


def local_visitor(request: Request[Any] | None) -> Visitor:  # noqa: ARG001 - the shape of Visitors
    """Return the one caller of a stdio server."""
    return Visitor()
