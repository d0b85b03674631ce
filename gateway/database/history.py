"""Questions about many finished jobs at once, so put that 200,000 of them hold nobody up.

Each is answered from an index, or looks at a bounded number of rows. Knows no lanes: runs where it is
given a connection.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from gateway.database.tables import JOB_INPUTS, JOBS
from gateway.jobs.statistics import SAMPLED, Counted, Period, Sample, Tally
from gateway.jobs.store import Expired, Expiry, Ran

__all__ = ["callers", "count_expired", "counted", "expired", "newest_runs"]

_RUNS = 100


def newest_runs(connection: Connection, service: str) -> Sequence[Ran]:
    """Return where the last hundred completed jobs of a service ran, and how long, oldest first."""
    recent = (
        select(JOBS.c.backend, (JOBS.c.completed_at - JOBS.c.started_at).label("seconds"))
        .where(
            JOBS.c.service == service,
            JOBS.c.status == "completed",
            JOBS.c.started_at.is_not(None),
        )
        .order_by(JOBS.c.completed_at.desc())
        .limit(_RUNS)
    )
    rows = connection.execute(recent).all()
    return tuple(Ran(each.backend, each.seconds) for each in reversed(rows))


def callers(connection: Connection) -> Sequence[str]:
    """Return everybody who has jobs."""
    return (
        connection.execute(select(JOBS.c.caller).distinct().order_by(JOBS.c.caller)).scalars().all()
    )


def counted(connection: Connection, period: Period) -> Counted:
    """Return what is known of a caller's jobs in a period."""
    # One caller at a time: the index that has all of these columns begins with the caller.
    # Asked for a service, SQLite would take another index and read every row: so all are counted.
    fits: list[ColumnElement[bool]] = [JOBS.c.caller == period.caller]
    if period.since is not None:
        fits.append(JOBS.c.created_at >= period.since)
    tallies = select(JOBS.c.service, JOBS.c.status, func.count().label("number")).where(*fits)
    tallies = tallies.group_by(JOBS.c.service, JOBS.c.status)
    if period.service is not None:
        fits.append(JOBS.c.service == period.service)
    samples = (
        select(
            JOBS.c.service,
            (JOBS.c.started_at - JOBS.c.created_at).label("waited"),
            (JOBS.c.completed_at - JOBS.c.started_at).label("ran"),
        )
        .where(*fits, JOBS.c.status == "completed", JOBS.c.started_at.is_not(None))
        .order_by(JOBS.c.created_at.desc())
        .limit(SAMPLED)
    )
    return Counted(
        [
            Tally(each.service, each.status, each.number)
            for each in connection.execute(tallies)
            if period.service in (None, each.service)
        ],
        [Sample(each.service, each.waited, each.ran) for each in connection.execute(samples)],
    )


def expired(connection: Connection, expiry: Expiry, most: int) -> Sequence[Expired]:
    """Return the oldest finished jobs that are too old or beyond the newest, with their files."""
    gone = _gone(connection, expiry)
    if gone is None:
        return ()
    oldest = select(JOBS.c.id).where(gone).order_by(JOBS.c.completed_at).limit(most)
    ids = connection.execute(oldest).scalars().all()
    used = select(JOB_INPUTS.c.job_id, JOB_INPUTS.c.digest).where(JOB_INPUTS.c.job_id.in_(ids))
    digests: dict[str, list[str]] = {each: [] for each in ids}
    for row in connection.execute(used):
        digests[row.job_id].append(row.digest)
    return tuple(Expired(job_id, tuple(each)) for job_id, each in digests.items())


def count_expired(connection: Connection, expiry: Expiry) -> int:
    """Return how many finished jobs are too old or beyond the newest."""
    gone = _gone(connection, expiry)
    if gone is None:
        return 0
    return connection.execute(select(func.count()).select_from(JOBS).where(gone)).scalar_one()


def _gone(connection: Connection, expiry: Expiry) -> ColumnElement[bool] | None:
    """Return what holds of the jobs that may go; None when there is none.

    A job has ended when it has a time of its end: no status is asked for, so that the index on that
    time answers alone.
    """
    ended_at, before = JOBS.c.completed_at, expiry.before
    first = None if expiry.count is None else _first_beyond(connection, expiry.count)
    if first is None or (before is not None and before > first[0]):
        return None if before is None else and_(ended_at.is_not(None), ended_at < before)
    return and_(ended_at <= first[0], or_(ended_at < first[0], JOBS.c.id >= first[1]))


def _first_beyond(connection: Connection, count: int) -> tuple[float, str] | None:
    """Return the end and the id of the newest job that is one too many."""
    ended = JOBS.c.completed_at.is_not(None)
    order = JOBS.c.completed_at.desc()
    ended_at = connection.execute(
        select(JOBS.c.completed_at).where(ended).order_by(order).limit(1).offset(count)
    ).scalar_one_or_none()
    if ended_at is None:
        return None
    newer = select(func.count()).select_from(JOBS).where(JOBS.c.completed_at > ended_at)
    among_equals = count - connection.execute(newer).scalar_one()
    equals = select(JOBS.c.id).where(JOBS.c.completed_at == ended_at).order_by(JOBS.c.id)
    return ended_at, connection.execute(equals.limit(1).offset(among_equals)).scalar_one()
