"""What outlasts a process: jobs, their owners, requests to stop; and databases that go away."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gateway.database.opening import open_job_store
from gateway.database.tables import VERSION
from gateway.errors import GatewayError
from gateway.execution.ledger import Ledger
from gateway.execution.sweeping import SWEEP_CHUNK, Keeping, sweep
from gateway.jobs.store import Expiry, JobQuery, JobTaken
from gateway.services.settings import KeepPolicy
from gateway.storage.local import open_input_store, open_output_store
from tests.database.conftest import OpenStore
from tests.database.test_contract import ended, job

pytestmark = pytest.mark.timeout(60)


async def test_jobs_are_there_after_a_restart(open_store: OpenStore) -> None:
    first = await open_store()
    await first.add(job(1))
    await first.add(job(2))
    await first.save(ended(2, 9.0))
    await first.close()
    second = await open_store("the next one")
    assert [each.id for each in (await second.list(JobQuery())).jobs] == ["job-002", "job-001"]
    assert (await second.get("job-002")) == ended(2, 9.0)


async def test_a_dead_gateways_unfinished_jobs_are_adopted_by_one_alone(
    open_store: OpenStore,
) -> None:
    dead, ann, bob = [await open_store(name) for name in ("dead", "ann", "bob")]
    for number in range(20):
        await dead.add(job(number))
    await dead.save(ended(0, 9.0))
    assert await ann.owners() == await bob.owners() == {"dead"}
    taken = await asyncio.gather(ann.adopt("dead", 99), bob.adopt("dead", 99))
    ids = [each.id for jobs in taken for each in jobs]
    assert sorted(ids) == [f"job-{number:03}" for number in range(1, 20)]
    assert await dead.owners() == ({"ann"} if taken[0] else {"bob"})
    assert await ann.adopt("dead", 99) == []


async def test_adopted_jobs_come_in_the_order_they_came(open_store: OpenStore) -> None:
    dead, ann = [await open_store(name) for name in ("dead", "ann")]
    for number in (3, 1, 2):
        await dead.add(job(number))
    assert [each.id for each in await ann.adopt("dead", 99)] == ["job-001", "job-002", "job-003"]


async def test_who_lost_a_job_to_another_gateway_keeps_nothing_of_it(
    open_store: OpenStore,
) -> None:
    silent, ann = [await open_store(name) for name in ("silent", "ann")]
    for number in range(2):
        await silent.add(job(number))
    assert len(await ann.adopt("silent", 99)) == 2
    with pytest.raises(JobTaken):
        await silent.save(job(0, status="running"))
    with pytest.raises(JobTaken):
        await silent.save(ended(1, 9.0))
    silent.save_soon(job(0, status="running"))
    assert await silent.owners() == {"ann"}
    assert await ann.get("job-000") == job(0)
    await ann.save(ended(0, 9.0))
    await silent.save(ended(0, 10.0, "failed"))  # it is over: there is nothing to take any more
    assert await ann.get("job-000") == ended(0, 9.0)


async def test_a_job_that_was_never_kept_is_not_kept_by_a_later_state(
    open_store: OpenStore,
) -> None:
    store = await open_store()
    with pytest.raises(JobTaken):
        await store.save(job(1, status="running"))
    store.save_soon(job(1, status="running"))
    await store.save(ended(1, 9.0, "cancelled"))
    assert await store.get("job-001") is None


async def test_jobs_are_adopted_so_many_at_a_time_the_oldest_first(open_store: OpenStore) -> None:
    dead, ann = await open_store("dead"), await open_store("ann")
    for number in (4, 1, 3, 0, 2):
        await dead.add(job(number))
    taken = [[each.id for each in await ann.adopt("dead", 2)] for _ in range(4)]
    assert taken == [["job-000", "job-001"], ["job-002", "job-003"], ["job-004"], []]


async def test_a_job_is_stopped_by_its_owner_when_another_asks(open_store: OpenStore) -> None:
    owner, other = [await open_store(name) for name in ("owner", "other")]
    await owner.add(job(1))
    assert await owner.asked_to_stop() == {}
    await other.ask_to_stop("job-001", "Enough.")
    assert await other.asked_to_stop() == {}
    assert await owner.asked_to_stop() == {"job-001": "Enough."}
    await owner.save(job(1, status="running"))  # a state that is kept meanwhile loses no request
    assert await owner.asked_to_stop() == {"job-001": "Enough."}
    await owner.save(ended(1, 9.0, "cancelled"))
    assert await owner.asked_to_stop() == {}
    await other.ask_to_stop("job-001", "Too late.")
    assert await owner.asked_to_stop() == {}


async def test_a_finished_job_stays_as_it_is(open_store: OpenStore) -> None:
    store = await open_store()
    await store.add(job(1))
    await store.save(ended(1, 9.0))
    await store.save(job(1, status="running"))
    assert await store.get("job-001") == ended(1, 9.0)


async def test_two_gateways_may_open_a_new_place_at_once(place: str, tmp_path: Path) -> None:
    stores = await asyncio.gather(
        *(open_job_store(place, tmp_path, f"gateway-{number}", 5.0) for number in range(4))
    )
    await asyncio.gather(*(each.add(job(number)) for number, each in enumerate(stores)))
    assert (await stores[0].list(JobQuery())).total == 4
    for each in stores:
        await each.close()


async def test_a_newer_schema_is_refused_and_left_as_it_is(
    open_store: OpenStore, place: str, tmp_path: Path
) -> None:
    store = await open_store()
    await store.lane.do(lambda c: c.execute(text("UPDATE gateway_schema SET version = 99")))
    with pytest.raises(GatewayError) as caught:
        await open_job_store(place, tmp_path, "me", 1.0)
    assert caught.value.code == "store-newer"
    assert caught.value.found == f"schema 99; this one knows {VERSION}"
    assert (await store.list(JobQuery())).total == 0


async def test_one_callers_fault_is_that_callers_alone(open_store: OpenStore) -> None:
    store = await open_store()

    async def bad() -> None:
        await store.lane.do(lambda c: c.execute(text("SELECT nothing FROM nowhere")))

    done = await asyncio.gather(store.add(job(1)), bad(), store.add(job(2)), return_exceptions=True)
    assert done[0] is done[2] is None
    assert isinstance(done[1], DBAPIError)
    assert (await store.list(JobQuery())).total == 2


async def test_a_record_that_is_no_job_is_told(open_store: OpenStore) -> None:
    store = await open_store()
    await store.add(job(1))
    await store.lane.do(lambda c: c.execute(text("UPDATE gateway_jobs SET record = '{}'")))
    with pytest.raises(GatewayError) as caught:
        await store.get("job-001")
    assert caught.value.code == "store-failed"


async def test_a_record_that_is_no_job_hides_no_other(open_store: OpenStore) -> None:
    dead, store = await open_store("dead"), await open_store("me")
    for number in range(3):
        await dead.add(job(number))
    await store.lane.do(
        lambda c: c.execute(text("UPDATE gateway_jobs SET record = '[' WHERE id = 'job-001'"))
    )
    assert [each.id for each in await store.adopt("dead", 99)] == ["job-000", "job-002"]
    assert await store.owners() == frozenset()
    page = await store.list(JobQuery())
    assert [each.id for each in page.jobs] == ["job-002", "job-000"]
    assert await store.counts() == {"pending": 2, "failed": 1}
    assert [each.job_id for each in await store.expired(Expiry(count=0), 9)] == ["job-001"]


async def test_of_claims_in_several_gateways_at_the_same_moment_one_is_kept(
    open_store: OpenStore,
) -> None:
    stores = [await open_store(f"gateway-{number}") for number in range(4)]
    made = [job(number, key=f"key-{number // 8}") for number in range(40)]
    kept = await asyncio.gather(
        *(stores[number % 4].claim(each) for number, each in enumerate(made))
    )
    assert [{each.id for each in kept[first : first + 8]} for first in range(0, 40, 8)] == [
        {kept[first].id} for first in range(0, 40, 8)
    ]
    assert (await stores[0].list(JobQuery())).total == 5
    # Who keeps it runs it: nobody else owns it.
    for store, owner in zip(stores, range(4), strict=True):
        mine = [each for number, each in enumerate(made) if number % 4 == owner]
        won = [each.id for each in mine if each in kept]
        others = await stores[(owner + 1) % 4].owners()
        assert (f"gateway-{owner}" in others) == bool(won)
        assert {each.id for each in await store.adopt(f"gateway-{owner}", 99)} == set(won)


async def test_others_are_served_while_many_jobs_go(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    many = [job(number, id=f"old-{number}") for number in range(4100)]
    await asyncio.gather(*(store.add(each) for each in many))
    await asyncio.gather(*(store.save(ended(each, 5.0, id=f"old-{each}")) for each in range(4100)))
    await store.add(job(9999))
    inputs, outputs = (
        open_input_store(str(tmp_path / "in")),
        open_output_store(str(tmp_path / "out")),
    )
    keeping = Keeping(KeepPolicy(age=None, count=10), inputs, outputs)
    ledger = Ledger(store)
    sweeping = asyncio.create_task(sweep(ledger, keeping))
    served = 0
    while not sweeping.done():
        assert await store.get("job-9999") == job(9999)
        served += 1
    # A chunk goes in ten transactions, and whoever asks has a turn between any two of them.
    assert served >= 10
    assert await sweeping == SWEEP_CHUNK
    assert [await sweep(ledger, keeping) for _ in range(3)] == [SWEEP_CHUNK, 90, 0]
    assert await store.counts() == {"pending": 1, "completed": 10}


# --- SQLite ---


async def test_a_locked_file_is_waited_for(tmp_path: Path) -> None:
    store = await open_job_store("jobs.db", tmp_path, "me", 5.0)
    other = sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    adding = asyncio.create_task(store.add(job(1)))
    await asyncio.sleep(0.3)
    assert not adding.done()
    other.execute("COMMIT")
    other.close()
    await adding
    await store.close()


async def test_a_full_disk_is_told_and_the_next_call_goes_on(tmp_path: Path) -> None:
    store = await open_job_store("jobs.db", tmp_path, "me", 0.3)
    pages = await store.lane.do(lambda c: c.execute(text("PRAGMA page_count")).scalar_one())
    await store.lane.do(lambda c: c.execute(text(f"PRAGMA max_page_count = {pages}")).scalar())
    large = job(1, arguments={"prompt": "x" * 100_000})
    with pytest.raises(GatewayError) as caught:
        await store.add(large)
    assert caught.value.code == "store-full"
    await store.lane.do(lambda c: c.execute(text("PRAGMA max_page_count = 100000")).scalar())
    await store.add(large)
    assert await store.get("job-001") == large
    await store.close()


async def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_text("this is no database " * 100, encoding="utf-8")
    with pytest.raises(GatewayError) as caught:
        await open_job_store("jobs.db", tmp_path, "me", 0.3)
    assert caught.value.code == "store-failed"
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(GatewayError) as caught:
        await open_job_store("file/jobs.db", tmp_path, "me", 0.3)
    assert caught.value.code == "store-failed"


# --- PostgreSQL ---


async def test_no_statement_outlives_its_transaction_as_behind_a_pooler(
    new_database: str, tmp_path: Path
) -> None:
    store = await open_job_store(new_database, tmp_path, "me", 2.0)
    await store.add(job(1))
    for _ in range(10):
        await store.get("job-001")
    # Transaction pooling: the next transaction may be on a connection that never saw the last one.
    await store.lane.do(lambda c: c.execute(text("DEALLOCATE ALL")))
    assert await store.get("job-001") == job(1)
    await store.close()


async def test_a_connection_that_is_cut_is_made_again(new_database: str, tmp_path: Path) -> None:
    store = await open_job_store(new_database, tmp_path, "me", 5.0)
    other = await open_job_store(new_database, tmp_path, "other", 5.0)
    await store.add(job(1))
    for _ in range(3):
        await other.lane.do(
            lambda c: c.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        )
        await asyncio.gather(store.add(job(2)), store.save(job(1, status="running")))
    assert (await store.list(JobQuery())).total == 2
    await store.close()
    await other.close()


async def test_a_server_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://ann:secret-word@127.0.0.1:9/jobs"
    with pytest.raises(GatewayError) as caught:
        await open_job_store(url, tmp_path, "me", 0.3)
    assert caught.value.code == "store-unreachable"
    assert "secret-word" not in str(caught.value)
    assert "ann" in caught.value.where


async def test_what_is_no_url_is_told(tmp_path: Path) -> None:
    with pytest.raises(GatewayError) as caught:
        await open_job_store("://", tmp_path, "me", 0.3)
    assert caught.value.code == "store-failed"
