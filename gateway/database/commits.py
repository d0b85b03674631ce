"""Two kinds of transactions: on the disk when they end, or only in the system's hands.

The second kind outlasts the process, whatever kills it, and not a loss of power. It takes a fifth of
the time, and is right for what can be found out again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import Connection, Engine

__all__ = ["transaction"]


@contextmanager
def transaction(engine: Engine, *, on_disk: bool) -> Generator[Connection]:
    """Begin a transaction; it is committed at the end, or rolled back after an error."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            # Both are safe against a torn database (WAL). It cannot be said within a transaction,
            # and SQLAlchemy would begin one: so the driver is asked.
            driver = cast("sqlite3.Connection", connection.connection.driver_connection)
            driver.execute(f"PRAGMA synchronous={'FULL' if on_disk else 'NORMAL'}").close()
        with connection.begin():
            if not on_disk and connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")
            yield connection
