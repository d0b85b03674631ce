"""Whatever the moment a gateway is killed at: no job is lost, no run is submitted twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.simulator.server import Simulator
from tests.reliability.matrix import CELLS, Cell, crash, expected

pytestmark = [pytest.mark.timeout(120), pytest.mark.servers]


@pytest.mark.parametrize("cell", CELLS, ids=lambda each: f"{each.point}-comfyui-{each.comfy}")
async def test_a_gateway_killed_there_leaves_the_job_to_the_next_one(
    cell: Cell, place: str, tmp_path: Path, simulator: Simulator
) -> None:
    assert await crash(tmp_path, place, cell, simulator) == expected(cell)
