"""Idempotency keys: the same call under the same key is one job, whenever and however often it comes."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import ArgumentError, GatewayError
from gateway.execution.keep_inputs import Sender
from gateway.jobs.store import JobQuery
from tests.execution.scripted import Bench, MakeBench, a_service


def with_key(bench: Bench, key: str = "once", caller: str = "local") -> None:
    """Send the next calls under a key."""
    bench.sender = Sender(caller, local=True, key=key)


async def test_the_same_call_under_the_same_key_is_the_same_job(make_bench: MakeBench) -> None:
    bench = make_bench()
    with_key(bench)
    first = await bench.accept(prompt="a dog")
    assert (await bench.accept(prompt="a dog")).id == first.id
    over = await bench.ended(first)
    assert over.status == "completed"
    assert await bench.accept(prompt="a dog") == over
    assert len(bench.backend.submissions) == 1


async def test_of_calls_at_the_same_moment_one_becomes_a_job(make_bench: MakeBench) -> None:
    bench = make_bench()
    with_key(bench)
    jobs = await asyncio.gather(*(bench.accept(prompt="a dog") for _ in range(10)))
    assert len({each.id for each in jobs}) == 1
    await bench.ended(jobs[0])
    assert len(bench.backend.submissions) == 1
    assert bench.ledger.unfinished("local") == 0


async def test_other_arguments_under_the_same_key_are_refused(make_bench: MakeBench) -> None:
    bench = make_bench()
    with_key(bench)
    job = await bench.accept(prompt="a dog")
    with pytest.raises(GatewayError) as caught:
        await bench.accept(prompt="a cat")
    assert (caught.value.code, caught.value.where) == ("idempotency-key-reused", "once")
    assert job.id in caught.value.found
    told = await asyncio.gather(
        bench.accept(prompt="a bird"), bench.accept(prompt="a fish"), return_exceptions=True
    )
    assert [type(each) for each in told] == [GatewayError, GatewayError]
    with_key(bench, "both")
    both = await asyncio.gather(
        bench.accept(prompt="a bird"), bench.accept(prompt="a fish"), return_exceptions=True
    )
    assert sorted(isinstance(each, GatewayError) for each in both) == [False, True]


async def test_another_callers_key_is_another_key(make_bench: MakeBench) -> None:
    bench = make_bench()
    with_key(bench, caller="ann")
    hers = await bench.accept(prompt="a dog")
    with_key(bench, caller="bob")
    assert (await bench.accept(prompt="a cat")).id != hers.id
    bench.sender = Sender("ann", local=True)
    assert (await bench.accept(prompt="a dog")).id != hers.id


async def test_a_refused_call_leaves_its_key_free(make_bench: MakeBench) -> None:
    bench = make_bench()
    with_key(bench)
    with pytest.raises(ArgumentError):
        await bench.accept(promt="a dog")
    assert (await bench.run(prompt="a dog")).status == "completed"


async def test_a_file_is_not_fetched_again_for_a_known_key(make_bench: MakeBench) -> None:
    bench = make_bench()
    with_key(bench)
    first = await bench.run(a_service(image=True), image="cat.png")
    await bench.keeping.inputs.remove(first.inputs[0].digest)
    assert await bench.accept(a_service(image=True), image="cat.png") == first
    with pytest.raises(KeyError):
        await bench.keeping.inputs.open(first.inputs[0].digest)


async def test_a_caller_who_leaves_while_the_key_is_taken_finds_the_job_by_it(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    with_key(bench)
    calling = asyncio.create_task(bench.accept(prompt="a dog"))
    while not (await bench.ledger.store.list(JobQuery())).total:  # noqa: ASYNC110
        await asyncio.sleep(0)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    job = await bench.ended(await bench.accept(prompt="a dog"))
    assert job.status == "completed"
    assert len(bench.backend.submissions) == 1
