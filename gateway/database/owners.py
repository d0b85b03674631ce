"""Which gateways are still there: by locks on files where they share one, by heartbeats on a server."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Double, cast, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from gateway.database.store import DatabaseJobStore
from gateway.database.tables import OWNERS
from gateway.jobs.names import safe_name

__all__ = ["FileOwners", "ServerOwners"]


class FileOwners:
    """Each gateway holds a lock on a file of its own; the system lets it go when the process dies.

    Implements `Owners`.

    Args:
        folder: Beside the database.
        owner: Id of this gateway.
    """

    def __init__(self, folder: Path, owner: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        # Let go of from another thread than this one.
        self._own = FileLock(self._file(owner), thread_local=False)
        self._own.acquire(timeout=0)

    async def beat(self) -> None:
        """Do nothing: the lock tells."""

    async def is_gone(self, owner: str) -> bool:
        """Tell whether nobody holds this gateway's lock."""
        return await asyncio.to_thread(self._is_free, owner)

    async def close(self) -> None:
        """Let the lock go."""
        await asyncio.to_thread(_let_go, self._own)

    def _is_free(self, owner: str) -> bool:
        lock = FileLock(self._file(owner))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        _let_go(lock)
        return True

    def _file(self, owner: str) -> str:
        return str(self._folder / f"{safe_name(owner)}.lock")


def _let_go(lock: FileLock) -> None:
    lock.release()
    with suppress(OSError):
        Path(lock.lock_file).unlink()


class ServerOwners:
    """Each gateway writes the time, by the server's clock; one that has not for long is gone.

    Implements `Owners`.

    Args:
        store: In the same database.
        owner: Id of this gateway.
        lease: Seconds of silence after which a gateway is gone.
    """

    def __init__(self, store: DatabaseJobStore, owner: str, lease: float) -> None:
        self._store = store
        self._owner = owner
        self._lease = lease
        self._beaten: float | None = None
        self._judge_from = 0.0

    async def beat(self) -> None:
        """Write the time."""
        await self._write()
        now = time.monotonic()
        if self._beaten is not None and now - self._beaten > self._lease * 0.75:
            # The database was away, or this process was: the others may not have come to it yet.
            self._judge_from = now + self._lease
        self._beaten = now

    async def _write(self) -> None:
        put = insert(OWNERS).values(id=self._owner, seen_at=_NOW)
        put = put.on_conflict_do_update(index_elements=[OWNERS.c.id], set_={"seen_at": _NOW})
        await self._store.do(lambda connection: connection.execute(put))

    async def is_gone(self, owner: str) -> bool:
        """Tell whether a gateway has been silent for the lease, or never said a word."""
        if time.monotonic() < self._judge_from:
            return False
        late = select(OWNERS.c.seen_at < _NOW - self._lease).where(OWNERS.c.id == owner)

        def look(connection: Connection) -> bool:
            """Ask, and forget the one that is gone."""
            gone = connection.execute(late).scalar_one_or_none() is not False
            if gone:
                connection.execute(delete(OWNERS).where(OWNERS.c.id == owner))
            return gone

        return await self._store.do(look)

    async def close(self) -> None:
        """Be silent from now on, and known to be."""
        gone = delete(OWNERS).where(OWNERS.c.id == self._owner)
        await self._store.do(lambda connection: connection.execute(gone))


_NOW = cast(func.extract("epoch", func.clock_timestamp()), Double)
