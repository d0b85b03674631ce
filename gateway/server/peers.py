"""The 2025-era clients that are told when the list of tools changes.

Knows nothing of tools. The SDK's session is a proxy made per request, and nothing tells when a
client has gone, so a reference is kept per session and let go when the session is ended or has been
silent for as long as the SDK itself keeps it. (2026-era clients listen by `subscriptions/listen`.)
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from mcp.server.session import ServerSession
from mcp.server.streamable_http_manager import DEFAULT_SESSION_IDLE_TIMEOUT

__all__ = ["Peers"]

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Peer:
    session: ServerSession | None = None
    requests: int = 0
    seen: float = 0.0


class Peers:
    """Sessions by their HTTP id; the one of stdio under an empty one."""

    def __init__(self, idle: float = DEFAULT_SESSION_IDLE_TIMEOUT) -> None:
        self._idle = idle
        self._peers: dict[str, _Peer] = {}
        self._unnamed: list[ServerSession] = []

    def __len__(self) -> int:
        return len(self._unnamed) + sum(peer.session is not None for peer in self._peers.values())

    @property
    def sessions(self) -> tuple[str, ...]:
        """The HTTP ids of the sessions that are remembered."""
        return tuple(self._peers)

    def add(self, session_id: str, session: ServerSession) -> None:
        """Remember a client that has said `notifications/initialized`; "" is a stream's client."""
        self.prune()
        if not session_id:
            self._unnamed.append(session)
            return
        self._peers.setdefault(session_id, _Peer(seen=time.monotonic())).session = session

    @contextmanager
    def visit(self, session_id: str) -> Generator[None]:
        """Count an HTTP request of a session as a sign of life, as long as it is open."""
        peer = self._peers.setdefault(session_id, _Peer())
        peer.requests += 1
        try:
            yield
        finally:
            peer.requests -= 1
            peer.seen = time.monotonic()
            if peer.session is None and not peer.requests:
                self._peers.pop(session_id, None)  # never a client of ours, or one that has ended

    def end(self, session_id: str) -> None:
        """Forget a session that its client has ended."""
        if (peer := self._peers.get(session_id)) is not None:
            peer.session = None

    def prune(self) -> None:
        """Forget sessions that have been silent for too long."""
        before = time.monotonic() - self._idle
        for session_id, peer in list(self._peers.items()):
            if not peer.requests and peer.seen < before:
                del self._peers[session_id]

    async def tools_changed(self) -> None:
        """Tell every client that the list of tools has changed."""
        self.prune()
        for peer in list(self._peers.values()):
            if peer.session is not None and not await _tell(peer.session):
                peer.session = None
        self._unnamed = [session for session in self._unnamed if await _tell(session)]


async def _tell(session: ServerSession) -> bool:
    try:
        await session.send_tool_list_changed()
    except Exception:
        # One client's broken line must not keep the news from the others.
        logger.exception("a client could not be told that the tools changed; it is forgotten")
        return False
    return True
