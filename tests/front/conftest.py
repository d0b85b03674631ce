"""A simulated ComfyUI."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.simulator.server import Simulator


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator
