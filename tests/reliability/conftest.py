"""The databases that gateways are killed on."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from gateway.simulator.server import Simulator
from tests.database.conftest import new_database, postgresql

__all__ = ["new_database", "postgresql"]


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
