"""A real PostgreSQL, started when the first test asks for it, and a database of its own for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from sqlalchemy.engine import URL

from gateway.database.opening import open_job_store
from gateway.database.store import DatabaseJobStore
from gateway.execution.memory_store import MemoryJobStore
from gateway.jobs.store import JobStore
from tests.database.server import new_database_on, running_postgresql

OpenStore: TypeAlias = Callable[..., Awaitable[DatabaseJobStore]]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[URL]:
    """Return the URL of a running server."""
    with running_postgresql() as url:
        yield url


@pytest.fixture
def new_database(postgresql: URL) -> str:
    """Return the URL of an empty database."""
    return new_database_on(postgresql)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> str:
    """Return what `jobs.store` says: a file, or a database on a server."""
    if request.param == "sqlite":
        return "jobs.db"
    return str(request.getfixturevalue("new_database"))


@pytest.fixture
async def open_store(place: str, tmp_path: Path) -> AsyncIterator[OpenStore]:
    """Return an opener of stores on the same place; they are closed with the test."""
    opened: list[DatabaseJobStore] = []

    async def open_one(owner: str = "me", patience: float = 2.0) -> DatabaseJobStore:
        opened.append(await open_job_store(place, tmp_path, owner, patience))
        return opened[-1]

    yield open_one
    for each in opened:
        await each.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[JobStore]:
    """Return an empty store of each kind."""
    if request.param == "memory":
        yield MemoryJobStore()
        return
    place = "jobs.db" if request.param == "sqlite" else request.getfixturevalue("new_database")
    opened = await open_job_store(place, tmp_path, "me", 2.0)
    yield opened
    await opened.close()
