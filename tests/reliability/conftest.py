"""The databases that gateways are killed on."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

import pytest
from sqlalchemy.engine import URL

from gateway.simulator.server import Simulator
from tests.database.server import new_database_on, running_postgresql


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
        return ".gateway/jobs.db"
    return str(request.getfixturevalue("new_database"))


@pytest.fixture
async def simulator() -> AsyncGenerator[Simulator]:
    async with Simulator() as simulator:
        yield simulator
