"""The job store on a database: implements `JobStore` for SQLite and PostgreSQL alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from gateway.database import history
from gateway.database.failure import store_failed
from gateway.database.lane import Lane
from gateway.database.outbox import DatabaseOutbox
from gateway.database.prepared import Prepared
from gateway.database.tables import BACKENDS, JOB_INPUTS, JOBS
from gateway.errors import GatewayError
from gateway.jobs.job import Job, JobStatus
from gateway.jobs.statistics import Counted, Period, Statistics, statistics_of
from gateway.jobs.store import Expired, Expiry, JobPage, JobQuery, JobTaken, Ran
from gateway.jobs.stored import job_of, record_of

__all__ = ["DatabaseJobStore"]


def _put() -> Prepared:
    """Return an insert that changes the row when it is there: done twice it is done once."""
    # SQLite knows the same words as PostgreSQL, so one statement serves both.
    new = insert(JOBS)
    names = [column.name for column in JOBS.c]
    changed = {name: new.excluded[name] for name in names if name not in {"id", "stop"}}
    put = new.on_conflict_do_update(index_elements=[JOBS.c.id], set_=changed)
    return Prepared(put, names)


def _put_own() -> Prepared:
    """Return a change of a row that is unfinished and this gateway's.

    A gateway that was silent for too long does not know that its jobs are another's by now: the row
    does. And a job that could not be kept is not kept by a later state of it.
    """
    own = update(JOBS).where(
        JOBS.c.id == bindparam("job"),
        JOBS.c.owner == bindparam("mine"),
        text("status IN ('pending', 'running')"),
    )
    names = [column.name for column in JOBS.c if column.name not in {"id", "stop"}]
    return Prepared(own.values({name: bindparam(f"new_{name}") for name in names}), [])


_PUT = _put()
_PUT_OWN = _put_own()
_PUT_NEW = Prepared(insert(JOBS).on_conflict_do_nothing(), [column.name for column in JOBS.c])

T = TypeVar("T")


class DatabaseJobStore:
    """Keeps jobs in a database.

    Args:
        lane: Does the work; it is there for whoever looks into the database beside the jobs.
        place: What the database is called to people.
        owner: Id of this gateway; unfinished jobs it adds are its own.
    """

    def __init__(self, lane: Lane, place: str, owner: str) -> None:
        self.lane = lane
        self.outbox = DatabaseOutbox(self)
        self.place = place
        self._owner = owner

    async def add(self, job: Job) -> None:
        """Keep a new job; when this returns it is on the disk.

        Raises:
            GatewayError: The database cannot take it, or was away for too long.
        """
        await self.begin(job)

    def begin(self, job: Job) -> Awaitable[None]:
        """Begin to keep a new job, in one transaction with what comes right after it."""
        done = self.lane.do_soon(lambda connection: self._add(connection, job))

        async def safe() -> None:
            """Wait until it is on the disk."""
            await asyncio.sleep(0)  # a run that can start at once is recorded meanwhile
            await self.do(lambda _: None)
            try:
                await done
            except SQLAlchemyError as error:
                raise store_failed(error, self.place) from error

        return safe()

    async def claim(self, job: Job, *others: Job) -> Job:
        """Keep a new job and those that belong to it, or return the one its caller has with its key.

        Raises:
            GatewayError: The database cannot take it, or was away for too long.
        """
        is_it = _has_key(job.caller, job.key) if job.key else [JOBS.c.id == job.id]

        def take(connection: Connection) -> str:
            """Insert it, which waits for whoever inserts the same key, and look who has it."""
            _PUT_NEW.run(connection, _columns(job, self._owner))
            found = connection.execute(select(JOBS.c.id, JOBS.c.record).where(*is_it)).one()
            if found.id == job.id:
                self._keep_inputs(connection, job)
                for each in others:
                    self._add(connection, each)
            return found.record

        return self._job(await self.do(take))

    async def keyed(self, caller: str, key: str) -> Job | None:
        """Return a caller's job with that key, or None."""
        found = await self.do(
            lambda connection: connection.execute(
                select(JOBS.c.record).where(*_has_key(caller, key))
            ).scalar_one_or_none()
        )
        return None if found is None else self._job(found)

    async def save(self, job: Job) -> None:
        """Put a newer state in the place of the old one; a finished one stays as it is.

        An end need not be on the disk: after a loss of power the next gateway finds the same end in
        ComfyUI's history. It outlasts the end of this process, though.

        Raises:
            JobTaken: The job is unfinished, and another gateway's by now, or nobody's.
            GatewayError: The database cannot take it, or was away for too long.
        """

        def put(connection: Connection) -> None:
            """Put it, or find out why not."""
            if not self._put_own(connection, job):
                left = select(JOBS.c.owner).where(JOBS.c.id == job.id)
                owner = connection.execute(left).scalar_one_or_none()
                if owner is None and job.finished:
                    return  # it was never kept, and need not be
                if owner not in {"", self._owner}:
                    raise JobTaken(job.id)

        await self.do(put, on_disk=not job.finished)

    def save_soon(self, job: Job) -> None:
        """Do the same without waiting: what comes after it finds it done."""
        self.lane.do_soon(lambda connection: self._put_own(connection, job), on_disk=False)

    def _put_own(self, connection: Connection, job: Job) -> bool:
        columns = _columns(job, "" if job.finished else self._owner)
        values = {f"new_{name}": value for name, value in columns.items()}
        put = _PUT_OWN.run(connection, {**values, "job": job.id, "mine": self._owner}) > 0
        if put and job.status in job.tells:
            self.outbox.intend(connection, job)
        return put

    async def get(self, job_id: str) -> Job | None:
        """Return a job, or None."""
        found = await self.do(
            lambda connection: connection.execute(
                select(JOBS.c.record).where(JOBS.c.id == job_id)
            ).scalar_one_or_none()
        )
        return None if found is None else self._job(found)

    async def list(self, query: JobQuery) -> JobPage:
        """Return a page of jobs, newest first."""
        fits = _fits(query)
        count = select(func.count()).select_from(JOBS).where(*fits)
        page = select(JOBS.c.record).where(*fits).order_by(JOBS.c.created_at.desc(), JOBS.c.id)
        page = page.limit(query.limit).offset(query.offset)

        def look(connection: Connection) -> tuple[int, Sequence[str]]:
            """Return how many fit, and the page's records."""
            total = connection.execute(count).scalar_one()
            return total, connection.execute(page).scalars().all()

        total, records = await self.do(look)
        return JobPage(total, tuple(self._readable(records)))

    async def counts(self, caller: str | None = None) -> Mapping[JobStatus, int]:
        """Return how many jobs there are in each status."""
        counted = select(JOBS.c.status, func.count()).group_by(JOBS.c.status)
        if caller is not None:
            counted = counted.where(JOBS.c.caller == caller)
        rows = await self.do(lambda connection: connection.execute(counted).all())
        return {cast("JobStatus", status): number for status, number in rows}

    async def newest_runs(self, service: str) -> Sequence[Ran]:
        """Return where the last hundred completed jobs of a service ran, and how long."""
        return await self.do(lambda connection: history.newest_runs(connection, service))

    async def statistics(self, period: Period) -> Statistics:
        """Return how the jobs of a period went; other calls come between one caller and the next."""
        whose = [period.caller] if period.caller is not None else await self.do(history.callers)
        parts = [replace(period, caller=caller) for caller in whose]
        return statistics_of([await self._counted(each) for each in parts])

    async def _counted(self, period: Period) -> Counted:
        return await self.do(lambda connection: history.counted(connection, period))

    async def expired(self, expiry: Expiry, most: int) -> Sequence[Expired]:
        """Return finished jobs that may go, the oldest first, and at most so many."""
        return await self.do(lambda connection: history.expired(connection, expiry, most))

    async def count_expired(self, expiry: Expiry) -> int:
        """Return how many finished jobs may go."""
        return await self.do(lambda connection: history.count_expired(connection, expiry))

    async def remove(self, job_ids: Sequence[str]) -> None:
        """Forget jobs."""
        ids = list(job_ids)

        def forget(connection: Connection) -> None:
            """Remove them, what says which files they needed, and what is told of them."""
            connection.execute(delete(JOB_INPUTS).where(JOB_INPUTS.c.job_id.in_(ids)))
            self.outbox.remove(connection, ids)
            connection.execute(delete(JOBS).where(JOBS.c.id.in_(ids)))

        if ids:
            await self.do(forget)

    async def unused(self, digests: Sequence[str]) -> Sequence[str]:
        """Return those of these input files that no job refers to."""
        used = select(JOB_INPUTS.c.digest).where(JOB_INPUTS.c.digest.in_(list(digests)))
        found = set(await self.do(lambda connection: connection.execute(used).scalars().all()))
        return [each for each in digests if each not in found]

    # --- the backends of all gateways here ---

    async def drained(self) -> Mapping[str, float]:
        """Return the backends that take no new runs: name → since when."""
        rows = await self.do(lambda connection: connection.execute(select(BACKENDS)).all())
        return {each.name: each.drained_at for each in rows}

    async def drain(self, backend: str, since: float | None) -> None:
        """Have a backend take no new runs, or with None take them again."""
        if since is None:
            change = delete(BACKENDS).where(BACKENDS.c.name == backend)
        else:
            change = insert(BACKENDS).values(name=backend, drained_at=since)
            change = change.on_conflict_do_nothing()
        await self.do(lambda connection: connection.execute(change))

    async def under_way(self) -> Sequence[Job]:
        """Return the unfinished jobs that have a run, whichever gateway's they are."""
        begun = select(JOBS.c.record).where(JOBS.c.owner != "", JOBS.c.backend != "")
        records = await self.do(lambda connection: connection.execute(begun).scalars().all())
        return list(self._readable(records))

    async def newest(self, count: int) -> Sequence[Job]:
        """Return the jobs that came last, newest first."""
        last = select(JOBS.c.record).order_by(JOBS.c.created_at.desc(), JOBS.c.id).limit(count)
        records = await self.do(lambda connection: connection.execute(last).scalars().all())
        return list(self._readable(records))

    # --- several gateways on one database ---

    async def owners(self) -> frozenset[str]:
        """Return the ids of the other gateways that have unfinished jobs here."""
        theirs = select(JOBS.c.owner).where(JOBS.c.owner.not_in(["", self._owner])).distinct()
        return frozenset(
            await self.do(lambda connection: connection.execute(theirs).scalars().all())
        )

    async def adopt(self, owner: str, most: int) -> Sequence[Job]:
        """Take over the oldest unfinished jobs of a gateway that is gone, each by one adopter alone.

        One that cannot be read is nobody's from then on, and whoever asks for it is told so.
        """
        its = select(JOBS.c.id).where(JOBS.c.owner == owner).order_by(JOBS.c.created_at)
        oldest = and_(JOBS.c.owner == owner, JOBS.c.id.in_(its.limit(most)))
        take = (
            update(JOBS).where(oldest).values(owner=self._owner).returning(JOBS.c.id, JOBS.c.record)
        )
        rows = await self.do(lambda connection: connection.execute(take).all())
        jobs = {job.id: job for job in self._readable([each.record for each in rows])}
        if lost := [each.id for each in rows if each.id not in jobs]:
            put_aside = (
                update(JOBS)
                .where(JOBS.c.id.in_(lost))
                .values(owner="", status="failed", completed_at=JOBS.c.created_at)
            )
            await self.do(lambda connection: connection.execute(put_aside))
        return sorted(jobs.values(), key=lambda job: job.created_at)

    async def ask_to_stop(self, job_id: str, reason: str) -> None:
        """Ask the owner of an unfinished job to stop it."""
        unfinished = and_(JOBS.c.id == job_id, JOBS.c.owner != "")
        asked = update(JOBS).where(unfinished).values(stop=reason)
        await self.do(lambda connection: connection.execute(asked))

    async def unfinished(self, since: float, before: float) -> Sequence[str]:
        """Return the ids of this gateway's own unfinished jobs that came in that time."""
        came = JOBS.c.created_at
        mine = select(JOBS.c.id).where(JOBS.c.owner == self._owner, came >= since, came < before)
        return await self.do(lambda connection: connection.execute(mine).scalars().all())

    async def asked_to_stop(self) -> Mapping[str, str]:
        """Return this gateway's own jobs that others asked to stop: id → reason."""
        asked = select(JOBS.c.id, JOBS.c.stop).where(JOBS.c.owner == self._owner, JOBS.c.stop != "")
        rows = await self.do(lambda connection: connection.execute(asked).all())
        return {each.id: each.stop for each in rows}

    async def close(self) -> None:
        """Finish what is under way and let go of the database."""
        await self.lane.close()

    def _add(self, connection: Connection, job: Job) -> None:
        _PUT.run(connection, _columns(job, "" if job.finished else self._owner))
        self._keep_inputs(connection, job)

    def _keep_inputs(self, connection: Connection, job: Job) -> None:
        digests = {each.digest for each in job.inputs}
        if digests:
            rows = [{"job_id": job.id, "digest": each} for each in sorted(digests)]
            connection.execute(insert(JOB_INPUTS).on_conflict_do_nothing(), rows)

    async def do(self, work: Callable[[Connection], T], *, on_disk: bool = True) -> T:
        """Do work in a transaction; every method here goes this way.

        Raises:
            GatewayError: The database cannot do it, or was away for too long.
        """
        try:
            return await self.lane.do(work, on_disk=on_disk)
        except SQLAlchemyError as error:
            raise store_failed(error, self.place) from error

    def _readable(self, records: Sequence[str]) -> Iterator[Job]:
        """Return the jobs that can be read: one that cannot hides no other one."""
        for each in records:
            with suppress(GatewayError):
                yield self._job(each)

    def _job(self, record: str) -> Job:
        try:
            return job_of(json.loads(record))
        except (ValueError, TypeError) as fault:
            raise GatewayError(
                f"A job in {self.place} cannot be read: {fault}.",
                code="store-failed",
                where=self.place,
                found=record[:200],
                mend="Something else wrote there; put the file aside to begin with an empty one.",
            ) from fault


def _columns(job: Job, owner: str) -> dict[str, Any]:
    return {
        "id": job.id,
        "caller": job.caller,
        "service": job.service,
        "status": job.status,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "completed_at": job.completed_at,
        "owner": owner,
        "stop": "",
        "backend": job.run.backend if job.run is not None else "",
        "key": job.key or None,
        "graph_hash": job.graph_hash,
        "service_version": job.service_version,
        "record": json.dumps(record_of(job), separators=(",", ":")),
    }


def _has_key(caller: str, key: str) -> list[ColumnElement[bool]]:
    return [JOBS.c.caller == caller, JOBS.c.key == key]


def _fits(query: JobQuery) -> list[ColumnElement[bool]]:
    wanted = {
        JOBS.c.caller: query.caller,
        JOBS.c.service: query.service,
        JOBS.c.status: query.status,
    }
    return [column == value for column, value in wanted.items() if value is not None]
