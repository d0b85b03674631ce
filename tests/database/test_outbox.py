"""What every store does with what webhooks are told, the one in memory and the two that last alike."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event

from gateway.jobs.delivery import Delivery
from gateway.jobs.job import Job
from gateway.jobs.store import JobStore
from tests.database.conftest import OpenStore
from tests.database.test_contract import ended, job

pytestmark = pytest.mark.timeout(30)

LONG = 60.0


def telling(number: int, **named: object) -> Job:
    """Return a job whose good and bad end are told."""
    return job(number, tells=("completed", "failed"), **named)


def over(number: int, status: str = "completed", **named: object) -> Job:
    """Return how that job ended."""
    return ended(number, 50.0, status, tells=("completed", "failed"), **named)


async def test_the_end_of_a_job_is_to_be_told_once(store: JobStore) -> None:
    await store.add(telling(1))
    assert await store.outbox.waiting() == {}
    assert await store.outbox.get("job-001") is None
    await store.save(over(1))
    await store.save(over(1))
    (claimed,) = await store.outbox.claim("draw", 9, LONG)
    assert claimed == Delivery("job-001", "draw", attempts=1)
    assert await store.get("job-001") == over(1)


async def test_an_end_that_nobody_wants_to_hear_of_is_not_told(store: JobStore) -> None:
    await store.add(telling(1))
    await store.save(over(1, "cancelled"))
    await store.add(job(2))
    await store.save(ended(2, 50.0))
    assert await store.outbox.waiting() == {}


async def test_a_claimed_delivery_is_nobody_elses_until_the_lease_is_over(store: JobStore) -> None:
    await store.add(telling(1))
    await store.save(over(1))
    assert len(await store.outbox.claim("draw", 9, LONG)) == 1
    assert await store.outbox.claim("draw", 9, LONG) == []
    assert 0 < (await store.outbox.waiting())["draw"] <= LONG
    await store.add(telling(2))
    await store.save(over(2))
    assert [each.attempts for each in await store.outbox.claim("draw", 9, -1.0)] == [1]
    (again,) = await store.outbox.claim("draw", 9, LONG)
    assert (again.job_id, again.attempts) == ("job-002", 2)


async def test_at_most_so_many_of_one_service_are_claimed(store: JobStore) -> None:
    for number in range(5):
        await store.add(telling(number, service="paint" if number == 4 else "draw"))
        await store.save(over(number, service="paint" if number == 4 else "draw"))
    assert set(await store.outbox.waiting()) == {"draw", "paint"}
    first = [each.job_id for each in await store.outbox.claim("draw", 3, LONG)]
    rest = [each.job_id for each in await store.outbox.claim("draw", 3, LONG)]
    assert sorted(first + rest) == ["job-000", "job-001", "job-002", "job-003"]
    assert len(first) == 3
    assert await store.outbox.claim("another", 3, LONG) == []


async def test_a_settled_delivery_is_what_became_of_it(store: JobStore) -> None:
    for number in range(3):
        await store.add(telling(number))
        await store.save(over(number))
    one, two, three = await store.outbox.claim("draw", 3, LONG)
    await store.outbox.settle(replace(one, status="delivered"), 0)
    await store.outbox.settle(replace(two, status="failed", last_error="no"), 0)
    await store.outbox.settle(replace(three, last_error="busy"), 0)
    assert await store.outbox.get(one.job_id) == replace(one, status="delivered")
    assert await store.outbox.get(two.job_id) == replace(two, status="failed", last_error="no")
    (again,) = await store.outbox.claim("draw", 3, LONG)
    assert again == replace(three, attempts=2, last_error="busy")
    await store.outbox.settle(replace(again, last_error="busy"), 30)
    assert 20 < (await store.outbox.waiting())["draw"] <= 30


async def test_who_comes_late_changes_nothing_unless_it_arrived(store: JobStore) -> None:
    await store.add(telling(1))
    await store.save(over(1))
    (slow,) = await store.outbox.claim("draw", 1, -1.0)
    (other,) = await store.outbox.claim("draw", 1, LONG)
    await store.outbox.settle(replace(slow, status="failed", last_error="too late"), 0)
    assert await store.outbox.get("job-001") == other
    await store.outbox.settle(replace(slow, status="delivered"), 0)
    found = await store.outbox.get("job-001")
    assert found is not None
    assert (found.status, found.attempts) == ("delivered", 2)
    await store.outbox.settle(replace(other, status="failed", last_error="again"), 0)
    assert await store.outbox.get("job-001") == found
    assert await store.outbox.waiting() == {}


async def test_a_delivery_goes_with_its_job(store: JobStore) -> None:
    for number in range(2):
        await store.add(telling(number))
        await store.save(over(number))
    (claimed,) = await store.outbox.claim("draw", 1, LONG)
    await store.remove(["job-000", "job-001"])
    assert await store.outbox.waiting() == {}
    await store.outbox.settle(claimed, 0)
    assert await store.outbox.get(claimed.job_id) is None
    assert await store.outbox.claim("draw", 9, LONG) == []


async def test_a_delivery_outlasts_its_gateway(open_store: OpenStore) -> None:
    one = await open_store("one")
    await one.add(telling(1))
    await one.save(over(1))
    await one.close()
    two = await open_store("two")
    assert [each.job_id for each in await two.outbox.claim("draw", 9, LONG)] == ["job-001"]


async def test_several_gateways_never_claim_the_same(open_store: OpenStore) -> None:
    stores = [await open_store(name) for name in ("one", "two", "three")]
    for number in range(30):
        await stores[0].add(telling(number))
        await stores[0].save(over(number))
    claimed = await asyncio.gather(
        *(store.outbox.claim("draw", 2, LONG) for _ in range(8) for store in stores)
    )
    ids = [each.job_id for some in claimed for each in some]
    rest = await stores[1].outbox.claim("draw", 30, LONG)  # what was skipped while it was locked
    ids += [each.job_id for each in rest]
    assert sorted(ids) == [f"job-{number:03}" for number in range(30)]


async def test_only_the_end_that_a_job_has_is_told(open_store: OpenStore) -> None:
    one, two = await open_store("one"), await open_store("two")
    await one.add(telling(1))
    assert [each.id for each in await two.adopt("one", 99)] == ["job-001"]
    await two.save(over(1, "cancelled"))
    await one.save(over(1, "completed"))
    found = await one.get("job-001")
    assert found is not None
    assert found.status == "cancelled"
    assert await one.outbox.waiting() == {}


async def test_the_end_of_a_job_without_a_webhook_costs_no_statement_more(
    open_store: OpenStore,
) -> None:
    store = await open_store("one")
    said: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        await store.add(job(1))
        await store.save(ended(1, 50.0))
        without = [each for each in said if "gateway_" in each]
        said.clear()
        await store.add(telling(2))
        await store.save(over(2))
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    assert [each for each in without if "gateway_webhooks" in each] == []
    assert len([each for each in said if "gateway_" in each]) == len(without) + 1
