"""Tells apart a caller who cancelled from a connection that just went away.

Knows nothing of jobs. How each arrives (mcp 2.3):

- stdio and 2025-era HTTP: `notifications/cancelled` cancels the request's task and is then handed
  to the notification handler, both in one turn of the loop; so the call waits one turn before it
  decides.
- 2026-era HTTP: closing the response's stream is the cancel (the specification's MUST), unless it
  is this server that is closing.
- stdio at its end, an ended HTTP session, a server that stops: the task is cancelled, nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

from mcp.server import ServerRequestContext
from mcp.types import CancelledNotificationParams
from mcp.types.version import MODERN_PROTOCOL_VERSIONS
from starlette.requests import Request

from gateway.tools.running import Leaving

__all__ = ["Departures", "RequestContext", "http_request"]

RequestContext: TypeAlias = ServerRequestContext[Any, Any]
"""The SDK's context of a request; it leaves both of its parameters open."""

T = TypeVar("T")


def http_request(ctx: RequestContext) -> Request[Any] | None:
    """Return the HTTP request that carried a message, or None on stdio and in memory."""
    request: object = ctx.request
    return cast("Request[Any]", request) if isinstance(request, Request) else None


@dataclass(slots=True)
class _Visit:
    """One call that is being answered."""

    cancelled: bool = False

    def leaving(self) -> Leaving:
        return "cancelled" if self.cancelled else "gone"


class Departures:
    """Runs calls, and lets each know why its caller stopped listening."""

    def __init__(self) -> None:
        self._visits: dict[tuple[str, str], _Visit] = {}
        self._departing: set[asyncio.Task[None]] = set()
        self.closing = False

    async def run(
        self, ctx: RequestContext, work: Callable[[Callable[[], Leaving]], Awaitable[T]]
    ) -> T:
        """Run `work` with a function that tells why the caller left, once it is cancelled.

        Args:
            ctx: The request.
            work: Cancelled when the caller leaves, a moment after the request itself.

        Returns:
            What `work` returned.

        Raises:
            asyncio.CancelledError: The caller left.
        """
        visit = _Visit()
        key = _key(ctx, ctx.request_id)
        self._visits[key] = visit
        task = asyncio.ensure_future(work(visit.leaving))
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            departing = asyncio.create_task(self._depart(ctx, visit, task))
            self._departing.add(departing)
            departing.add_done_callback(self._departing.discard)
            departing.add_done_callback(lambda _: self._forget(key, visit))
            raise
        self._forget(key, visit)
        return task.result()

    async def cancelled(self, ctx: RequestContext, params: CancelledNotificationParams) -> None:
        """Note `notifications/cancelled`; the SDK itself has cancelled the request's task."""
        visit = self._visits.get(_key(ctx, params.request_id))
        if visit is not None:
            visit.cancelled = True

    async def settle(self, seconds: float) -> None:
        """Wait until every caller who left has been seen off, at most so long."""
        self.closing = True
        if self._departing:
            await asyncio.wait(self._departing, timeout=seconds)

    async def _depart(self, ctx: RequestContext, visit: _Visit, task: asyncio.Future[Any]) -> None:
        await asyncio.sleep(0)  # the notification's handler has its turn first
        over_http = http_request(ctx) is not None
        if over_http and ctx.protocol_version in MODERN_PROTOCOL_VERSIONS and not self.closing:
            visit.cancelled = True
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled():
            task.exception()  # nobody is left to hear of it

    def _forget(self, key: tuple[str, str], visit: _Visit) -> None:
        if self._visits.get(key) is visit:
            del self._visits[key]


def _key(ctx: RequestContext, request_id: str | int | None) -> tuple[str, str]:
    """Return a request's name: ids are unique within a session only."""
    request = http_request(ctx)
    session = request.headers.get("mcp-session-id", "") if request else ""
    return (session, str(request_id))
