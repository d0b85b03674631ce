"""What is on its way to webhooks, beside the jobs in their database: implements `Outbox`.

Each delivery is claimed for a while by one gateway, which none of the others disturbs; what one that
died has claimed is due again at the end of that while.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar, cast

from sqlalchemy import Connection, delete, func, select, text, update

from gateway.database.tables import DELIVERIES
from gateway.jobs.delivery import Delivery, DeliveryStatus
from gateway.jobs.job import Job

__all__ = ["DatabaseOutbox"]

T = TypeVar("T")

_LONGEST_ERROR = 300

# The end that a job has is told, whoever believes it to have another one; and it is told once.
_INTEND = text(
    "INSERT INTO gateway_webhooks (job_id, service, status, attempts, due_at, last_error)"
    " SELECT id, service, 'pending', 0, 0, '' FROM gateway_jobs WHERE id = :id AND status = :status"
    " ON CONFLICT (job_id) DO NOTHING"
)


class _Database(Protocol):
    """What does work in a transaction."""

    async def do(self, work: Callable[[Connection], T]) -> T:
        """Do it and return its result once that is safe."""
        ...


class DatabaseOutbox:
    """Keeps deliveries in the database of the jobs."""

    def __init__(self, database: _Database) -> None:
        self._database = database

    def intend(self, connection: Connection, job: Job) -> None:
        """Take the end of a job, in the transaction that keeps it."""
        connection.execute(_INTEND, {"id": job.id, "status": job.status})

    def remove(self, connection: Connection, job_ids: Sequence[str]) -> None:
        """Forget the deliveries of jobs, in the transaction that removes these."""
        connection.execute(delete(DELIVERIES).where(DELIVERIES.c.job_id.in_(job_ids)))

    async def waiting(self) -> Mapping[str, float]:
        """Return the services with pending deliveries: name → seconds until the first is due."""
        first = (
            select(DELIVERIES.c.service, func.min(DELIVERIES.c.due_at).label("due_at"))
            .where(DELIVERIES.c.status == "pending")
            .group_by(DELIVERIES.c.service)
        )

        def look(connection: Connection) -> Mapping[str, float]:
            """Ask, and compare with the database's clock."""
            rows = connection.execute(first).all()
            now = _now(connection) if rows else 0.0
            return {each.service: each.due_at - now for each in rows}

        return await self._database.do(look)

    async def claim(self, service: str, count: int, lease: float) -> Sequence[Delivery]:
        """Take at most `count` due deliveries of a service for so many seconds."""

        def take(connection: Connection) -> list[Delivery]:
            """Find those that nobody else is taking, and take them."""
            now = _now(connection)
            due = (
                select(DELIVERIES)
                .where(
                    DELIVERIES.c.status == "pending",
                    DELIVERIES.c.service == service,
                    DELIVERIES.c.due_at <= now,
                )
                .order_by(DELIVERIES.c.due_at, DELIVERIES.c.job_id)
                .limit(count)
                .with_for_update(skip_locked=True)
            )
            rows = connection.execute(due).all()
            claimed = update(DELIVERIES).where(
                DELIVERIES.c.job_id.in_([each.job_id for each in rows])
            )
            more = DELIVERIES.c.attempts + 1
            connection.execute(claimed.values(due_at=now + lease, attempts=more))
            return [
                Delivery(each.job_id, service, "pending", each.attempts + 1, each.last_error)
                for each in rows
            ]

        return await self._database.do(take)

    async def settle(self, delivery: Delivery, delay: float) -> None:
        """Keep what became of a claimed delivery.

        One that another gateway has claimed meanwhile is that one's, unless it has arrived.
        """
        mine = update(DELIVERIES).where(
            DELIVERIES.c.job_id == delivery.job_id, DELIVERIES.c.status == "pending"
        )
        if delivery.status != "delivered":
            mine = mine.where(DELIVERIES.c.attempts == delivery.attempts)

        def keep(connection: Connection) -> None:
            """Put it in the place of what was."""
            connection.execute(
                mine.values(
                    status=delivery.status,
                    last_error=delivery.last_error[:_LONGEST_ERROR],
                    due_at=_now(connection) + delay,
                )
            )

        await self._database.do(keep)

    async def get(self, job_id: str) -> Delivery | None:
        """Return the delivery of a job, or None."""
        wanted = select(DELIVERIES).where(DELIVERIES.c.job_id == job_id)
        row = await self._database.do(lambda connection: connection.execute(wanted).one_or_none())
        if row is None:
            return None
        status = cast("DeliveryStatus", row.status)
        return Delivery(row.job_id, row.service, status, row.attempts, row.last_error)


def _now(connection: Connection) -> float:
    """Return the time by one clock for all gateways: the server's, or that of the one machine."""
    if connection.dialect.name == "sqlite":
        return time.time()
    clock = func.extract("epoch", func.clock_timestamp())
    return float(connection.execute(select(clock)).scalar_one())
