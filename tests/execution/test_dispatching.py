"""Slots, order, backends that are down, cancelling at every moment, and time in line."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import BackendRefused, BackendUnreachable
from gateway.jobs.backend import Accepted, Pending, Submission
from gateway.jobs.job import Job
from gateway.wire.messages import ExecutionStart
from tests.execution.scripted import Bench, MakeBench, ScriptedBackend, a_service

DOWN = BackendUnreachable("nothing listens there", where="studio")


async def start_one(bench: Bench) -> Job:
    """Take on a call whose prompt is taken and never finished by itself."""
    bench.backend.submitting = bench.backend.take
    bench.backend.submitted.clear()
    job = await bench.accept()
    await bench.backend.submitted.wait()
    return job


async def test_never_more_runs_at_a_time_than_there_are_slots(make_bench: MakeBench) -> None:
    bench = make_bench(ScriptedBackend(slots=2))
    most = 0
    running = 0

    async def count(submission: Submission) -> Accepted:
        nonlocal most, running
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return await bench.backend.succeed(submission)

    bench.backend.submitting = count
    jobs = [await bench.accept() for _ in range(20)]
    assert {(await bench.ended(job)).status for job in jobs} == {"completed"}
    assert most <= 2


async def test_jobs_in_line_know_their_place_and_the_urgent_one_goes_first(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(ScriptedBackend(slots=1))
    running = await start_one(bench)
    plain = await bench.accept()
    urgent = await bench.accept(a_service(priority=5))
    position = bench.executor.dispatcher.position
    assert (position(running.id), position(urgent.id), position(plain.id)) == (None, 0, 1)
    bench.backend.submitting = bench.backend.succeed
    bench.backend.finish(bench.backend.submissions[0].prompt_id)
    await bench.ended(plain)
    urgent_run = (await bench.ended(urgent)).run
    assert urgent_run is not None
    assert bench.backend.submissions[1].prompt_id == urgent_run.prompt_id


async def test_two_backends_share_the_work(make_bench: MakeBench) -> None:
    left, right = ScriptedBackend("left", 1), ScriptedBackend("right", 1)
    bench = make_bench(left, right)
    jobs = [await bench.accept() for _ in range(10)]
    for job in jobs:
        await bench.ended(job)
    assert len(left.submissions) + len(right.submissions) == 10
    assert left.submissions
    assert right.submissions


async def test_a_job_of_a_dead_backend_is_told_so_by_name_and_runs_once_it_is_back(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    bench.backend.down = DOWN
    job = await bench.accept()
    seen = await bench.until(job, lambda each: "does not answer" in each.progress.note)
    assert "studio" in seen.progress.note
    bench.backend.down = None
    job = await bench.ended(job)
    assert job.status == "completed"
    assert [run.attempt for run in job.runs] == [1]


async def test_a_job_fails_when_no_backend_answers_for_the_whole_grace(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(grace=0.1)
    bench.backend.down = DOWN
    job = await bench.run()
    assert job.status == "failed"
    assert job.failure is not None
    assert job.failure.code == "backend-unreachable"


async def test_a_job_accepted_while_its_backend_is_known_to_be_down_is_told_at_once(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    bench.backend.down = DOWN
    first = await bench.accept()
    await bench.until(first, lambda each: bool(each.progress.note))
    second = await bench.accept()
    live = bench.ledger.live(second.id)
    assert live is not None
    assert "studio" in live.progress.note


async def test_another_backend_takes_over_what_a_dead_one_cannot_do(make_bench: MakeBench) -> None:
    dead, well = ScriptedBackend("dead", 4), ScriptedBackend("well", 4)
    dead.down = DOWN
    bench = make_bench(dead, well)
    job = await bench.run()
    assert job.status == "completed"
    assert job.run is not None
    assert job.run.backend == "well"


async def test_a_backend_that_refuses_is_left_for_another_one(make_bench: MakeBench) -> None:
    guarded, open_one = ScriptedBackend("guarded", 4), ScriptedBackend("open", 4)
    guarded.down = BackendRefused("it wants credentials", where="guarded")
    bench = make_bench(guarded, open_one)
    assert (await bench.run()).status == "completed"


async def test_a_backend_that_refuses_and_is_the_only_one_fails_the_job(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(attempts=2)
    bench.backend.down = BackendRefused("it wants credentials", where="studio")
    job = await bench.run()
    assert job.failure is not None
    assert job.failure.code == "backend-refused"


# --- cancelling, at every moment; afterwards a second job must succeed ---


async def cancel_and_succeed(bench: Bench, job: Job) -> Job:
    async with asyncio.timeout(4):
        stopped = await bench.executor.stop(job, "Cancelled by its caller.")
    assert stopped.status == "cancelled"
    bench.backend.submitting = bench.backend.succeed
    bench.backend.uploading = bench.backend.at_once
    bench.backend.downloading = bench.backend.at_once
    assert (await bench.run()).status == "completed"
    return stopped


async def test_a_job_waiting_here_is_cancelled_without_comfyui_hearing_of_it(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(ScriptedBackend(slots=2))
    first, second = await start_one(bench), await start_one(bench)
    waiting = await bench.accept()
    stopped = await bench.executor.stop(waiting, "Cancelled by its caller.")
    assert (stopped.status, stopped.runs) == ("cancelled", ())
    assert len(bench.backend.submissions) == 2
    await bench.executor.stop(second, "enough")
    await cancel_and_succeed(bench, first)


async def test_a_job_queued_or_running_there_is_cancelled_by_its_own_id(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    queued = await start_one(bench)
    running = await start_one(bench)
    its = bench.backend.submissions[1].prompt_id
    bench.backend.say(its, ExecutionStart(its))
    await bench.until(running, lambda each: each.status == "running")
    await bench.executor.stop(running, "Cancelled by its caller.")
    assert bench.backend.cancelled == [its]
    await cancel_and_succeed(bench, queued)
    assert bench.backend.cancelled == [its, bench.backend.submissions[0].prompt_id]


async def test_a_job_whose_files_are_on_their_way_there_is_cancelled(make_bench: MakeBench) -> None:
    bench = make_bench()
    uploading = asyncio.Event()

    async def hang() -> None:
        uploading.set()
        await asyncio.Event().wait()

    bench.backend.uploading = hang
    job = await bench.accept(a_service(image=True), image="cat.png")
    await uploading.wait()
    stopped = await cancel_and_succeed(bench, job)
    assert stopped.runs == ()


async def test_a_job_whose_prompt_is_being_posted_is_cancelled_once_comfyui_has_it(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    answer = asyncio.Event()

    async def answer_late(submission: Submission) -> Accepted:
        await answer.wait()
        return Accepted(submission.prompt_id, {})

    bench.backend.submitting = answer_late
    job = await bench.accept()
    await bench.backend.submitted.wait()
    stopping = asyncio.create_task(bench.executor.stop(job, "Cancelled by its caller."))
    await asyncio.sleep(0)
    assert bench.backend.cancelled == []
    answer.set()
    assert (await stopping).status == "cancelled"
    assert bench.backend.cancelled == [bench.backend.submissions[0].prompt_id]


async def test_a_job_whose_outputs_are_on_their_way_here_is_cancelled(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    downloading = asyncio.Event()
    go_on = asyncio.Event()

    async def hang() -> None:
        downloading.set()
        await go_on.wait()

    bench.backend.downloading = hang
    job = await bench.accept()
    await downloading.wait()
    stopping = asyncio.create_task(bench.executor.stop(job, "Cancelled by its caller."))
    await asyncio.sleep(0)
    go_on.set()
    assert (await stopping).status == "cancelled"
    bench.backend.downloading = bench.backend.at_once
    assert (await bench.run()).status == "completed"


async def test_cancelling_twice_or_too_late_changes_nothing(make_bench: MakeBench) -> None:
    bench = make_bench()
    job = await bench.run()
    assert await bench.executor.stop(job, "too late") == job
    running = await start_one(bench)
    first, second = await asyncio.gather(
        bench.executor.stop(running, "one"), bench.executor.stop(running, "two")
    )
    assert first.status == second.status == "cancelled"


# --- time in line ---


async def test_a_job_that_gets_no_slot_in_time_ends_as_timeout(make_bench: MakeBench) -> None:
    bench = make_bench(ScriptedBackend(slots=1))
    await start_one(bench)
    job = await bench.run(a_service(queue_timeout=0.05))
    assert job.status == "timeout"
    assert job.failure is not None
    assert job.failure.code == "queue-timed-out"
    assert len(bench.backend.submissions) == 1


async def test_a_job_that_waits_too_long_in_comfyuis_queue_is_taken_out_of_it(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def queue(submission: Submission) -> Accepted:
        bench.backend.where[submission.prompt_id] = Pending(9)
        return Accepted(submission.prompt_id, {})

    bench.backend.submitting = queue
    job = await bench.run(a_service(queue_timeout=0.1))
    assert job.status == "timeout"
    assert bench.backend.cancelled == [bench.backend.submissions[0].prompt_id]


@pytest.mark.parametrize("count", [1, 7])
async def test_settling_waits_for_every_job(make_bench: MakeBench, count: int) -> None:
    bench = make_bench(ScriptedBackend(slots=1))
    jobs = [await bench.accept() for _ in range(count)]
    await bench.executor.dispatcher.settle()
    found = [await bench.ledger.get(job.id) for job in jobs]
    assert [each.status for each in found if each is not None] == ["completed"] * count


async def hold_downloads(bench: Bench) -> asyncio.Event:
    """Have every download wait for the returned event."""
    go_on = asyncio.Event()

    async def wait() -> None:
        await go_on.wait()

    bench.backend.downloading = wait
    return go_on


async def test_the_next_run_starts_while_files_of_the_last_one_come_home(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(ScriptedBackend(slots=1))
    go_on = await hold_downloads(bench)
    first, second = [await bench.accept() for _ in range(2)]
    await bench.until(second, lambda each: bool(each.runs))
    assert not (await bench.executor.find(first.id, "local")).finished
    go_on.set()
    assert {(await bench.ended(job)).status for job in (first, second)} == {"completed"}


async def test_a_backend_whose_files_come_slowly_is_not_flooded(make_bench: MakeBench) -> None:
    bench = make_bench(ScriptedBackend(slots=2))
    go_on = await hold_downloads(bench)
    jobs = [await bench.accept() for _ in range(30)]
    before = -1
    async with asyncio.timeout(3):
        while len(bench.backend.submissions) > before:
            before = len(bench.backend.submissions)
            await asyncio.sleep(0.1)
    assert before == 16 + 2  # at home's door, and in the slots
    go_on.set()
    assert {(await bench.ended(job)).status for job in jobs} == {"completed"}
    assert len(bench.backend.submissions) == 30


async def test_a_job_cancelled_while_its_files_come_home_gives_nothing_back_twice(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(ScriptedBackend(slots=1))
    go_on = await hold_downloads(bench)
    cancelled = await bench.accept()
    await bench.until(cancelled, lambda each: each.status == "running")
    stopping = asyncio.create_task(bench.executor.stop(cancelled, "enough"))
    await asyncio.sleep(0.01)
    go_on.set()
    assert (await stopping).status == "cancelled"
    bench.backend.submitting = bench.backend.take
    for _ in range(3):
        await bench.accept()
    await asyncio.sleep(0.05)
    assert len(bench.backend.submissions) == 2  # the one slot, not two
