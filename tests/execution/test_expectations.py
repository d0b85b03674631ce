"""What earlier runs tell of the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from typing_extensions import override

from gateway.errors import GatewayError
from gateway.execution.expectations import Expectations
from gateway.execution.memory_store import MemoryJobStore
from gateway.jobs.job import Job, Run
from gateway.jobs.store import Ran
from tests.execution.scripted import MakeBench, ScriptedBackend


class CountedStore(MemoryJobStore):
    """Counts how often it is asked after runs, and may be away."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.away = False

    @override
    async def newest_runs(self, service: str) -> Sequence[Ran]:
        self.asked += 1
        if self.away:
            raise GatewayError("away", code="store-unreachable")
        return await super().newest_runs(service)


def ran(seconds: float, backend: str = "studio", status: str = "completed") -> Job:
    """Return a job that ran so long."""
    job = Job(f"{backend}-{seconds}", "draw", "local", {}, 0.0, runs=(Run(1, backend, "p", 1.0),))
    return replace(job, status=status, started_at=1.0, completed_at=1.0 + seconds)  # type: ignore[arg-type]


NEW = Job("new", "draw", "local", {}, 0.0)


def on(backend: str) -> Job:
    """Return a job whose run is under way there."""
    run = Run(1, backend, "p", 100.0, 100.0)
    return replace(NEW, status="running", started_at=100.0, runs=(run,))


async def test_before_it_is_placed_all_backends_count_and_then_its_own() -> None:
    store = CountedStore()
    for each in [
        ran(2),
        ran(3),
        ran(4),
        ran(10, "attic"),
        ran(12, "attic"),
        ran(90, status="failed"),
    ]:
        await store.add(each)
    expectations = Expectations(store)
    assert expectations.seconds(NEW) is None
    await expectations.know("draw")
    assert expectations.seconds(NEW) == 4
    assert expectations.seconds(on("studio")) == 3
    assert expectations.seconds(on("attic")) == 11
    assert expectations.seconds(on("cellar")) == 4
    over = replace(on("attic"), runs=(replace(on("attic").runs[0], ended_at=101.0),))
    assert expectations.seconds(over) == 4


async def test_the_store_is_asked_once_and_ends_are_learned_as_they_come() -> None:
    store = CountedStore()
    expectations = Expectations(store)
    for _ in range(5):
        await expectations.know("draw")
        expectations.know_soon("draw")
    assert store.asked == 1
    assert expectations.seconds(NEW) is None
    expectations.learn(ran(8))
    assert expectations.seconds(NEW) == 8
    expectations.learn(ran(6))
    expectations.learn(ran(60, status="failed"))
    assert expectations.seconds(NEW) == 7
    assert store.asked == 1


async def test_it_can_be_asked_for_in_the_background() -> None:
    store = CountedStore()
    await store.add(ran(8))
    expectations = Expectations(store)
    expectations.know_soon("draw")
    while expectations.seconds(NEW) is None:  # noqa: ASYNC110
        await asyncio.sleep(0)
    assert expectations.seconds(NEW) == 8


async def test_a_store_that_is_away_is_no_fault() -> None:
    store = CountedStore()
    store.away = True
    expectations = Expectations(store)
    await expectations.know("draw")
    assert expectations.seconds(NEW) is None


async def test_what_is_left_shrinks_and_is_never_negative() -> None:
    expectations = Expectations(MemoryJobStore())
    assert expectations.left(on("studio"), 101.0) is None
    expectations.learn(ran(8))
    assert expectations.left(on("studio"), 101.0) == 7
    assert expectations.left(on("studio"), 900.0) == 0
    assert expectations.left(NEW, 101.0) is None


async def test_every_end_is_learned_from(make_bench: MakeBench) -> None:
    bench = make_bench(ScriptedBackend("studio"))
    job = await bench.run()
    expected = bench.executor.expectations.seconds(job)
    assert expected is not None
    assert 0 <= expected < 5
