"""Following one prompt to its end: by its messages while the socket lasts, by asking when it does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from gateway.errors import BackendError, RunTimedOut
from gateway.graph.json_value import JsonObject
from gateway.jobs.backend import (
    Backend,
    Connected,
    Finished,
    Following,
    Pending,
    Running,
    SocketLost,
    Unknown,
)
from gateway.wire.history import Ending, HistoryEntry
from gateway.wire.messages import Message, Status
from gateway.wire.run import NodeTimes, RunState, advance

__all__ = ["Deleted", "Ended", "FollowEnd", "Follower", "Forgotten", "Limits", "Observer"]

# Seconds between two questions about a prompt.
_LOOK_PENDING = 3.0
_LOOK_RUNNING = 15.0
_LOOK_BLIND = 0.5
_LOOK_AGAIN = 0.2
_LOOK_DARK_LONGEST = 2.0


@dataclass(frozen=True, slots=True)
class Ended:
    """The run is over, and ComfyUI says how.

    Attributes:
        outputs: Node id → key → value.
        parents: Ephemeral node id → the graph's node it stands for.
    """

    ending: Ending
    outputs: Mapping[str, JsonObject] = field(default_factory=dict[str, JsonObject])
    parents: Mapping[str, str] = field(default_factory=dict[str, str])
    cached: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deleted:
    """Somebody took the prompt out of ComfyUI's queue."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """ComfyUI was away and knows nothing of the prompt any more: it restarted."""


FollowEnd: TypeAlias = Ended | Deleted | Forgotten


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits, in seconds.

    Attributes:
        queue_until: When the run must have started, on the monotonic clock; None: any time.
        run: How long it may run; None: for ever.
        grace: How long the backend may be out of reach.
    """

    queue_until: float | None
    run: float | None
    grace: float


class Observer(Protocol):
    """Whoever wants to know how the run goes on."""

    def queued(self, position: int | None) -> None:
        """It is in ComfyUI's queue, so many before it."""
        ...

    async def started(self) -> None:
        """ComfyUI's worker took it."""
        ...

    def progressed(self, state: RunState) -> None:
        """Something moved."""
        ...

    def left(self, outputs: Mapping[str, JsonObject]) -> None:
        """A node is done and left these outputs."""
        ...

    def noted(self, text: str) -> None:
        """Something worth telling the caller."""
        ...


