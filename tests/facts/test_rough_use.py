"""Everything at once: cancel storms, faults in a row, several gateways, edits while jobs run."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path

import httpx2 as httpx
import pytest

from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.simulator.faults import (
    HTML_BODY,
    AnswerWith,
    Die,
    DropSockets,
    Fault,
    Forget,
    ForgetHistory,
    LoseAnswer,
    Refuse,
)
from gateway.simulator.server import Simulator
from tests.facts.whole import (
    VERSIONS,
    Whole,
    assert_each_posted_once,
    counted,
    image,
    opened,
    prompts_posted,
    save,
    sleeping,
)

pytestmark = pytest.mark.timeout(60)

FAULTS: tuple[Fault, ...] = (
    DropSockets(),
    Forget(),
    Die(0.2),
    Refuse(0.3),
    ForgetHistory(),
    LoseAnswer("/prompt"),
    AnswerWith("/history*", times=3),
    AnswerWith("/view", 502, times=3),
    AnswerWith("/jobs*", 404, HTML_BODY, "text/html", times=3),
)


def never_cached(seconds: float) -> dict[str, Json]:
    """Return a graph that takes its time at every run: its parameter is drawn."""
    graph = sleeping(seconds)
    sleeper = as_object(graph["2"]) or {}
    graph["2"] = {**sleeper, "inputs": {**(as_object(sleeper["inputs"]) or {}), "nonce": 0}}
    return graph


DRAWN: JsonObject = {
    "parameters": {
        "nonce": {"node": "2", "widget": "nonce", "default": "random", "maximum": 1_000_000}
    }
}


async def cancel_after(whole: Whole, job_id: str, seconds: float) -> None:
    """Cancel a job three times at once, some time from now."""
    await asyncio.sleep(seconds)
    await asyncio.gather(*(whole.running.cancel(job_id, "local") for _ in range(3)))


async def left_there(simulator: Simulator) -> int:
    """Return how many prompts ComfyUI still has to do."""
    async with httpx.AsyncClient(base_url=simulator.url) as http:
        queue = (await http.get("/queue")).json()
    return len(queue["queue_running"]) + len(queue["queue_pending"])


@pytest.mark.parametrize("seed", [1, 2])
async def test_under_faults_and_cancels_every_job_ends_and_no_prompt_is_posted_twice(
    tmp_path: Path, simulator: Simulator, seed: int
) -> None:
    rough = random.Random(seed)  # noqa: S311 - not for secrets
    backends: dict[str, JsonObject] = {"sim": {"url": simulator.url, "slots": 4}}
    async with opened(tmp_path, backends, never_cached(0.1), DRAWN) as whole:
        jobs = [await whole.begin() for _ in range(24)]
        cancels = [
            asyncio.create_task(cancel_after(whole, job.id, rough.random() * 2))
            for job in jobs[::3]
        ]
        for posted in (3, 7, 11, 15):  # two thirds of the jobs run whatever is cancelled
            await whole.until(jobs[0], lambda _, least=posted: prompts_posted(simulator) >= least)
            simulator.order(rough.choice(FAULTS))
        ended = [await whole.ended(job) for job in jobs]
        await asyncio.gather(*cancels)
        assert {job.status for job in ended} <= {"completed", "cancelled"}
        assert all(len(job.outputs) == 2 for job in ended if job.status == "completed")
        assert {job.id for job in ended if job.status == "cancelled"} <= {
            job.id for job in jobs[::3]
        }
    assert await left_there(simulator) == 0
    assert set(counted(simulator, "prompts")) <= {
        run.prompt_id for job in ended for run in job.runs
    }


async def test_two_gateways_on_one_comfyui_leave_each_others_prompts_alone(
    tmp_path: Path, simulator: Simulator
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    graph = never_cached(0.2)
    async with (
        opened(tmp_path / "one", simulator, graph, DRAWN) as one,
        opened(tmp_path / "two", simulator, graph, DRAWN) as two,
    ):
        mine = [await one.begin() for _ in range(4)]
        theirs = [await two.begin() for _ in range(4)]
        await one.until(mine[0], lambda _: prompts_posted(simulator) >= 3)
        for job in mine:
            await one.running.cancel(job.id, "local")
        ended = [await two.ended(job) for job in theirs]
    assert [(job.status, len(job.runs)) for job in ended] == [("completed", 1)] * 4


async def test_a_job_goes_on_with_the_service_it_was_accepted_with_whatever_is_edited(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, sleeping(0.5)) as whole:
        job = await whole.running_there(await whole.begin())
        config = tmp_path / "services.yaml"
        good = config.read_text(encoding="utf-8")
        news = asyncio.Event()

        async def changed() -> None:
            news.set()

        whole.front.subscribe(changed)
        config.write_text("{", encoding="utf-8")
        (tmp_path / "workflows" / "draw.json").write_text("{", encoding="utf-8")
        job = await whole.ended(job)
        assert (job.status, len(job.outputs)) == ("completed", 2)
        assert "run" in whole.front.table.tools  # a broken edit keeps the last good set
        graph = json.dumps({"1": image(), "2": save()})
        (tmp_path / "workflows" / "draw.json").write_text(graph, encoding="utf-8")
        config.write_text(good.replace('"run"', '"renamed"'), encoding="utf-8")
        async with asyncio.timeout(10):
            await news.wait()
        assert "renamed" in whole.front.table.tools
        assert "run" not in whole.front.table.tools


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_gateway_closed_as_soon_as_it_began_leaves_nothing_behind(
    tmp_path: Path, version: str
) -> None:
    async with Simulator(version=version) as simulator:
        before = asyncio.all_tasks()
        async with opened(tmp_path, simulator, sleeping(5)) as whole:
            job = await whole.begin()
        async with asyncio.timeout(5):
            await asyncio.gather(*(asyncio.all_tasks() - before), return_exceptions=True)
        assert not (await whole.running.job(job.id, "local")).finished
        assert_each_posted_once(simulator)
