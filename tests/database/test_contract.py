"""What every job store does, the one in memory and the two that last alike."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.jobs.job import InputFile, Job, OutputText, PartOf, Run
from gateway.jobs.statistics import Figures, Period, Statistics, Times
from gateway.jobs.store import Expiry, JobQuery, JobStore, Ran

pytestmark = pytest.mark.timeout(30)


def job(number: int, **named: object) -> Job:
    """Return a job that came at second `number`."""
    made = Job(f"job-{number:03}", "draw", "local", {"prompt": "ä\0\ud83d"}, float(number))
    return replace(made, **named)  # type: ignore[arg-type]  # fields of Job


def ended(number: int, at: float, status: str = "completed", **named: object) -> Job:
    """Return a job that began two seconds before it ended."""
    return job(number, status=status, started_at=at - 2, completed_at=at, **named)


async def test_a_job_comes_back_in_its_newest_state(store: JobStore) -> None:
    await store.add(job(1))
    assert await store.get("job-001") == job(1)
    running = job(1, status="running", runs=(Run(1, "studio", "p", 2.0),))
    await store.save(running)
    assert await store.get("job-001") == running
    over = replace(running, status="completed", outputs=(OutputText("text", 0, "9", "fox"),))
    await store.save(over)
    assert await store.get("job-001") == over
    assert await store.get("another") is None


async def test_jobs_are_listed_newest_first_and_by_page(store: JobStore) -> None:
    for number in range(5):
        await store.add(job(number, service="draw" if number % 2 else "paint"))
    await store.add(job(5, caller="ann"))
    page = await store.list(JobQuery(caller="local", limit=2, offset=1))
    assert (page.total, [each.id for each in page.jobs]) == (5, ["job-003", "job-002"])
    page = await store.list(JobQuery(service="draw"))
    assert [each.id for each in page.jobs] == ["job-005", "job-003", "job-001"]
    await store.save(job(3, status="failed"))
    page = await store.list(JobQuery("local", "draw", "failed"))
    assert [each.id for each in page.jobs] == ["job-003"]
    assert (await store.list(JobQuery("nobody"))).total == 0


async def test_jobs_are_counted_by_status(store: JobStore) -> None:
    assert dict(await store.counts()) == {}
    for number in range(3):
        await store.add(job(number))
    await store.add(job(3, caller="ann", status="running"))
    assert dict(await store.counts()) == {"pending": 3, "running": 1}
    assert dict(await store.counts("ann")) == {"running": 1}


async def test_the_newest_runs_are_those_of_the_last_completed_jobs(store: JobStore) -> None:
    runs = [(Run(1, name, "p", 1.0),) for name in ("studio", "attic")]
    for number in range(120):
        of_number = job(number, runs=runs[number % 2])
        await store.add(of_number)
        await store.save(
            replace(of_number, status="completed", started_at=1.0, completed_at=2.0 + number)
        )
    await store.add(job(900, service="other"))
    await store.save(ended(900, 7.0, service="other"))
    await store.add(job(901))
    await store.save(ended(901, 500.0, "failed"))
    assert list(await store.newest_runs("draw")) == [
        Ran("attic" if each % 2 else "studio", float(each + 1)) for each in range(20, 120)
    ]
    assert list(await store.newest_runs("other")) == [Ran("", 2.0)]
    assert list(await store.newest_runs("nothing")) == []


async def test_what_is_old_or_beyond_the_count_expires_and_nothing_unfinished(
    store: JobStore,
) -> None:
    for number in range(6):
        await store.add(job(number))
        await store.save(ended(number, 100.0 + number))
    await store.add(job(9, status="running", started_at=1.0))
    await store.add(job(10))

    async def gone(before: float | None, count: int | None) -> list[str]:
        expiry = Expiry(before, count)
        found = [each.job_id for each in await store.expired(expiry, 99)]
        assert await store.count_expired(expiry) == len(found)
        return found

    assert await gone(None, None) == []
    assert await gone(None, 10) == []
    assert await gone(None, 6) == []
    assert await gone(None, 4) == ["job-000", "job-001"]
    assert await gone(102.0, 10) == await gone(102.0, None) == ["job-000", "job-001"]
    assert await gone(102.0, 2) == ["job-000", "job-001", "job-002", "job-003"]
    assert await gone(103.0, 4) == ["job-000", "job-001", "job-002"]
    assert len(await gone(1e9, 0)) == 6
    assert len(await gone(None, 0)) == 6
    pages = [each.job_id for each in await store.expired(Expiry(1e9, 0), 2)]
    assert pages == ["job-000", "job-001"]
    await store.remove(pages)
    assert await gone(None, 4) == []
    assert await store.get("job-000") is None
    await store.remove([])


async def test_of_jobs_that_ended_at_the_same_moment_just_so_many_stay(store: JobStore) -> None:
    for number in range(6):
        await store.add(job(number))
        await store.save(ended(number, 100.0))
    first = await store.expired(Expiry(count=4), 99)
    assert len(first) == 2
    await store.remove([each.job_id for each in first])
    assert await store.expired(Expiry(count=4), 99) in ((), [])


async def test_what_may_go_tells_its_files(store: JobStore) -> None:
    files = tuple(InputFile("image", each, "a.png", "image/png", 3) for each in "abb")
    await store.add(job(1, inputs=files))
    await store.add(job(2))
    for number in (1, 2):
        await store.save(ended(number, float(number), inputs=files if number == 1 else ()))
    expired = await store.expired(Expiry(count=0), 9)
    assert [(each.job_id, sorted(each.digests)) for each in expired] == [
        ("job-001", ["a", "b"]),
        ("job-002", []),
    ]
    assert [each.created_at for each in expired] == [job(1).created_at, job(2).created_at]


async def test_jobs_are_counted_and_timed_by_service(store: JobStore) -> None:
    for number in range(1, 5):
        await store.add(job(number))
        # It waited one second, and ran `number` seconds.
        times = {"started_at": number + 1.0, "completed_at": 1.0 + 2 * number}
        await store.save(job(number, status="completed", **times))
    await store.add(job(5))
    await store.save(ended(5, 9.0, "failed"))
    await store.add(job(6, service="paint", caller="ann"))
    told = await store.statistics(Period())
    assert dict(told.whole.counts) == {"pending": 1, "completed": 4, "failed": 1}
    assert (told.whole.total, told.whole.active, told.whole.success_rate) == (6, 1, 0.8)
    assert list(told.services) == ["draw", "paint"]
    draw = told.services["draw"]
    assert draw.waiting == Times(1.0, 1.0, 1.0)
    assert draw.running is not None
    assert (draw.running.average, draw.running.p50) == (2.5, 2.5)
    assert draw.running.p95 == pytest.approx(3.85)
    assert told.services["paint"] == Figures({"pending": 1})
    assert (await store.statistics(Period("ann"))).whole == Figures({"pending": 1})
    assert list((await store.statistics(Period(service="draw"))).services) == ["draw"]
    late = await store.statistics(Period("local", since=4.0))
    assert dict(late.whole.counts) == {"completed": 1, "failed": 1}
    assert await store.statistics(Period("nobody")) == Statistics(Figures({}), {})


async def test_an_input_is_unused_when_no_job_needs_it(store: JobStore) -> None:
    def file(digest: str) -> InputFile:
        return InputFile("image", digest, "a.png", "image/png", 3)

    await store.add(job(1, inputs=(file("a"), file("b"), file("b"))))
    await store.add(job(2, inputs=(file("b"),)))
    assert await store.unused(["a", "b", "c"]) == ["c"]
    await store.remove(["job-001"])
    assert await store.unused(["a", "b", "c"]) == ["a", "c"]
    assert await store.unused([]) == []


async def test_a_hundred_calls_at_once_are_all_kept(store: JobStore) -> None:
    await asyncio.gather(*(store.add(job(number)) for number in range(100)))
    await asyncio.gather(*(store.save(ended(number, 5.0)) for number in range(100)))
    assert dict(await store.counts()) == {"completed": 100}


# --- idempotency keys ---


async def test_a_key_is_one_job_of_its_caller(store: JobStore) -> None:
    first = job(1, key="once", asked="a")
    assert await store.keyed("local", "once") is None
    assert await store.claim(first) == first
    assert await store.claim(job(2, key="once", asked="b")) == first
    assert await store.get("job-002") is None
    assert await store.keyed("local", "once") == first
    assert await store.claim(first) == first  # done twice it is done once
    hers = job(3, key="once", caller="ann")
    assert await store.claim(hers) == hers
    assert await store.keyed("bob", "once") is None
    assert (await store.list(JobQuery())).total == 2


async def test_a_key_stands_for_its_job_when_that_has_finished_and_until_it_goes(
    store: JobStore,
) -> None:
    await store.claim(job(1, key="once"))
    over = ended(1, 9.0, key="once")
    await store.save(over)
    assert await store.claim(job(2, key="once")) == over
    await store.remove(["job-001"])
    assert await store.claim(job(3, key="once")) == job(3, key="once")


async def test_of_many_claims_at_the_same_moment_one_is_kept(store: JobStore) -> None:
    made = [job(number, key="once") for number in range(20)]
    kept = await asyncio.gather(*(store.claim(each) for each in made))
    assert len({each.id for each in kept}) == 1
    assert (await store.list(JobQuery())).total == 1


async def test_jobs_of_one_call_are_kept_all_or_none(store: JobStore) -> None:
    file = InputFile("image", "a", "a.png", "image/png", 3)
    parts = [job(n, batch=PartOf("batch", n, 3), inputs=(file,)) for n in range(3)]
    assert await store.claim(*parts) == parts[0]
    assert [await store.get(each.id) for each in parts] == parts
    assert await store.unused(["a", "b"]) == ["b"]
    first = job(3, key="once", batch=PartOf("keyed", 0, 2))
    assert await store.claim(first, job(4)) == first
    # Another call with its key keeps nothing, not even what has no key itself.
    assert await store.claim(job(5, key="once"), job(6), job(7)) == first
    assert (await store.list(JobQuery())).total == 5


async def test_a_job_with_a_key_needs_its_files(store: JobStore) -> None:
    file = InputFile("image", "a", "a.png", "image/png", 3)
    await store.claim(job(1, key="once", inputs=(file,)))
    assert await store.unused(["a", "b"]) == ["b"]


# --- backends ---


async def test_a_backend_is_drained_until_it_is_resumed(store: JobStore) -> None:
    assert dict(await store.drained()) == {}
    await store.drain("studio", 5.0)
    await store.drain("attic", 6.0)
    await store.drain("studio", 9.0)
    assert dict(await store.drained()) == {"studio": 5.0, "attic": 6.0}
    await store.drain("studio", None)
    await store.drain("cellar", None)
    assert dict(await store.drained()) == {"attic": 6.0}


async def test_what_is_under_way_is_what_has_a_run_and_no_end(store: JobStore) -> None:
    run = Run(1, "studio", "p", 2.0)
    await store.add(job(1))
    await store.add(job(2, runs=(run,)))
    await store.add(job(3, runs=(run,), status="running"))
    await store.add(job(4, runs=(run,)))
    await store.save(ended(4, 9.0, runs=(run,)))
    assert sorted(each.id for each in await store.under_way()) == ["job-002", "job-003"]


async def test_the_newest_jobs_come_newest_first_and_no_more_than_asked_for(
    store: JobStore,
) -> None:
    assert list(await store.newest(2)) == []
    for number in range(4):
        await store.add(job(number))
    assert [each.id for each in await store.newest(2)] == ["job-003", "job-002"]
    assert len(await store.newest(9)) == 4
