"""Telling a webhook how a job ended: what is on its way, what came of an attempt, when the next one is due.

Pure: the clock and chance come in as arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, TypeAlias

from gateway.jobs.job import Job
from gateway.services.webhook import Webhook

__all__ = [
    "Courier",
    "Delivery",
    "DeliveryStatus",
    "NotNow",
    "Outbox",
    "Reception",
    "Refused",
    "Taken",
    "after_attempt",
]

DeliveryStatus = Literal["pending", "delivered", "failed"]

_FIRST_PAUSE = 5.0
_FACTOR = 4
_LONGEST_PAUSE = 3600.0
_SHORTEST_WISH = 1.0
_JITTER = 0.25


@dataclass(frozen=True, slots=True)
class Delivery:
    """The end of a job, on its way to the webhook of its service.

    Attributes:
        attempts: Begun so far.
        last_error: What came of the last one, or empty.
    """

    job_id: str
    service: str
    status: DeliveryStatus = "pending"
    attempts: int = 0
    last_error: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """The receiver has it."""


@dataclass(frozen=True, slots=True)
class NotNow:
    """It did not arrive, or the receiver cannot take it now.

    Attributes:
        wish: Seconds after which the receiver wants to be asked again, if it said.
    """

    error: str
    wish: float | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Another attempt would come to the same."""

    error: str


Reception: TypeAlias = Taken | NotNow | Refused
"""What came of an attempt."""


def after_attempt(
    delivery: Delivery, reception: Reception, attempts: int, chance: float
) -> tuple[Delivery, float]:
    """Return a delivery as it is after an attempt, and in how many seconds the next one is due.

    Args:
        delivery: As it was claimed: the attempt counts.
        reception: What came of the attempt.
        attempts: How many there are at most.
        chance: From 0 up to 1: spreads what failed together.
    """
    if isinstance(reception, Taken):
        return replace(delivery, status="delivered", last_error=""), 0.0
    error = reception.error
    if isinstance(reception, Refused) or delivery.attempts >= attempts:
        return replace(delivery, status="failed", last_error=error), 0.0
    return replace(delivery, last_error=error), _pause(delivery.attempts, reception.wish, chance)


def _pause(attempts: int, wish: float | None, chance: float) -> float:
    if wish is not None:
        return min(max(wish, _SHORTEST_WISH), _LONGEST_PAUSE)
    pause = min(_FIRST_PAUSE * _FACTOR ** (attempts - 1), _LONGEST_PAUSE)
    return pause * (1 - _JITTER + 2 * _JITTER * chance)


class Outbox(Protocol):
    """Keeps deliveries, beside the jobs and as safe as these; each goes with its job.

    A store puts one in when it keeps the end of a job that is in the job's `tells`.
    """

    async def waiting(self) -> Mapping[str, float]:
        """Return the services with pending deliveries: name → seconds until the first is due."""
        ...

    async def claim(self, service: str, count: int, lease: float) -> Sequence[Delivery]:
        """Take at most `count` due deliveries of a service; for `lease` seconds nobody else gets them.

        Each comes with one more attempt, counted now: who dies during it has made it.
        """
        ...

    async def settle(self, delivery: Delivery, delay: float) -> None:
        """Keep what became of a claimed delivery; a pending one is due again in `delay` seconds."""
        ...

    async def get(self, job_id: str) -> Delivery | None:
        """Return the delivery of a job, or None when its end is told to nobody."""
        ...


class Courier(Protocol):
    """Makes attempts."""

    async def tell(self, webhook: Webhook, job: Job) -> Reception:
        """Tell a webhook how a job ended; within a time limit, and without raising."""
        ...
