"""A simulated ComfyUI of either version, on which no prompt may ever be submitted twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.simulator.server import Simulator
from tests.facts.whole import VERSIONS, assert_each_posted_once


@pytest.fixture(params=VERSIONS)
async def simulator(request: pytest.FixtureRequest) -> AsyncIterator[Simulator]:
    async with Simulator(version=request.param) as simulator:
        yield simulator
        assert_each_posted_once(simulator)
