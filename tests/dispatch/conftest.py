"""Deployments of both dispatchers."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import cast

import pytest

from tests.database.conftest import new_database, postgresql
from tests.dispatch.deployment import Deployment, Dispatch, deployed

__all__ = ["new_database", "postgresql"]


@pytest.fixture(params=["process", "cluster"])
def dispatch(request: pytest.FixtureRequest) -> Dispatch:
    """Return who runs jobs: each gateway its own, or workers."""
    return cast("Dispatch", request.param)


@pytest.fixture
def database(request: pytest.FixtureRequest, dispatch: Dispatch) -> str:
    """Return the URL of an empty database for a cluster, or '' for a file."""
    return str(request.getfixturevalue("new_database")) if dispatch == "cluster" else ""


@pytest.fixture
async def deployment(
    tmp_path: Path, dispatch: Dispatch, database: str
) -> AsyncGenerator[Deployment]:
    """Return a deployment at work."""
    async with deployed(tmp_path, dispatch, database) as it:
        yield it