class Follower:
    """Follows one prompt."""

    def __init__(
        self, backend: Backend, prompt_id: str, observer: Observer, limits: Limits
    ) -> None:
        self.state = RunState(prompt_id)
        self._backend = backend
        self._observer = observer
        self._limits = limits
        self._sighted = True
        self._dark_since: float | None = None
        self._dark_pause = _LOOK_AGAIN
        self._unknown = 0
        self._started: float | None = None
        self._look_at = time.monotonic() + _LOOK_PENDING

    def blind(self) -> None:
        """Stop trusting that every message comes: ask instead."""
        self._sighted = False
        self._look_at = time.monotonic()

    async def until_end(self, following: Following) -> FollowEnd:
        """Return how it ended.

        Raises:
            RunTimedOut: A time limit passed; the prompt is still there.
            BackendError: The backend was out of reach for longer than the grace.
        """
        while True:
            self._refuse_overdue()
            await self._take_all(following)
            if self.state.ended and self._sighted and self.state.ending is not None:
                return self._told(self.state.ending)
            if self.state.ended or time.monotonic() >= self._look_at:
                end = await self._look()
                if end is not None:
                    return end

    @property
    def times(self) -> Mapping[str, NodeTimes]:
        """Node id → when it ran, on the monotonic clock."""
        return self.state.times

    @property
    def began(self) -> float | None:
        """When the run started, on the monotonic clock."""
        return self._started

    def _refuse_overdue(self) -> None:
        now = time.monotonic()
        limits = self._limits
        if self._started is None and limits.queue_until is not None and now >= limits.queue_until:
            raise RunTimedOut(
                "The run had not started when the service's queue_timeout passed.",
                code="queue-timed-out",
                where=self._backend.name,
                mend="Try again later, or give the service a longer queue_timeout.",
            )
        if (
            self._started is not None
            and limits.run is not None
            and now >= self._started + limits.run
        ):
            raise RunTimedOut(
                f"The run took longer than the service's timeout of {limits.run:g} s.",
                where=self._backend.name,
                mend="Ask for less work, or give the service a longer timeout.",
            )

    def _wake_at(self) -> float:
        wake = self._look_at
        if self._started is None:
            if self._limits.queue_until is not None:
                wake = min(wake, self._limits.queue_until)
        elif self._limits.run is not None:
            wake = min(wake, self._started + self._limits.run)
        return wake

    async def _event(self, following: Following) -> Message | SocketLost | Connected | None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(loop.time() + self._wake_at() - time.monotonic()):
                return await following.next()
        except TimeoutError:
            return None

    async def _take_all(self, following: Following) -> None:
        """Wait for what comes next; what has come with it is taken with it, and told once."""
        told = self.state
        event = await self._event(following)
        while event is not None:
            if isinstance(event, SocketLost):
                told = await self._tell(told)  # else it would take the place of the note
            self._take(event)
            event = following.ready()
        await self._tell(told)

    def _take(self, event: Message | SocketLost | Connected) -> None:
        match event:
            case SocketLost(reason):
                self.blind()
                self._observer.noted(
                    f"lost the connection to backend {self._backend.name}: {reason}"
                )
            case Connected():
                self._look_at = time.monotonic()
            case Status(queue_remaining=0) if self._started is None:
                # Ours is neither running nor waiting: over, deleted, or told about to nobody.
                self._look_at = min(self._look_at, time.monotonic() + _LOOK_AGAIN)
            case _:
                self.state = advance(self.state, event, time.monotonic())

    async def _tell(self, told: RunState) -> RunState:
        """Tell the observer what has changed since; return what it knows now."""
        if self.state == told:
            return told
        if self.state.started_at is not None:
            await self._start(self.state.started_at)
        if self.state.outputs is not told.outputs:
            self._observer.left(self.state.outputs)
        self._observer.progressed(self.state)
        return self.state

    async def _start(self, at: float) -> None:
        if self._started is None:
            self._started = at
            self._look_at = at + (_LOOK_RUNNING if self._sighted else _LOOK_BLIND)
            await self._observer.started()

    async def _look(self) -> FollowEnd | None:
        try:
            where = await self._backend.whereabouts(self.state.prompt_id)
        except BackendError as error:
            self._darken(error)
            return None
        if self._dark_since is not None:
            self._dark_since = None
            self._dark_pause = _LOOK_AGAIN
            self._observer.noted(f"backend {self._backend.name} is back")
        now = time.monotonic()
        match where:
            case Finished(entry):
                await self._start(now)
                return _ended(entry)
            case Pending(position):
                self._unknown = 0
                self._observer.queued(position)
                self._look_at = now + (_LOOK_PENDING if self._sighted else _LOOK_BLIND)
            case Running():
                self._unknown = 0
                await self._start(now)
                self._look_at = now + (_LOOK_RUNNING if self._sighted else _LOOK_BLIND)
            case Unknown():
                return self._not_there(now)
        return None

    def _not_there(self, now: float) -> FollowEnd | None:
        if self.state.ended and self.state.ending is not None:
            return self._told(self.state.ending)
        self._unknown += 1
        if self._unknown < 2:
            # Older servers tell queue and history apart: a prompt may slip between the two questions.
            self._look_at = now + _LOOK_AGAIN
            return None
        return Deleted() if self._sighted else Forgotten()

    def _told(self, ending: Ending) -> Ended:
        """Return the end as the messages told it."""
        return Ended(ending, self.state.outputs, self.state.parents, self.state.cached)

    def _darken(self, error: BackendError) -> None:
        now = time.monotonic()
        if self._dark_since is None:
            self._dark_since = now
            self._sighted = False
            self._observer.noted(f"backend {self._backend.name} does not answer: {error.reason}")
        if now - self._dark_since >= self._limits.grace:
            raise error
        self._look_at = now + self._dark_pause
        self._dark_pause = min(self._dark_pause * 2, _LOOK_DARK_LONGEST)


def _ended(entry: HistoryEntry) -> Ended:
    return Ended(entry.ending, entry.outputs, entry.parents, entry.cached)
