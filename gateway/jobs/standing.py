"""How a backend stands with the gateways: trusted or not, drained or not, and what it works on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from gateway.jobs.circuit import CircuitState
from gateway.jobs.job import Job

__all__ = ["Draining", "Standing", "draining_of", "runs_on"]

Draining = Literal["draining", "drained"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a backend stands with this gateway.

    Attributes:
        since: When its circuit was last left closed, seconds since the epoch; None while it is.
        reason: What it did wrong, or empty.
        drained: Whether somebody said that it takes no new runs.
        models: What it has loaded, as far as is known.
    """

    state: CircuitState = "closed"
    since: float | None = None
    reason: str = ""
    drained: bool = False
    models: frozenset[str] = frozenset()


def runs_on(jobs: Iterable[Job]) -> Mapping[str, int]:
    """Return how many of these jobs have a run under way on each backend, by name."""
    runs = (job.run for job in jobs if not job.finished)
    return Counter(run.backend for run in runs if run is not None and run.ended_at is None)


def draining_of(*, drained: bool, runs: int) -> Draining | None:
    """Return the word for a backend that takes no new runs; None for one that takes them.

    Args:
        drained: Whether somebody said so.
        runs: How many of the gateways' runs are under way there.
    """
    if not drained:
        return None
    return "draining" if runs else "drained"
