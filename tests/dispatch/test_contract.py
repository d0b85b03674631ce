"""What every dispatcher does, the one in the gateway's process and the cluster's alike."""

from __future__ import annotations

import asyncio
import time

import httpx2 as httpx
import pytest

from gateway.database.opening import open_job_store
from gateway.errors import JobNotFound
from gateway.execution.ledger import Ledger
from gateway.execution.sweeping import Keeping, sweep
from gateway.graph.json_value import Json, as_array, as_object
from gateway.jobs.batch import Batch
from gateway.jobs.job import Job, Progress
from gateway.services.settings import KeepPolicy
from gateway.simulator.faults import Die
from gateway.storage.local import open_input_store, open_output_store
from gateway.tools.running import Asking
from tests.dispatch.deployment import NAMES, Deployment
from tests.facts.whole import assert_each_posted_once, prompts_posted

pytestmark = pytest.mark.timeout(90)


def backend_of(job: Job) -> str:
    """Return where a job's last run was."""
    assert job.run is not None
    return job.run.backend


async def test_a_job_runs_and_every_front_end_has_its_result(deployment: Deployment) -> None:
    job = await deployment.start("run")
    for front in (0, 1):
        done = await deployment.ended(job, front)
        assert (done.status, len(done.outputs), len(done.runs)) == ("completed", 1, 1)
        assert (await deployment.fronts[front].answer(done, Asking())).failed is False
    assert deployment.posted() == 1


async def test_a_call_that_makes_several_jobs_is_spread_and_every_front_end_has_it_whole(
    deployment: Deployment,
) -> None:
    arguments: dict[str, Json] = {"seconds": 0.2, "color": [1, 2, 3, 4]}
    batch = await deployment.fronts[0].start("grid", arguments, Asking())
    assert isinstance(batch, Batch)
    for front in (0, 1):
        done = await deployment.ended(batch, front)
        assert isinstance(done, Batch)
        assert (done.status, done.id, len(done.outputs)) == ("completed", batch.id, 5)
        assert len({backend_of(each) for each in done.jobs}) > 1
        answer = await deployment.fronts[front].answer(done, Asking())
        assert not answer.failed
        assert [each.arguments["color"] for each in done.jobs] == [1, 2, 3, 4]
        sheet = await deployment.fronts[front].output(batch.id, 0, "local")
        assert sheet == done.sheet
    assert deployment.posted() == 4


async def test_a_batch_is_stopped_through_another_front_end(deployment: Deployment) -> None:
    arguments: dict[str, Json] = {"seconds": 20, "color": [*range(6)]}
    batch = await deployment.fronts[0].start("grid", arguments, Asking())
    await deployment.running(batch, 1)
    await deployment.fronts[1].cancel(batch.id, "local")
    done = await deployment.ended(batch)
    assert isinstance(done, Batch)
    assert {each.status for each in done.jobs} == {"cancelled"}
    with pytest.raises(JobNotFound):
        await deployment.fronts[1].cancel(batch.id, "ann")


async def test_jobs_run_in_the_order_they_came(deployment: Deployment) -> None:
    jobs = [await deployment.start("on_a") for _ in range(5)]
    done = [await deployment.ended(job) for job in jobs]
    began = [job.started_at or 0.0 for job in done]
    assert began == sorted(began)
    assert {backend_of(job) for job in done} == {"a"}
    assert_each_posted_once(deployment.simulators["a"])


async def test_a_job_of_higher_priority_goes_first(deployment: Deployment) -> None:
    first = await deployment.start("on_a", 0.8)
    await deployment.running(first)
    waiting = [await deployment.start("on_a") for _ in range(3)]
    urgent = await deployment.ended(await deployment.start("urgent_on_a"))
    others = [await deployment.ended(job) for job in waiting]
    assert all((urgent.started_at or 0.0) < (job.started_at or 0.0) for job in others)


