"""The same tests over the simulator, in two versions, and over a real ComfyUI at COMFYUI_URL."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest

from gateway.comfy.backend import ComfyBackend
from gateway.services.model import BackendDeclaration
from gateway.simulator.server import Simulator
from tests.contract.serving import Served, node

SLEEPER = node("SimulatedSleep", image=["image", 0], seconds=30.0, ticks=3000)


@pytest.fixture(params=["0.33.0", "0.3.64", pytest.param("live", marks=pytest.mark.live)])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    if request.param == "live":
        if "COMFYUI_URL" not in os.environ:
            pytest.skip("set COMFYUI_URL to hold a real ComfyUI to the contract")
        backend = ComfyBackend(BackendDeclaration("live", os.environ["COMFYUI_URL"].rstrip("/")))
        yield Served(backend, seconds=60.0)
        await backend.close()
        return
    async with Simulator(version=request.param) as simulator:
        backend = ComfyBackend(BackendDeclaration("simulated", simulator.url))
        yield Served(backend, sleeper=SLEEPER)
        await backend.close()
