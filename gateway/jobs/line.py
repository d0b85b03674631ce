"""The line of jobs that wait for a backend: priority, then a caller's own place in line, then age.

Jobs that may run on the same backends stand in one lane, so that a job whose backend is busy never
hides another one behind it, and finding the next is a look at the lanes' heads.

Loading models takes ComfyUI longer than many a run, so a job whose models a backend has loaded may go
before a few others of its priority that would have to load theirs; each is passed over a few times only.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

__all__ = ["PASSED_AT_MOST", "Line", "Placed", "Slots", "Waiting", "choose_backend"]

PASSED_AT_MOST = 4
"""How many jobs may go before one because their models are loaded, while it waits in line."""

_PLACES = 8
"""How far from the head of the line a job may come from."""

_LOOKED_AT = 64
"""Entries of a lane that are looked at for these; those of jobs that have left are among them."""


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """A job in line; the order of the fields is the order of service.

    Attributes:
        urgency: Minus the priority, so that the smallest goes first.
        place: How many unfinished jobs its caller had when it came: one caller's hundred jobs
            do not starve another's one.
        since: When it came, seconds since the epoch.
        job_id: The job.
        fitting: Names of the backends it may run on.
        models: The model files that its run loads.
    """

    urgency: int
    place: int
    since: float
    job_id: str
    fitting: frozenset[str]
    models: frozenset[str] = field(default=frozenset(), compare=False)

    def is_warm(self, loaded: Collection[str]) -> bool:
        """Tell whether all its models are among these."""
        return self.models.issubset(loaded)


@dataclass(frozen=True, slots=True)
class Placed:
    """A job and the backend that takes it.

    Attributes:
        free: How many of the backends it may run on had a free slot.
        loaded: Those of its models that the backend has loaded.
    """

    waiting: Waiting
    backend: str
    free: int
    loaded: frozenset[str]


@dataclass(frozen=True, slots=True)
class Slots:
    """How many runs a backend takes at a time, and how many it has."""

    total: int
    taken: int = 0

    @property
    def free(self) -> int:
        """How many more it takes."""
        return self.total - self.taken


def choose_backend(
    waiting: Waiting, slots: Mapping[str, Slots], loaded: Mapping[str, frozenset[str]]
) -> str | None:
    """Return the backend with a free slot that suits a job best; None if none has one.

    That is the one that has most of its models loaded; of equals the least busy, then one that has
    nothing else loaded, then the first declared.

    Args:
        waiting: The job.
        slots: Of each backend, by name.
        loaded: Name → models that it has loaded.
    """

    def rank(name: str) -> tuple[int, float, bool]:
        """Return how well it suits; the smallest suits best."""
        there = loaded.get(name, frozenset())
        return (-len(waiting.models & there), slots[name].taken / slots[name].total, bool(there))

    free = (name for name, each in slots.items() if name in waiting.fitting and each.free > 0)
    return min(free, key=rank, default=None)


class Line:
    """The jobs that wait. Taking one out from the middle is done when it comes to the head."""

    def __init__(self) -> None:
        self._lanes: dict[frozenset[str], list[Waiting]] = {}
        self._waiting: dict[str, Waiting] = {}
        self._passed: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Waiting]:
        return iter(sorted(self._waiting.values()))

    def add(self, waiting: Waiting) -> None:
        """Put a job in line."""
        self._waiting[waiting.job_id] = waiting
        heapq.heappush(self._lanes.setdefault(waiting.fitting, []), waiting)

    def remove(self, job_id: str) -> Waiting | None:
        """Take a job out of line, wherever it stands; None when it is not in line."""
        self._passed.pop(job_id, None)
        return self._waiting.pop(job_id, None)

    def place(
        self, slots: Mapping[str, Slots], loaded: Mapping[str, frozenset[str]]
    ) -> Placed | None:
        """Take the next job out of line, with the backend it goes to; None when none can go.

        Args:
            slots: Of the backends that take runs, by name.
            loaded: Name → models that it has loaded.
        """
        free = [name for name, each in slots.items() if each.free > 0]
        head = self.next_for(free)
        name = choose_backend(head, slots, loaded) if head is not None else None
        if head is None or name is None:
            return None
        there = loaded.get(name, frozenset())
        chosen = head if head.is_warm(there) else self._pass_over(head, name, there)
        self.remove(chosen.job_id)
        fitting_free = sum(each in chosen.fitting for each in free)
        return Placed(chosen, name, fitting_free, chosen.models & there)

    def next_for(self, open_backends: Collection[str]) -> Waiting | None:
        """Return the job that one of these backends should take now, still in line; None if none."""
        heads: list[Waiting] = []
        for fitting in [each for each in self._lanes if each.intersection(open_backends)]:
            lane = self._lanes[fitting]
            while lane and self._waiting.get(lane[0].job_id) is not lane[0]:
                heapq.heappop(lane)
            if lane:
                heads.append(lane[0])
            else:
                del self._lanes[fitting]
        return min(heads, default=None)

    def position(self, job_id: str) -> int | None:
        """Return how many jobs of its lane are before it; None when it is not in line."""
        mine = self._waiting.get(job_id)
        if mine is None:
            return None
        return sum(each < mine for each in self._waiting.values() if each.fitting & mine.fitting)

    def _pass_over(self, head: Waiting, name: str, loaded: frozenset[str]) -> Waiting:
        """Return the job that goes to a backend before the head because its models are there; else it."""
        passed: list[Waiting] = []
        for each in islice(self._in_order(name), _PLACES):
            if each.urgency != head.urgency:
                break
            if each.models and each.is_warm(loaded):
                self._passed.update((one.job_id, self._times(one) + 1) for one in passed)
                return each
            if self._times(each) >= PASSED_AT_MOST:
                break
            passed.append(each)
        return head

    def _times(self, waiting: Waiting) -> int:
        return self._passed.get(waiting.job_id, 0)

    def _in_order(self, name: str) -> Iterator[Waiting]:
        """Yield the jobs that may run on a backend, next first."""
        lanes = (lane for fitting, lane in self._lanes.items() if name in fitting)
        for each in heapq.merge(*(islice(_sorted(lane), _LOOKED_AT) for lane in lanes)):
            if self._waiting.get(each.job_id) is each:
                yield each


def _sorted(heap: list[Waiting]) -> Iterator[Waiting]:
    """Yield what a heap holds, smallest first, without sorting what is not asked for."""
    ahead = [(heap[0], 0)] if heap else []
    while ahead:
        each, at = heapq.heappop(ahead)
        yield each
        for below in range(2 * at + 1, min(2 * at + 3, len(heap))):
            heapq.heappush(ahead, (heap[below], below))
