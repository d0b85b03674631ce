"""A database of each older version comes to the newest one with all its jobs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.engine import URL, make_url

from gateway.database.opening import open_job_store
from gateway.database.tables import METADATA, VERSION
from gateway.jobs.job import Run
from gateway.jobs.store import JobQuery
from tests.database.older import make_version_1, make_version_2, opened
from tests.database.test_contract import job

pytestmark = pytest.mark.timeout(60)


def url_of(place: str, folder: Path) -> URL:
    """Return where `jobs.store` points to, for a connection of the test's own."""
    if "://" in place:
        return make_url(place).set(drivername="postgresql+psycopg")
    return URL.create("sqlite", database=str(folder / place))


def record(number: int, status: str, *backends: str) -> dict[str, object]:
    """Return a job as version 1 wrote it."""
    return {
        "id": f"job-{number:03}",
        "service": "draw",
        "caller": "local",
        "arguments": {"prompt": "ä"},
        "created_at": float(number),
        "status": status,
        "runs": [
            {"attempt": at, "backend": name, "prompt_id": f"p{at}", "submitted_at": 1.0}
            for at, name in enumerate(backends, 1)
        ],
    }


async def test_every_job_of_version_1_is_there(place: str, tmp_path: Path) -> None:
    url = url_of(place, tmp_path)
    old = [record(1, "completed", "attic", "studio"), record(2, "running", "attic")]
    make_version_1(url, [*old, record(3, "pending")])
    store = await open_job_store(place, tmp_path, "me", 2.0)
    page = await store.list(JobQuery())
    assert [each.id for each in page.jobs] == ["job-003", "job-002", "job-001"]
    assert page.jobs[2].runs[-1] == Run(2, "studio", "p2", 1.0)
    assert [each.id for each in await store.adopt("dead", 99)] == ["job-002", "job-003"]
    await store.add(job(4, key="once"))
    await store.close()
    with opened(url) as connection:
        assert connection.execute(text("SELECT version FROM gateway_schema")).scalar() == VERSION
        told = connection.execute(text("SELECT id, backend FROM gateway_jobs ORDER BY id")).all()
    assert [each.backend for each in told] == ["studio", "attic", "", ""]


async def test_every_job_of_version_2_is_there_and_backends_can_be_drained(
    place: str, tmp_path: Path
) -> None:
    url = url_of(place, tmp_path)
    old = {**record(1, "completed", "attic"), "backend": "attic", "key": "once"}
    make_version_2(url, [old, record(2, "pending")])
    store = await open_job_store(place, tmp_path, "me", 2.0)
    assert [each.id for each in (await store.list(JobQuery())).jobs] == ["job-002", "job-001"]
    assert [each.id for each in await store.adopt("dead", 99)] == ["job-002"]
    await store.drain("attic", 5.0)
    assert dict(await store.drained()) == {"attic": 5.0}
    await store.close()
    with opened(url) as connection:
        assert connection.execute(text("SELECT version FROM gateway_schema")).scalar() == VERSION
        told = connection.execute(text("SELECT backend, key FROM gateway_jobs ORDER BY id")).all()
    assert [tuple(each) for each in told] == [("attic", "once"), ("", None)]


@pytest.mark.parametrize("make_older", [make_version_1, make_version_2])
async def test_a_migrated_database_has_what_a_new_one_has(
    place: str, tmp_path: Path, make_older: Callable[[URL, Sequence[dict[str, object]]], None]
) -> None:
    url = url_of(place, tmp_path)
    make_older(url, [])
    await (await open_job_store(place, tmp_path, "me", 2.0)).close()
    with opened(url) as connection:
        found = inspect(connection)
        for table in METADATA.sorted_tables:
            columns = {each["name"]: each["nullable"] for each in found.get_columns(table.name)}
            assert columns == {each.name: each.nullable for each in table.columns}
            indexes = {each["name"] for each in found.get_indexes(table.name)}
            assert indexes == {each.name for each in table.indexes}


async def test_more_jobs_than_a_chunk_are_all_brought_along(tmp_path: Path) -> None:
    url = url_of("jobs.db", tmp_path)
    make_version_1(url, [record(number, "completed", "attic") for number in range(4100)])
    await (await open_job_store("jobs.db", tmp_path, "me", 2.0)).close()
    with opened(url) as connection:
        count = "SELECT count(*) FROM gateway_jobs WHERE backend = 'attic'"
        assert connection.execute(text(count)).scalar() == 4100


async def test_a_record_that_cannot_be_read_stops_no_migration(place: str, tmp_path: Path) -> None:
    url = url_of(place, tmp_path)
    make_version_1(url, [record(1, "completed", "attic"), record(2, "completed", "attic")])
    with opened(url) as connection:
        connection.execute(text("UPDATE gateway_jobs SET record = '[' WHERE id = 'job-001'"))
    store = await open_job_store(place, tmp_path, "me", 2.0)
    assert (await store.list(JobQuery())).total == 2
    await store.close()
