"""A simulator with the small test models of the recordings, and one of the older version."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.simulator.server import Simulator
from tests.simulator.talking import TINY_MODELS, Talker, talking


@pytest.fixture
async def talker() -> AsyncIterator[Talker]:
    async with talking(Simulator(models=TINY_MODELS)) as found:
        yield found


@pytest.fixture
async def old_talker() -> AsyncIterator[Talker]:
    async with talking(Simulator(version="0.3.64", models=TINY_MODELS)) as found:
        yield found