async def test_one_callers_many_jobs_do_not_starve_anothers_one(deployment: Deployment) -> None:
    first = await deployment.start("on_a", 0.8, caller="ann")
    anns = [await deployment.start("on_a", caller="ann") for _ in range(5)]
    bobs = await deployment.start("on_a", caller="bob")
    bobs = await deployment.ended(bobs, caller="bob")
    done = [await deployment.ended(job, caller="ann") for job in (first, *anns)]
    later = [job for job in done if (job.started_at or 0.0) > (bobs.started_at or 0.0)]
    assert len(later) >= 4


async def test_jobs_go_only_where_their_labels_are(deployment: Deployment) -> None:
    fast = [await deployment.start("fast", 0.2) for _ in range(4)]
    both = [await deployment.start("fast_and_big") for _ in range(2)]
    assert {backend_of(await deployment.ended(job)) for job in fast} <= {"a", "b"}
    assert {backend_of(await deployment.ended(job)) for job in both} == {"b"}


async def test_every_backend_is_used_and_none_over_its_slots(deployment: Deployment) -> None:
    jobs = [await deployment.start("run", 0.4) for _ in range(12)]
    most = 0
    async with httpx.AsyncClient() as http:
        while not (await deployment.fronts[0].job(jobs[-1].id, "local")).finished:
            for each in deployment.simulators.values():
                queue = (await http.get(f"{each.url}/queue")).json()
                there = [*as_array(queue["queue_running"]), *as_array(queue["queue_pending"])]  # type: ignore[misc]
                most = max(most, len(there))
    done = [await deployment.ended(job) for job in jobs]
    assert {backend_of(job) for job in done} == set(NAMES)
    assert most == 1
    assert deployment.posted() == 12


async def test_a_job_in_line_is_cancelled_by_any_front_end_and_never_runs(
    deployment: Deployment,
) -> None:
    first = await deployment.start("on_a", 1.0)
    await deployment.running(first)
    second = await deployment.start("on_a")
    third = await deployment.start("on_a")
    cancelled = await deployment.fronts[1].cancel(second.id, "local")
    assert cancelled.status == "cancelled"
    assert (await deployment.ended(third)).status == "completed"
    assert (await deployment.ended(second)).status == "cancelled"
    assert prompts_posted(deployment.simulators["a"]) == 2


async def test_a_running_job_is_cancelled_by_any_front_end(deployment: Deployment) -> None:
    job = await deployment.start("on_a", 20)
    await deployment.running(job)
    cancelled = await deployment.fronts[1].cancel(job.id, "local")
    assert cancelled.status == "cancelled"
    assert (await deployment.ended(job)).status == "cancelled"
    # The slot is free again, and the backend idle.
    assert (await deployment.ended(await deployment.start("on_a"))).status == "completed"


async def test_a_job_cancelled_at_once_has_one_end(deployment: Deployment) -> None:
    jobs = [await deployment.start("run", 5) for _ in range(6)]
    states = await asyncio.gather(
        *(deployment.fronts[at % 2].cancel(job.id, "local") for at, job in enumerate(jobs))
    )
    assert {job.status for job in states} == {"cancelled"}
    assert (await deployment.ended(await deployment.start("on_a"))).status == "completed"


async def test_a_finished_job_is_left_as_it_is(deployment: Deployment) -> None:
    job = await deployment.ended(await deployment.start("run"))
    assert (await deployment.fronts[1].cancel(job.id, "local")).status == "completed"


async def test_a_job_that_waited_too_long_in_line_is_told_so(deployment: Deployment) -> None:
    first = await deployment.start("on_a", 3)
    await deployment.running(first)
    impatient = await deployment.ended(await deployment.start("impatient_on_a"))
    assert impatient.status == "timeout"
    assert impatient.failure is not None
    assert impatient.failure.code == "queue-timed-out"
    assert (await deployment.ended(first)).status == "completed"
    assert prompts_posted(deployment.simulators["a"]) == 1


