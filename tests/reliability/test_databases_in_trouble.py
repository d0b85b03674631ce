"""The whole gateway on a database that goes away, stalls or is full: no job is lost, callers wait or know."""

# A test may look inside: the store that a gateway opened is nobody else's.
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, make_url, text

from gateway.database.store import DatabaseJobStore
from gateway.front import Front, open_front
from gateway.graph.json_value import JsonObject
from gateway.simulator.server import Simulator
from gateway.tools.answer import Answer
from gateway.tools.running import Asking, Running
from tests.database.server import Server, new_database_on, running_server
from tests.facts.whole import (
    assert_each_posted_once,
    error_of,
    prompts_posted,
    show,
    sleeping,
)
from tests.reliability.served import project, write_services

pytestmark = [pytest.mark.timeout(120), pytest.mark.servers]

AWAY = 10.0
PATIENCE = 45.0


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server of the test's own: nobody else minds its absence."""
    with running_server() as server:
        yield server


@asynccontextmanager
async def opened(config: Path) -> AsyncGenerator[Front]:
    """Open a gateway on a project."""
    front = open_front(config, {}, lambda _: None)
    try:
        await front.running()
        yield front
    finally:
        await front.close(grace=0)


def store_of(front: Front) -> DatabaseJobStore:
    """Return where a gateway keeps its jobs."""
    assert front._engine is not None
    store = front._engine._executor.ledger.store
    assert isinstance(store, DatabaseJobStore)
    return store


async def called(running: Running, color: int) -> Answer:
    """Call the service, and ask for its end as a client does."""
    answer = await running.call("run", {"color": color}, Asking())
    if answer.failed:
        return answer
    job_id = str(answer.structured["job_id"])
    wait = {"job_id": job_id, "wait_seconds": PATIENCE}
    return await running.call("query_job_status", wait, Asking())


async def test_a_database_that_is_away_for_ten_seconds_loses_no_job(
    tmp_path: Path, simulator: Simulator, server: Server
) -> None:
    config = project(tmp_path, simulator, 0.1, new_database_on(make_url(server.get_uri())))
    stopping = asyncio.Event()
    answers: list[Answer] = []

    async def call_on(running: Running, first: int) -> None:
        """Call one after the other, until told to stop."""
        number = first
        while not stopping.is_set():
            answers.append(await called(running, number))
            number += 1

    async with opened(config) as one, opened(config) as two:
        both = [await one.running(), await two.running()]
        calling = [asyncio.create_task(call_on(both[n % 2], n * 1000)) for n in range(4)]
        await asyncio.sleep(1)
        before = len(answers)
        await asyncio.to_thread(server.stop)
        await asyncio.sleep(AWAY)
        await asyncio.to_thread(server.ensure_postgres_running)
        await asyncio.sleep(3)
        stopping.set()
        await asyncio.gather(*calling)
        counts = await store_of(one).counts()
    assert before > 0
    assert {str(each.structured.get("status", each.text)) for each in answers} == {"completed"}
    assert counts == {"completed": len(answers)}
    assert prompts_posted(simulator) == len(answers) > before
    assert_each_posted_once(simulator)


async def test_while_the_disk_stalls_jobs_are_looked_at_and_new_calls_wait(
    tmp_path: Path, simulator: Simulator
) -> None:
    config = project(tmp_path, simulator, 0.2, ".gateway/jobs.db")
    goes_on = threading.Event()
    async with opened(config) as front:
        running = await front.running()
        first = await running.start("run", {"color": 1}, Asking())
        await running.wait(first.id, Asking(), PATIENCE)
        under_way = await running.start("run", {"color": 2}, Asking())

        def stall(_connection: object) -> None:
            """Take as long for a commit as the test says."""
            goes_on.wait(PATIENCE)

        event.listen(store_of(front).lane._engine, "commit", stall)
        try:
            calling = asyncio.create_task(called(running, 3))
            # The loop goes on: what is known of a job under way is told, ComfyUI runs it to its end.
            while (await running.job(under_way.id, "local")).status == "pending":  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            assert await running.ready()
            assert not calling.done()
        finally:
            goes_on.set()
        assert (await calling).structured["status"] == "completed"
        assert (await running.wait(under_way.id, Asking(), PATIENCE)).status == "completed"
    assert prompts_posted(simulator) == 3
    assert_each_posted_once(simulator)


async def test_when_commits_take_a_second_every_call_comes_to_its_end(
    tmp_path: Path, simulator: Simulator, new_database: str
) -> None:
    config = project(tmp_path, simulator, 0.1, new_database)
    async with opened(config) as front:
        running = await front.running()
        never = threading.Event()

        def nap(_connection: object) -> None:
            """Take a second for a commit."""
            never.wait(1.0)

        event.listen(store_of(front).lane._engine, "commit", nap)
        answers = await asyncio.gather(*(called(running, number) for number in range(4)))
    assert [each.structured["status"] for each in answers] == ["completed"] * 4
    assert prompts_posted(simulator) == 4
    assert_each_posted_once(simulator)


async def test_a_full_disk_refuses_new_calls_and_keeps_every_end_for_later(
    tmp_path: Path, simulator: Simulator
) -> None:
    service: JsonObject = {
        "wait": "0s",
        "parameters": {"color": "1.color", "name": "3.filename_prefix"},
    }
    # What it leaves takes more room in its record than there will be.
    graph = {**sleeping(0.5), "5": show({"text": ["x" * 50_000]})}
    config = write_services(tmp_path, simulator, graph, service)
    async with opened(config) as front:
        running, store = await front.running(), store_of(front)
        store.lane._patience = 0.3
        done = await running.wait(
            (await running.start("run", {"color": 1}, Asking())).id, Asking(), PATIENCE
        )
        under_way = await running.start("run", {"color": 2}, Asking())
        pages = await store.lane.do(lambda c: c.execute(text("PRAGMA page_count")).scalar_one())
        await store.lane.do(lambda c: c.execute(text(f"PRAGMA max_page_count = {pages}")).scalar())
        refused = await running.call("run", {"color": 3, "name": "x" * 50_000}, Asking())
        assert error_of(refused)["code"] == "store-full"
        ended = await running.wait(under_way.id, Asking(), PATIENCE)
        assert ended.status == "completed"
        kept = await store.get(under_way.id)
        assert kept is not None
        assert not kept.finished  # the end is in memory for now, and told
        assert (await running.job(done.id, "local")).status == "completed"
        await store.lane.do(lambda c: c.execute(text("PRAGMA max_page_count = 100000")).scalar())
        async with asyncio.timeout(PATIENCE):
            while await store.get(under_way.id) != ended:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert (await called(running, 4)).structured["status"] == "completed"
        assert await store.counts() == {"completed": 3}
    assert prompts_posted(simulator) == 3
    async with opened(config) as later:
        assert await (await later.running()).job(under_way.id, "local") == ended
