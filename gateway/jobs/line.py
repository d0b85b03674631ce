"""The line of jobs that wait for a backend: priority, then a caller's own place in line, then age.

Jobs that may run on the same backends stand in one lane, so that a job whose backend is busy never
hides another one behind it, and finding the next is a look at the lanes' heads.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["Line", "Slots", "Waiting", "choose_backend"]


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
    """

    urgency: int
    place: int
    since: float
    job_id: str
    fitting: frozenset[str]


@dataclass(frozen=True, slots=True)
class Slots:
    """How many runs a backend takes at a time, and how many it has."""

    total: int
    taken: int = 0

    @property
    def free(self) -> int:
        """How many more it takes."""
        return self.total - self.taken


def choose_backend(fitting: Collection[str], slots: Mapping[str, Slots]) -> str | None:
    """Return the least busy backend with a free slot, the first declared of equals; None if none."""
    free = [name for name, each in slots.items() if name in fitting and each.free > 0]
    return min(free, key=lambda name: slots[name].taken / slots[name].total, default=None)


class Line:
    """The jobs that wait. Taking one out from the middle is done when it comes to the head."""

    def __init__(self) -> None:
        self._lanes: dict[frozenset[str], list[Waiting]] = {}
        self._waiting: dict[str, Waiting] = {}

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
        return self._waiting.pop(job_id, None)

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