async def test_a_run_that_takes_too_long_is_stopped(deployment: Deployment) -> None:
    job = await deployment.ended(await deployment.start("short", 20))
    assert job.status == "timeout"
    async with asyncio.timeout(10), httpx.AsyncClient() as http:
        for each in deployment.simulators.values():
            while (await http.get(f"{each.url}/queue")).json()["queue_running"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_progress_is_told_to_whoever_waits(deployment: Deployment) -> None:
    job = await deployment.start("on_a", 1.5)
    seen: list[Progress] = []

    async def report(told: Job) -> None:
        seen.append(told.progress)

    done = await deployment.fronts[0].wait(job.id, Asking(report=report), 30)
    assert done.status == "completed"
    steps = [each.current for each in seen if each.node == "2"]
    assert len(set(steps)) > 3
    assert steps == sorted(steps)
    assert {each.title for each in seen if each.node == "2"} == {"SimulatedSleep"}


async def test_a_comfyui_that_restarts_in_mid_run_costs_an_attempt_not_the_job(
    deployment: Deployment,
) -> None:
    job = await deployment.start("fast", 1.0)
    job = await deployment.running(job)
    first = backend_of(job)
    deployment.simulators[first].order(Die(0.5))
    done = await deployment.ended(job)
    assert done.status == "completed"
    assert [run.attempt for run in done.runs] == [1, 2]
    assert backend_of(done) == first


async def drain(deployment: Deployment, backend: str, since: float | None) -> None:
    """Drain a backend, or resume it, as another process does."""
    place = deployment.environment.get("GATEWAY_DATABASE_URL", ".gateway/jobs.db")
    store = await open_job_store(place, deployment.config.parent, "somebody else", 2.0)
    await store.drain(backend, since)
    await store.close()


async def test_a_drained_backend_finishes_what_it_has_and_others_take_the_rest(
    deployment: Deployment,
) -> None:
    first = await deployment.start("on_a", 3)
    await deployment.running(first)
    await drain(deployment, "a", time.time())
    waiting = await deployment.start("on_a")
    assert (await deployment.ended(first)).status == "completed"
    jobs = [await deployment.start("run", 0.2) for _ in range(6)]
    assert {backend_of(await deployment.ended(job)) for job in jobs} <= {"b", "c", "d"}
    assert not (await deployment.fronts[1].job(waiting.id, "local")).runs
    for front in deployment.fronts:
        shown = await front.call("comfyui_health_check", {}, Asking())
        assert "a: ComfyUI 0.33.0, 0 in its queue" in shown.text
        assert "It is drained: it takes no new jobs." in shown.text
    await drain(deployment, "a", None)
    done = await deployment.ended(waiting)
    assert (done.status, backend_of(done)) == ("completed", "a")
    assert done.run is not None
    assert done.run.because in {"named by the service", "its worker was free"}


async def test_a_comfyui_that_dies_for_good_leaves_its_job_to_another(
    deployment: Deployment,
) -> None:
    job = await deployment.running(await deployment.start("fast", 1.0))
    first = backend_of(job)
    deployment.simulators[first].order(Die(300))
    done = await deployment.ended(job)
    assert done.status == "completed"
    assert [run.backend for run in done.runs] == [first, *({"a", "b"} - {first})]
    assert deployment.posted() == 2


async def test_a_job_that_only_a_dead_comfyui_may_run_fails_when_its_grace_is_over(
    deployment: Deployment,
) -> None:
    job = await deployment.running(await deployment.start("on_a", 1.0))
    deployment.simulators["a"].order(Die(300))
    done = await deployment.ended(job)
    assert (done.status, len(done.runs)) == ("failed", 1)
    assert done.failure is not None
    assert done.failure.code == "backend-unreachable"


async def test_history_is_everybodys_own(deployment: Deployment) -> None:
    mine = [await deployment.ended(await deployment.start("run")) for _ in range(3)]
    theirs = await deployment.start("run", caller="bob")
    await deployment.ended(theirs, caller="bob")
    for front in deployment.fronts:
        answer = await front.call("list_jobs", {}, Asking())
        assert answer.structured["total"] == 3
        listed = as_array(answer.structured["jobs"]) or ()
        assert {each["job_id"] for each in listed} == {job.id for job in mine}  # type: ignore[index,call-overload]
        health = await front.call("comfyui_health_check", {}, Asking("bob"))
        assert health.structured["jobs"] == {"completed": 1}


async def test_a_key_is_one_job_through_whichever_front_ends_it_comes(
    deployment: Deployment,
) -> None:
    asking = Asking(key="once")
    arguments: dict[str, Json] = {"seconds": 0.05}
    jobs = await asyncio.gather(
        *(front.start("run", arguments, asking) for front in [*deployment.fronts] * 4)
    )
    assert len({job.id for job in jobs}) == 1
    for front in (0, 1):
        done = await deployment.ended(jobs[0], front)
        assert (done.status, len(done.runs)) == ("completed", 1)
        assert (await deployment.fronts[front].start("run", arguments, asking)).id == done.id
    other = await deployment.fronts[1].call("run", {"seconds": 0.06}, asking)
    assert other.failed
    assert "stands for another call" in other.text
    assert deployment.posted() == 1


async def test_a_job_runs_again_through_another_front_end(deployment: Deployment) -> None:
    old = await deployment.ended(await deployment.start("run"))
    again = await deployment.fronts[1].call("rerun_job", {"job_id": old.id}, Asking())
    assert again.structured["rerun_of"] == old.id
    job = await deployment.fronts[0].job(str(again.structured["job_id"]), "local")
    job = await deployment.ended(job)
    assert (job.status, job.rerun_of, job.arguments) == ("completed", old.id, old.arguments)
    refused = await deployment.fronts[1].call("rerun_job", {"job_id": old.id}, Asking("bob"))
    assert refused.failed
    assert deployment.posted() == 2


async def test_statistics_are_the_same_from_every_front_end(deployment: Deployment) -> None:
    for _ in range(3):
        await deployment.ended(await deployment.start("run"))
    stopped = await deployment.start("on_a", 20)
    await deployment.running(stopped)
    await deployment.fronts[1].cancel(stopped.id, "local")
    told = [
        (await front.call("get_job_statistics", {}, Asking())).structured
        for front in deployment.fronts
    ]
    assert told[0] == told[1]
    assert (as_object(told[0]["status_counts"]) or {}) == {"completed": 3, "cancelled": 1}
    nobodys = await deployment.fronts[0].call("get_job_statistics", {}, Asking("bob"))
    assert (as_object(nobodys.structured["status_counts"]) or {}) == {}


async def test_old_jobs_go_with_their_files_and_unfinished_ones_stay(
    deployment: Deployment,
) -> None:
    under_way = await deployment.start("on_a", 2)
    await deployment.running(under_way)
    done = [await deployment.ended(await deployment.start("fast")) for _ in range(3)]
    outputs = deployment.config.parent / ".gateway" / "outputs"
    assert {job.id for job in done} <= {each.name for each in outputs.iterdir()}
    store = await open_job_store(
        deployment.environment.get("GATEWAY_DATABASE_URL", ".gateway/jobs.db"),
        deployment.config.parent,
        "a third",
    )
    keeping = Keeping(
        KeepPolicy(age=None, count=1),
        open_input_store(str(deployment.config.parent / ".gateway" / "inputs")),
        open_output_store(str(outputs)),
    )
    assert await sweep(Ledger(store), keeping) == 2
    await store.close()
    assert {each.name for each in outputs.iterdir()} & {job.id for job in done} == {done[2].id}
    for front in deployment.fronts:
        with pytest.raises(JobNotFound):
            await front.job(done[0].id, "local")
    assert (await deployment.ended(under_way)).status == "completed"
