"""How jobs went: counts by status, and how long they took and waited. Pure.

A store counts (`Tally`) and hands over the newest of the completed jobs (`Sample`); from these the same
figures are made for every store, and what they cost does not grow with the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from gateway.jobs.job import FINISHED, JobStatus

__all__ = [
    "SAMPLED",
    "Counted",
    "Figures",
    "Period",
    "Sample",
    "Statistics",
    "Tally",
    "Times",
    "statistics_of",
]

SAMPLED = 10_000
"""Of how many of its newest completed jobs a caller's times are told."""

_STATUSES: tuple[JobStatus, ...] = get_args(JobStatus)


@dataclass(frozen=True, slots=True)
class Period:
    """Which jobs are counted: whose, of which service, created since when; None means any."""

    caller: str | None = None
    service: str | None = None
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many jobs of a service have a status."""

    service: str
    status: JobStatus
    count: int


@dataclass(frozen=True, slots=True)
class Sample:
    """A completed job: how long it waited for its run and how long that took, in seconds."""

    service: str
    waited: float
    ran: float


@dataclass(frozen=True, slots=True)
class Counted:
    """What a store knows of a period."""

    tallies: Sequence[Tally] = ()
    samples: Sequence[Sample] = ()


@dataclass(frozen=True, slots=True)
class Times:
    """In seconds: the mean, and what half and 95 of 100 stay within."""

    average: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Figures:
    """How the jobs of one service went, or of all together.

    Attributes:
        counts: Status → how many; only those there are.
        running: How long the runs took; None without a completed one.
        waiting: How long they were waited for.
    """

    counts: Mapping[JobStatus, int]
    running: Times | None = None
    waiting: Times | None = None

    @property
    def total(self) -> int:
        """How many jobs there are."""
        return sum(self.counts.values())

    @property
    def active(self) -> int:
        """How many are unfinished."""
        return sum(count for status, count in self.counts.items() if status not in FINISHED)

    @property
    def success_rate(self) -> float | None:
        """Return which share of those that came to an end of their own completed; None without any."""
        completed = self.counts.get("completed", 0)
        ended = completed + self.counts.get("failed", 0) + self.counts.get("timeout", 0)
        return completed / ended if ended else None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of all jobs of a period, and of each service's, by name."""

    whole: Figures
    services: Mapping[str, Figures]


def statistics_of(counted: Sequence[Counted]) -> Statistics:
    """Return the figures of what stores, or parts of one, have counted."""
    tallies = [each for part in counted for each in part.tallies]
    samples = [each for part in counted for each in part.samples]
    names = sorted({each.service for each in tallies})
    of_service: dict[str, list[Sample]] = {name: [] for name in names}
    for each in samples:
        of_service.setdefault(each.service, []).append(each)
    return Statistics(
        _figures(tallies, samples),
        {
            name: _figures([each for each in tallies if each.service == name], of_service[name])
            for name in names
        },
    )


def _figures(tallies: Iterable[Tally], samples: Sequence[Sample]) -> Figures:
    counts: dict[JobStatus, int] = {}
    for each in tallies:
        counts[each.status] = counts.get(each.status, 0) + each.count
    return Figures(
        {status: counts[status] for status in _STATUSES if status in counts},
        _times([each.ran for each in samples]),
        _times([each.waited for each in samples]),
    )


def _times(seconds: Sequence[float]) -> Times | None:
    if not seconds:
        return None
    # A clock that was set back meanwhile makes no time negative.
    known = sorted(max(each, 0.0) for each in seconds)
    return Times(sum(known) / len(known), _within(known, 0.5), _within(known, 0.95))


def _within(known: Sequence[float], share: float) -> float:
    """Return what this share of sorted times stays within, interpolated between the two nearest."""
    place = (len(known) - 1) * share
    below = int(place)
    above = min(below + 1, len(known) - 1)
    return known[below] + (known[above] - known[below]) * (place - below)
