"""The board on which jobs wait for a worker: procrastinate's tables, and what we ask of them.

A job is on the board at most once: its id is the lock and the queueing lock of its entry. An entry
that is over is removed: what became of the job is told by our own table.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import psycopg
from procrastinate import App, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, ProcrastinateException
from procrastinate.jobs import Job as Entry
from procrastinate.retry import BaseRetryStrategy
from procrastinate.schema import SchemaManager
from procrastinate.worker import Worker
from psycopg_pool import PoolTimeout

from gateway.errors import GatewayError

__all__ = ["Board", "PassOn", "RunEntry", "Terms"]

_TASK = "gateway.run"
_SCHEMA_LOCK = 7_077_108
"""Of PostgreSQL's advisory lock: one gateway at a time makes the tables."""

_CONNECTIONS = 8
_FORGET_AFTER_HOURS = 1

RunEntry = Callable[[JobContext, str], Awaitable[None]]
"""Works on an entry: is told the worker's context and the job's id."""


class PassOn(Exception):
    """The job goes back on the board, in this queue, and waits there for so many seconds at least."""

    def __init__(self, queue: str, seconds: float = 0.0) -> None:
        super().__init__(queue)
        self.queue = queue
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Terms:
    """How a worker works.

    Attributes:
        name: Of its backend.
        queues: From which it takes jobs.
        slots: How many at a time.
        lease: Seconds without a sign of life after which others take over what it had.
    """

    name: str
    queues: list[str]
    slots: int
    lease: float


