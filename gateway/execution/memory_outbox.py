"""Deliveries that last as long as the process."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.jobs.delivery import Delivery
from gateway.jobs.job import Job

__all__ = ["MemoryOutbox"]


class MemoryOutbox:
    """Keeps deliveries in a dict, in the order they came; implements `Outbox`."""

    def __init__(self) -> None:
        self._deliveries: dict[str, Delivery] = {}
        # Job id → when it is due, on the monotonic clock; pending ones only.
        self._due: dict[str, float] = {}

    def intend(self, job: Job) -> None:
        """Take the end of a job, once."""
        if job.id not in self._deliveries:
            self._deliveries[job.id] = Delivery(job.id, job.service)
            self._due[job.id] = time.monotonic()

    def remove(self, job_id: str) -> None:
        """Forget the delivery of a job."""
        self._deliveries.pop(job_id, None)
        self._due.pop(job_id, None)

    async def waiting(self) -> Mapping[str, float]:
        """Return the services with pending deliveries: name → seconds until the first is due."""
        now = time.monotonic()
        soonest: dict[str, float] = {}
        for job_id, due in self._due.items():
            service = self._deliveries[job_id].service
            soonest[service] = min(due - now, soonest.get(service, due - now))
        return soonest

    async def claim(self, service: str, count: int, lease: float) -> Sequence[Delivery]:
        """Take at most `count` due deliveries of a service for so many seconds."""
        now = time.monotonic()
        due = [
            job_id
            for job_id, at in self._due.items()
            if at <= now and self._deliveries[job_id].service == service
        ]
        for job_id in due[:count]:
            claimed = self._deliveries[job_id]
            self._deliveries[job_id] = replace(claimed, attempts=claimed.attempts + 1)
            self._due[job_id] = now + lease
        return [self._deliveries[job_id] for job_id in due[:count]]

    async def settle(self, delivery: Delivery, delay: float) -> None:
        """Keep what became of a claimed delivery."""
        kept = self._deliveries.get(delivery.job_id)
        if kept is None or kept.status != "pending":
            return
        if kept.attempts != delivery.attempts and delivery.status != "delivered":
            return
        self._deliveries[delivery.job_id] = replace(delivery, attempts=kept.attempts)
        if delivery.status == "pending":
            self._due[delivery.job_id] = time.monotonic() + delay
        else:
            del self._due[delivery.job_id]

    async def get(self, job_id: str) -> Delivery | None:
        """Return the delivery of a job, or None."""
        return self._deliveries.get(job_id)
