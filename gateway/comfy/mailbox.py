"""One follower's messages, kept until it takes them. Knows no socket.

A slow follower costs little memory: of progress only the newest unread state is kept, since it
tells all that the older ones told.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TypeAlias

from gateway.jobs.backend import Connected, SocketLost
from gateway.wire.messages import Message, PreviewImage, ProgressState, ProgressStep, Status

__all__ = ["Event", "Mailbox"]

Event: TypeAlias = Message | SocketLost | Connected

# A message of these types says everything that an unread one of the same type says.
_SUPERSEDING = (ProgressState, ProgressStep, PreviewImage, Status)


class Mailbox:
    """The messages about one prompt; implements `Following`."""

    def __init__(self, *, previews: bool = False) -> None:
        self.previews = previews
        self.begun = False
        self._events: deque[Event] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def put(self, event: Event) -> None:
        """Take a message in."""
        events = self._events
        if events and isinstance(event, _SUPERSEDING) and type(events[-1]) is type(event):
            events[-1] = event
        else:
            events.append(event)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def next(self) -> Event:
        """Return the next message about this prompt (or any `Status`), or news of the socket."""
        while not self._events:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._events.popleft()

    def ready(self) -> Event | None:
        """Return the next one if it has come already."""
        return self._events.popleft() if self._events else None
