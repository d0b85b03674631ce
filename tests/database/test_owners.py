"""Which gateways are still there."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.database.opening import open_owners
from gateway.database.owners import FileOwners, ServerOwners
from gateway.services.settings import JobSettings
from tests.database.conftest import OpenStore

pytestmark = pytest.mark.timeout(30)

HOLD = """
import asyncio, sys
from pathlib import Path
from gateway.database.owners import FileOwners
owners = FileOwners(Path(sys.argv[1]), "other")
print("held", flush=True)
sys.stdin.read()
"""


async def test_a_gateway_on_a_file_is_there_until_its_process_dies(tmp_path: Path) -> None:
    folder = tmp_path / "owners"
    mine = FileOwners(folder, "me")
    with subprocess.Popen(  # noqa: ASYNC220, S603 - our own program
        [sys.executable, "-c", HOLD, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        await mine.beat()
        assert not await mine.is_gone("other")
        other.kill()
        other.wait(5)
    assert await mine.is_gone("other")
    assert await mine.is_gone("nobody, ../ever")
    assert not await mine.is_gone("me")
    assert [each.name for each in folder.iterdir()] == ["me.lock"]
    await mine.close()
    assert list(folder.iterdir()) == []


async def test_a_gateway_that_closes_is_gone_at_once(
    open_store: OpenStore, place: str, tmp_path: Path
) -> None:
    one, two = await open_store("one"), await open_store("two")
    ones = open_owners(JobSettings(place), tmp_path, "one", one)
    twos = open_owners(JobSettings(place), tmp_path, "two", two)
    await asyncio.gather(ones.beat(), twos.beat())
    assert not await ones.is_gone("two")
    assert not await twos.is_gone("one")
    await ones.close()
    assert await twos.is_gone("one")
    await twos.close()


async def test_a_gateway_on_a_server_is_gone_when_it_was_silent_for_the_lease(
    open_store: OpenStore, request: pytest.FixtureRequest
) -> None:
    if request.getfixturevalue("place") == "jobs.db":
        pytest.skip("files have locks")
    store = await open_store()
    mine, other = ServerOwners(store, "me", 0.4), ServerOwners(store, "other", 0.4)
    await other.beat()
    assert not await mine.is_gone("other")
    await asyncio.sleep(0.3)
    await other.beat()
    await asyncio.sleep(0.2)
    assert not await mine.is_gone("other")
    await asyncio.sleep(0.3)
    await mine.beat()
    assert await mine.is_gone("other")
    assert await mine.is_gone("nobody")


async def test_after_a_silence_of_all_each_gateway_has_a_lease_to_come_back(
    open_store: OpenStore, request: pytest.FixtureRequest
) -> None:
    if request.getfixturevalue("place") == "jobs.db":
        pytest.skip("files have locks")
    store = await open_store()
    mine, other = ServerOwners(store, "me", 0.4), ServerOwners(store, "other", 0.4)
    await asyncio.gather(mine.beat(), other.beat())
    await asyncio.sleep(0.6)  # nobody comes to the database
    await mine.beat()
    assert not await mine.is_gone("other")
    await asyncio.sleep(0.45)
    assert await mine.is_gone("other")