class Board:
    """Jobs wait here, over all gateways on one database.

    Args:
        url: The database, `postgresql://…`.
        place: What it is called to people, without a password.
    """

    def __init__(self, url: str, place: str) -> None:
        self._url = url
        self._place = place
        # A pooler in transaction mode knows no prepared statements of an earlier transaction.
        self._connector = PsycopgConnector(
            conninfo=url,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=10.0,
            kwargs={"prepare_threshold": None},
            configure=_one_statement_at_a_time,
        )
        self._app = App(connector=self._connector)
        self._has_task = False

    async def open(self) -> None:
        """Connect, and make the tables when they are not there.

        Raises:
            GatewayError: The database cannot be reached or used.
        """
        async with self._telling():
            async with await psycopg.AsyncConnection.connect(
                self._url, autocommit=True, connect_timeout=5
            ) as connection:
                await _make_tables(connection)
            await self._app.open_async()

    async def close(self) -> None:
        """Let go of the database."""
        await self._app.close_async()

    async def put(self, job_id: str, queue: str, priority: int) -> None:
        """Put a job on the board; one that is there already stays as it is.

        Raises:
            GatewayError: The database does not take it.
        """
        deferrer = self._app.configure_task(
            _TASK,
            allow_unknown=True,
            queue=queue,
            priority=priority,
            lock=job_id,
            queueing_lock=job_id,
        )
        async with self._telling():
            with suppress(AlreadyEnqueued):
                await deferrer.defer_async(job_id=job_id)

    async def known(self, job_ids: Collection[str]) -> frozenset[str]:
        """Return those of these jobs that are on the board."""
        query = (
            "SELECT lock FROM procrastinate_jobs"
            " WHERE lock = ANY(%(ids)s) AND status IN ('todo', 'doing')"
        )
        async with self._telling():
            rows = await self._connector.execute_query_all_async(query, ids=list(job_ids))
        return frozenset(str(each["lock"]) for each in rows)

    async def withdraw(self, job_id: str) -> bool:
        """Take a job that waits off the board; False when it does not wait there."""
        manager = self._app.job_manager
        async with self._telling():
            found = [
                await manager.cancel_job_by_id_async(entry, delete_job=True)
                for entry in await self._entries(job_id)
            ]
        return any(found)

    async def move(self, job_id: str, queue: str) -> None:
        """Put a job that still waits into another queue, and tell its workers."""
        query = (
            "WITH moved AS (UPDATE procrastinate_jobs SET queue_name = %(queue)s"
            " WHERE lock = %(job)s AND status = 'todo' RETURNING id)"
            " SELECT pg_notify('procrastinate_queue_v1#' || %(queue)s,"
            " json_build_object('type', 'job_inserted', 'job_id', id)::text) FROM moved"
        )
        async with self._telling():
            await self._connector.execute_query_all_async(query, job=job_id, queue=queue)

    async def waiting_for(self, kind: str) -> list[str]:
        """Return some of the jobs that wait in queues whose names begin so."""
        query = (
            "SELECT lock FROM procrastinate_jobs"
            " WHERE status = 'todo' AND starts_with(queue_name, %(kind)s) LIMIT 500"
        )
        async with self._telling():
            rows = await self._connector.execute_query_all_async(query, kind=kind)
        return [str(each["lock"]) for each in rows]

    async def abort(self, job_id: str) -> bool:
        """Have the worker that has a job stop it; False when none has it."""
        manager = self._app.job_manager
        async with self._telling():
            found = [
                await manager.cancel_job_by_id_async(entry, abort=True)
                for entry in await self._entries(job_id)
            ]
        return any(found)

    async def take_back(self, lease: float) -> int:
        """Put what silent workers had back on the board; return how many.

        Args:
            lease: Seconds without a sign of life after which a worker is taken for dead.
        """
        manager = self._app.job_manager
        async with self._telling():
            stalled = list(await manager.get_stalled_jobs(seconds_since_heartbeat=lease))
            for each in stalled:
                if each.id is not None:
                    with suppress(ConnectorException):  # another gateway was faster
                        await manager.retry_job_by_id_async(each.id, retry_at=_now())
        return len(stalled)

    async def forget(self) -> None:
        """Remove entries that ended otherwise than well: our own table tells what became of them."""
        async with self._telling():
            await self._app.job_manager.delete_old_jobs(
                nb_hours=_FORGET_AFTER_HOURS,
                include_failed=True,
                include_cancelled=True,
                include_aborted=True,
            )

    def worker(self, terms: Terms, run: RunEntry) -> Worker:
        """Return a worker that takes jobs once it is run; `run` is told of each."""
        if not self._has_task:
            self._has_task = True
            self._app.task(name=_TASK, pass_context=True, retry=_HandOn())(_entry)
        return Worker(
            self._app,
            queues=terms.queues,
            name=terms.name,
            concurrency=terms.slots,
            # Notifications wake it at once; behind a pooler that keeps them back, this does.
            fetch_job_polling_interval=1.0,
            abort_job_polling_interval=1.0,
            shutdown_graceful_timeout=0.01,
            delete_jobs="always",
            additional_context={"run": run},
            install_signal_handlers=False,
            update_heartbeat_interval=terms.lease / 3,
            stalled_worker_timeout=terms.lease,
        )

    async def _entries(self, job_id: str) -> list[int]:
        query = (
            "SELECT id FROM procrastinate_jobs WHERE lock = %(job)s AND status IN ('todo', 'doing')"
        )
        rows = await self._connector.execute_query_all_async(query, job=job_id)
        return [int(each["id"]) for each in rows]

    @asynccontextmanager
    async def _telling(self) -> AsyncGenerator[None]:
        try:
            yield
        except (ProcrastinateException, psycopg.Error, PoolTimeout, OSError) as error:
            origin = error.__cause__ if isinstance(error, ConnectorException) else error
            raise GatewayError(
                f"The jobs' database {self._place} does not answer.",
                code="store-unreachable",
                where=self._place,
                found=f"{type(origin).__name__}: {origin}".strip().partition("\n")[0][:300],
                mend="Start it, or correct `jobs.store`; then call again.",
            ) from error


class _HandOn(BaseRetryStrategy):
    """Entries go back on the board when they are passed on, or when their worker goes home."""

    def get_retry_decision(self, *, exception: BaseException, job: Entry) -> RetryDecision | None:
        """Return where to, or None: the entry is over."""
        del job
        match exception:
            case PassOn(queue=queue, seconds=seconds):
                return RetryDecision(retry_at=_now() + timedelta(seconds=seconds), queue=queue)
            case asyncio.CancelledError():
                return RetryDecision(retry_at=_now())
            case _:
                return None


async def _entry(context: JobContext, job_id: str) -> None:
    told = cast("dict[str, object]", context.additional_context)  # pyright: ignore[reportUnknownMemberType]
    run = cast("RunEntry", told["run"])
    await run(context, job_id)


async def _one_statement_at_a_time(connection: psycopg.AsyncConnection) -> None:
    # Every question is one statement: with a transaction around it, it would be three.
    await connection.set_autocommit(True)


async def _make_tables(connection: psycopg.AsyncConnection) -> None:
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_SCHEMA_LOCK,))
        there = await connection.execute("SELECT to_regclass('procrastinate_jobs')")
        row = await there.fetchone()
        if row is None or row[0] is None:
            await connection.execute(SchemaManager.get_schema())


def _now() -> datetime:
    return datetime.now(UTC)
