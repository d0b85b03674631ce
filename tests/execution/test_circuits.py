"""A backend that lets jobs down gets none, is asked how it is, and then one job tries it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.comfy.backend import ComfyBackend
from gateway.errors import BackendAnsweredOddly, BackendRefused, BackendUnreachable
from gateway.execution.fleet import Fleet
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.jobs.backend import Accepted, Health, Submission
from gateway.services.model import BackendDeclaration
from gateway.simulator.faults import AnswerWith
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking
from tests.execution.scripted import MakeBench, ScriptedBackend, a_service
from tests.facts.whole import (
    PATIENCE,
    Whole,
    counted,
    error_of,
    image,
    opened,
    prompts_posted,
    save,
    sleeping,
)

DOWN = BackendUnreachable("Backend studio: nothing listens there", where="studio")
REFUSED = BackendRefused("Backend studio: it wants credentials", where="studio")


async def turned_away(submission: Submission) -> Accepted:
    """Turn a prompt away at the door."""
    raise BackendRefused("Backend studio: too many requests", where="studio")


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)


async def shown(whole: Whole) -> JsonObject:
    """Return what the health tool shows of the one backend."""
    answer = await whole.running.call("comfyui_health_check", {}, Asking())
    backends = as_object(answer.structured["backends"]) or {}
    return as_object(backends["sim"]) or {}


async def test_three_refusals_open_the_circuit_and_one_job_closes_it_again(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(ScriptedBackend(slots=8), attempts=9)
    fleet = bench.executor.fleet
    bench.backend.down = REFUSED
    jobs = [await bench.accept() for _ in range(3)]
    for job in jobs:
        told = await bench.until(job, lambda each: "is left out" in each.progress.note)
        assert "it wants credentials" in told.progress.note
    standing = fleet.standing("studio")
    assert (standing.state, standing.reason) == ("open", "it wants credentials")
    assert standing.since is not None
    bench.backend.down = None
    assert {(await bench.ended(job)).status for job in jobs} == {"completed"}
    assert (fleet.standing("studio").state, fleet.standing("studio").since) == ("closed", None)


async def test_while_one_job_tries_the_backend_the_others_wait(make_bench: MakeBench) -> None:
    bench = make_bench(ScriptedBackend(slots=8))
    bench.backend.down = DOWN
    jobs = [await bench.accept() for _ in range(4)]
    await bench.until(jobs[-1], lambda each: bool(each.progress.note))
    answer = asyncio.Event()

    async def take_when_told(submission: Submission) -> Accepted:
        await answer.wait()
        return await bench.backend.succeed(submission)

    bench.backend.submitting = take_when_told
    bench.backend.down = None
    await bench.backend.submitted.wait()
    await asyncio.sleep(0.05)
    assert len(bench.backend.submissions) == 1
    assert bench.executor.fleet.standing("studio").state == "half-open"
    answer.set()
    assert {(await bench.ended(job)).status for job in jobs} == {"completed"}


async def test_a_job_that_tries_in_vain_opens_it_again(make_bench: MakeBench) -> None:
    bench = make_bench(attempts=9, grace=3.0)
    fleet = bench.executor.fleet
    for _ in range(3):
        fleet.let_down("studio", REFUSED)
    since = fleet.standing("studio").since
    bench.backend.submitting = turned_away
    job = await bench.accept()
    await bench.backend.submitted.wait()  # the circuit was half-open, so one was let in
    await until(lambda: fleet.standing("studio").state == "open")
    assert fleet.standing("studio").since == pytest.approx(since, abs=0.05)
    assert fleet.standing("studio").reason == "too many requests"
    told = await bench.until(job, lambda each: "is left out: too many" in each.progress.note)
    assert not told.finished


async def test_a_job_cancelled_while_it_tries_lets_the_next_one_try(make_bench: MakeBench) -> None:
    bench = make_bench()
    bench.executor.fleet.let_down("studio", DOWN)
    never = asyncio.Event()
    uploading = asyncio.Event()

    async def hang() -> None:
        uploading.set()
        await never.wait()

    bench.backend.uploading = hang
    first = await bench.accept(a_service(image=True), image="cat.png")
    second = await bench.accept()
    await uploading.wait()
    await bench.executor.stop(first, "enough")
    assert (await bench.ended(second)).status == "completed"
    assert bench.executor.fleet.standing("studio").state == "closed"


async def test_a_good_run_between_makes_refusals_forgotten(make_bench: MakeBench) -> None:
    bench = make_bench()
    odd = BackendAnsweredOddly("Backend studio: a login page", where="studio")
    for _ in range(4):
        bench.executor.fleet.let_down("studio", odd)
        bench.executor.fleet.let_down("studio", odd)
        assert (await bench.run()).status == "completed"
    assert bench.executor.fleet.standing("studio").state == "closed"


async def test_a_prompt_that_is_refused_as_a_graph_is_no_fault_of_the_backend(
    tmp_path: Path,
) -> None:
    graph: dict[str, Json] = {"1": image(side=-5), "2": save()}
    async with Simulator() as simulator, opened(tmp_path, simulator, graph) as whole:
        for _ in range(4):
            assert error_of(await whole.call())["code"] == "prompt-rejected"
        assert (await shown(whole))["state"] == "closed"


# --- over real HTTP --------------------------------------------------------------------------------


@pytest.mark.timeout(40)
async def test_a_comfyui_that_answers_500_is_left_out_and_shown_so_until_it_is_well(
    tmp_path: Path,
) -> None:
    async with Simulator() as simulator:
        simulator.order(AnswerWith("/prompt", times=3))
        async with opened(tmp_path, simulator, sleeping(0.1)) as whole:
            assert (await whole.call()).failed
            sim = await shown(whole)
            assert (sim["reachable"], sim["state"]) == (True, "open")
            assert str(sim["since"]).endswith("Z")
            assert "500" in str(sim["reason"])
            assert not (await whole.call()).failed
            assert (await shown(whole))["state"] == "closed"
        assert prompts_posted(simulator) == 1


@pytest.mark.timeout(30)
async def test_an_idle_backend_that_dies_is_known_before_a_job_meets_it() -> None:
    async with Simulator() as simulator:
        backend = ComfyBackend(BackendDeclaration("sim", simulator.url))
        fleet = Fleet({"sim": backend}, idle=0.05)
        looking = asyncio.create_task(fleet.look_for_ever())
        await until(lambda: counted(simulator, "requests").get("GET /system_stats", 0) > 1)
        assert fleet.takes_runs("sim")
    await until(lambda: fleet.standing("sim").state == "open")
    assert not fleet.takes_runs("sim")
    assert not fleet.news.is_set()
    async with Simulator(port=simulator.port):
        await until(lambda: fleet.standing("sim").state == "closed")  # no job is placed here
        assert fleet.takes_runs("sim")
        assert fleet.news.is_set()
    looking.cancel()
    await fleet.close()
    await backend.close()


async def test_another_version_than_before_is_news_and_has_nothing_loaded() -> None:
    class Versioned(ScriptedBackend):
        """A backend of a version."""

        version = "1"
        asked = 0

        async def health(self) -> Health:
            """Tell it."""
            self.asked += 1
            return Health(reachable=True, version=self.version)

    backend = Versioned()
    fleet = Fleet({"studio": backend}, idle=0.03)
    fleet.learn({"studio": frozenset({"a"})})
    looking = asyncio.create_task(fleet.look_for_ever())
    await until(lambda: backend.asked > 2)
    assert not fleet.news.is_set()
    assert fleet.standing("studio").models == {"a"}
    backend.version = "2"
    await until(fleet.news.is_set)
    assert fleet.standing("studio").models == frozenset()
    looking.cancel()
    await fleet.close()
