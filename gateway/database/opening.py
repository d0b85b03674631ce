"""Opening the database that `jobs.store` names: a file is SQLite, a URL PostgreSQL."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from gateway.database.failure import store_failed
from gateway.database.lane import Lane
from gateway.database.migrations import bring_up_to_date
from gateway.database.owners import FileOwners, ServerOwners
from gateway.database.store import DatabaseJobStore
from gateway.errors import GatewayError
from gateway.jobs.store import Owners
from gateway.services.settings import JobSettings

__all__ = ["is_url", "open_job_store", "open_owners"]

_PATIENCE = 30.0
_LOCK_KEY = 7_077_107
"""Of PostgreSQL's advisory lock: one gateway at a time makes the tables."""


def is_url(store: str) -> bool:
    """Tell whether jobs are kept at a server, not in a file."""
    return "://" in store


async def open_job_store(
    store: str, root: Path, owner: str, patience: float = _PATIENCE
) -> DatabaseJobStore:
    """Open the store, made or brought to the newest schema first.

    Args:
        store: A path, taken from `root`, or a `postgresql://` URL.
        root: The project's folder.
        owner: Id of this gateway.
        patience: Seconds for which a call waits for a database that went away.

    Raises:
        GatewayError: It cannot be opened, or is newer than this program.
    """
    if is_url(store):
        url = _postgresql(store)
        place = url.render_as_string(hide_password=True).replace("+psycopg", "", 1)
    else:
        path = (root / store).expanduser()
        url, place = _file(path), str(path)
    lane = Lane(_engine(url), patience)
    opened = DatabaseJobStore(lane, place, owner)
    try:
        await lane.do(lambda connection: _prepare(connection, place))
    except SQLAlchemyError as error:
        await lane.close()
        raise store_failed(error, place) from error
    except GatewayError:
        await lane.close()
        raise
    return opened


def open_owners(jobs: JobSettings, root: Path, owner: str, opened: DatabaseJobStore) -> Owners:
    """Be known as there to the other gateways on this store.

    Args:
        jobs: Where they are kept, and for how long a silent gateway on a server counts as there.
        root: The project's folder.
        owner: Id of this gateway.
        opened: The store.
    """
    if is_url(jobs.store):
        return ServerOwners(opened, owner, jobs.lease)
    return FileOwners((root / jobs.store).expanduser().parent / "owners", owner)


def _file(path: Path) -> URL:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GatewayError(
            f"The folder of {path} cannot be made: {error.strerror}.",
            code="store-failed",
            where=str(path),
            found=str(error.strerror),
            mend="Correct `jobs.store`, or the folder's rights.",
        ) from error
    return URL.create("sqlite", database=str(path))


def _postgresql(store: str) -> URL:
    try:
        url = make_url(store)
    except (ArgumentError, ValueError):
        raise GatewayError(
            "`jobs.store` is no URL of a database.",
            code="store-failed",
            mend="Write it as postgresql://user:password@host/database.",
        ) from None
    return url.set(drivername="postgresql+psycopg")


def _engine(url: URL) -> Engine:
    if url.drivername == "sqlite":
        # One thread uses it, always the same; the pool of one keeps its connection.
        engine = create_engine(
            url, poolclass=StaticPool, connect_args={"timeout": 10, "check_same_thread": False}
        )
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(
        url,
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=True,
        # A pooler in transaction mode knows no statements prepared in an earlier transaction.
        connect_args={"connect_timeout": 5, "prepare_threshold": None},
    )


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # Transactions are begun by `_begin_sqlite`, not by the driver's own guess.
    connection.isolation_level = None
    # WAL: readers and the writer do not wait for each other. FULL: what was committed is on the disk.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE: two gateways that read and then write would else fail each other, unwaited for.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare(connection: Connection, place: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
    bring_up_to_date(connection, place)
