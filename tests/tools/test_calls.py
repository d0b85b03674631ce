"""Calling tools: waiting, handles, answers, built-in tools, and who sees what."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.execution.collect import PreviewShelf
from gateway.graph.json_value import Json, JsonObject
from gateway.jobs.backend import Accepted, Submission
from gateway.jobs.job import Job, OutputFile
from gateway.media.previewer import PillowPreviewer
from gateway.services.bound import BoundService
from gateway.tools.answer import Answer
from gateway.tools.calls import ToolCalls
from gateway.tools.job_answer import JobAnswers
from gateway.tools.running import Asking, Leaving
from gateway.wire.messages import ExecutionStart, ProgressStep
from tests.execution.conftest import make_bench
from tests.execution.scripted import PICTURE, Bench, MakeBench, ScriptedBackend, a_service
from tests.tools.pictures import noise

__all__ = ["make_bench"]


class Desk:
    """The tools over a bench."""

    def __init__(self, bench: Bench, *services: BoundService, budget: int = 600 * 1024) -> None:
        self.bench = bench
        outputs = bench.keeping.outputs
        answers = JobAnswers(bench.executor, outputs, PreviewShelf(PillowPreviewer(), 128), budget)
        named = {each.name: each for each in bench.backends}
        self.calls = ToolCalls(bench.executor, named, outputs, answers)
        self.calls.publish({"draw": services[0] if services else a_service()})

    async def call(self, tool: str, asking: Asking | None = None, **arguments: Json) -> Answer:
        return await self.calls.call(tool, arguments, asking or Asking())


def error_of(answer: Answer) -> JsonObject:
    assert answer.failed
    error = answer.structured["error"]
    assert isinstance(error, dict)
    return error


def text_of(value: Json) -> str:
    assert isinstance(value, str)
    return value


async def test_a_call_answers_with_the_whole_record_of_its_job(make_bench: MakeBench) -> None:
    desk = Desk(make_bench())
    desk.bench.backend.files[PICTURE] = noise(200, 100)
    answer = await desk.call("draw", prompt="a dog")
    record = dict(answer.structured)
    outputs = record.pop("outputs")
    assert isinstance(outputs, list)
    (output,) = outputs
    assert isinstance(output, dict)
    job_id = text_of(record["job_id"])
    assert text_of(output["path"]).endswith(f"{job_id}/t_00001_.png")
    assert output == {
        "name": "image",
        "index": 0,
        "node_id": "9",
        "kind": "image",
        "type": "output",
        "mime_type": "image/png",
        "filename": "t_00001_.png",
        "size_bytes": len(desk.bench.backend.files[PICTURE]),
        "width": 200,
        "height": 100,
        "uri": f"comfyui://jobs/{job_id}/outputs/0",
        "path": output["path"],
    }
    assert record["service"] == "draw"
    assert record["status"] == "completed"
    assert record["parameters"] == {"prompt": "a dog"}
    assert record["total_images"] == 1
    assert record["attempts"] == 1
    assert record["backend"] == "studio"
    assert record["prompt_id"] == desk.bench.backend.submissions[0].prompt_id
    assert text_of(record["created_at"]).endswith("Z")
    assert record["execution_time"] == f"{record['running_ms']}ms"
    assert not answer.failed
    assert "1 output" in answer.text
    (picture,) = answer.images
    assert picture.mime_type == "image/webp"
    (link,) = answer.links
    assert link.uri == output["uri"]


async def test_previews_stay_within_the_budget_of_the_answer(make_bench: MakeBench) -> None:
    desk = Desk(make_bench(), budget=3000)
    desk.bench.backend.files[PICTURE] = noise(600, 600)
    answer = await desk.call("draw")
    assert sum(len(each.data) for each in answer.images) * 4 / 3 <= 3000


async def test_a_caller_from_elsewhere_sees_links_and_no_paths(make_bench: MakeBench) -> None:
    desk = Desk(make_bench())
    asking = Asking(
        "them", local=False, url=lambda job, number: f"https://gateway/files/{job.id}/{number}"
    )
    answer = await desk.call("draw", asking)
    (output,) = list_of(answer.structured["outputs"])
    assert "path" not in output
    assert output["url"] == f"https://gateway/files/{answer.structured['job_id']}/0"
    assert str(desk.bench.output_folder) not in answer.text
    assert answer.links[0].uri == output["url"]


def list_of(value: Json) -> list[JsonObject]:
    assert isinstance(value, list)
    rows: list[JsonObject] = []
    for each in value:
        assert isinstance(each, dict)
        rows.append(each)
    return rows


async def test_a_call_that_outlives_its_wait_answers_with_a_handle_and_the_job_goes_on(
    make_bench: MakeBench,
) -> None:
    desk = Desk(make_bench(), a_service(wait=0.0))
    desk.bench.backend.submitting = desk.bench.backend.take
    answer = await desk.call("draw")
    assert not answer.failed
    job_id = text_of(answer.structured["job_id"])
    assert answer.structured["status"] == "pending"
    assert "query_job_status" in text_of(answer.structured["message"])
    await desk.bench.backend.submitted.wait()
    desk.bench.backend.finish(desk.bench.backend.submissions[0].prompt_id)
    state = await desk.call("query_job_status", job_id=job_id, wait_seconds=4)
    assert state.structured["status"] == "completed"
    result = await desk.call("get_job_result", job_id=job_id)
    assert result.structured["total_images"] == 1


async def test_the_status_shows_progress_and_the_expected_time(make_bench: MakeBench) -> None:
    desk = Desk(make_bench(), a_service(wait=0.0))
    done = await desk.call("draw")
    await desk.call("query_job_status", job_id=done.structured["job_id"], wait_seconds=4)
    desk.bench.backend.submitted.clear()
    desk.bench.backend.submitting = desk.bench.backend.take
    handle = await desk.call("draw")
    await desk.bench.backend.submitted.wait()
    its = desk.bench.backend.submissions[1].prompt_id
    desk.bench.backend.say(its, ExecutionStart(its), ProgressStep(its, "9", 5, 20))
    job = await desk.calls.job(text_of(handle.structured["job_id"]), "local")
    await desk.bench.until(job, lambda each: each.progress.current == 5)
    state = await desk.call("query_job_status", job_id=job.id)
    progress = state.structured["progress"]
    assert isinstance(progress, dict)
    assert (progress["current"], progress["maximum"], progress["title"]) == (5, 20, "Save it")
    assert state.structured["status"] == "running"
    assert isinstance(state.structured["expected_ms"], int)
    assert "Save it 5/20" in state.text
    too_early = await desk.call("get_job_result", job_id=job.id)
    assert error_of(too_early)["code"] == "job-not-finished"
    assert too_early.structured["status"] == "running"


async def test_the_time_left_is_told_once_earlier_runs_tell_it(make_bench: MakeBench) -> None:
    desk = Desk(make_bench(), a_service(wait=0.0))
    desk.bench.backend.submitting = desk.bench.backend.take
    handle = await desk.call("draw")
    job = await desk.calls.job(text_of(handle.structured["job_id"]), "local")
    await desk.bench.backend.submitted.wait()
    its = desk.bench.backend.submissions[0].prompt_id
    desk.bench.backend.say(its, ExecutionStart(its), ProgressStep(its, "9", 5, 20))
    running = await desk.bench.until(job, lambda each: each.progress.current == 5)
    state = await desk.call("query_job_status", job_id=job.id)
    progress = state.structured["progress"]
    assert isinstance(progress, dict)
    assert (progress["remaining_ms"], "expected_ms" in state.structured) == (None, False)
    assert running.started_at is not None
    end = running.started_at + 300
    desk.bench.executor.expectations.learn(replace(running, status="completed", completed_at=end))
    state = await desk.call("query_job_status", job_id=job.id)
    progress = state.structured["progress"]
    assert isinstance(progress, dict)
    remaining = progress["remaining_ms"]
    assert isinstance(remaining, int)
    assert 200_000 < remaining <= 300_000
    assert state.structured["expected_ms"] == 300_000
    assert state.text.endswith("Save it 5/20, about 5 min left.")
    told: list[str] = []

    async def report(seen: Job) -> None:
        told.append(seen.progress.left)

    await desk.calls.wait(job.id, Asking(report=report), 0.1)
    assert set(told) == {"about 5 min left"}


async def test_a_job_in_our_line_is_told_how_many_are_before_it(make_bench: MakeBench) -> None:
    desk = Desk(make_bench(ScriptedBackend(slots=1)), a_service(wait=0.0))
    desk.bench.backend.submitting = desk.bench.backend.take
    await desk.call("draw")
    await desk.bench.backend.submitted.wait()
    await desk.call("draw")
    last = await desk.call("draw")
    state = await desk.call("query_job_status", job_id=last.structured["job_id"])
    assert "1 before it" in state.text


async def test_a_failed_run_is_an_error_with_its_code_and_its_job(make_bench: MakeBench) -> None:
    desk = Desk(make_bench(), a_service(timeout=0.02))

    async def run_for_ever(submission: Submission) -> Accepted:
        desk.bench.backend.say(submission.prompt_id, ExecutionStart(submission.prompt_id))
        return Accepted(submission.prompt_id, {})

    desk.bench.backend.submitting = run_for_ever
    answer = await desk.call("draw")
    assert error_of(answer)["code"] == "run-timed-out"
    assert answer.structured["job_id"]
    assert answer.structured["status"] == "timeout"


async def test_wrong_arguments_are_an_answer_that_lists_them_and_no_job(
    make_bench: MakeBench,
) -> None:
    desk = Desk(make_bench())
    answer = await desk.call("draw", promt="x", prompt=7)
    error = error_of(answer)
    assert error["code"] == "arguments-invalid"
    assert "/promt" in text_of(error["message"])
    assert "/prompt" in text_of(error["message"])
    assert (await desk.call("list_jobs")).structured["total"] == 0


async def test_progress_is_reported_while_a_call_blocks(make_bench: MakeBench) -> None:
    desk = Desk(make_bench())
    seen: list[Job] = []
    reported = asyncio.Event()

    async def report(job: Job) -> None:
        seen.append(job)
        if job.progress.current == 7:
            reported.set()

    desk.bench.backend.submitting = desk.bench.backend.take
    call = asyncio.create_task(desk.call("draw", Asking(report=report)))
    await desk.bench.backend.submitted.wait()
    its = desk.bench.backend.submissions[0].prompt_id
    desk.bench.backend.say(its, ExecutionStart(its))
    for step in range(8):
        desk.bench.backend.say(its, ProgressStep(its, "9", step, 20))
    await reported.wait()
    desk.bench.backend.finish(its)
    assert not (await call).failed
    assert len(seen) < 8


@pytest.mark.parametrize(
    ("leaves", "policy", "stopped"),
    [
        ("cancelled", "detach", True),
        ("cancelled", "cancel", True),
        ("gone", "cancel", True),
        ("gone", "detach", False),
    ],
)
async def test_an_explicit_cancel_stops_the_run_and_a_lost_connection_follows_the_service(
    make_bench: MakeBench, leaves: Leaving, policy: str, stopped: bool
) -> None:
    desk = Desk(make_bench(), a_service(when_client_leaves=policy))
    desk.bench.backend.submitting = desk.bench.backend.take
    call = asyncio.create_task(desk.call("draw", Asking(leaving=lambda: leaves)))
    await desk.bench.backend.submitted.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert bool(desk.bench.backend.cancelled) is stopped
    assert (len(desk.bench.ledger.jobs()) == 0) is stopped


async def test_jobs_are_listed_newest_first_and_only_the_callers_own(make_bench: MakeBench) -> None:
    desk = Desk(make_bench())
    ids = [(await desk.call("draw")).structured["job_id"] for _ in range(3)]
    await desk.call("draw", Asking("somebody else"))
    listed = await desk.call("list_jobs", limit=2)
    assert listed.structured["total"] == 3
    assert [row["job_id"] for row in list_of(listed.structured["jobs"])] == [ids[2], ids[1]]
    rest = await desk.call("list_jobs", limit=2, offset=2, status="completed", service="draw")
    assert [row["job_id"] for row in list_of(rest.structured["jobs"])] == [ids[0]]
    none = await desk.call("list_jobs", status="failed")
    assert none.structured == {"total": 0, "jobs": []}


@pytest.mark.parametrize("tool", ["query_job_status", "get_job_result", "cancel_job"])
async def test_somebody_elses_job_is_not_there(make_bench: MakeBench, tool: str) -> None:
    desk = Desk(make_bench())
    done = await desk.call("draw")
    answer = await desk.call(tool, Asking("them"), job_id=done.structured["job_id"])
    assert error_of(answer)["code"] == "job-not-found"


async def test_a_job_is_cancelled_by_its_tool(make_bench: MakeBench) -> None:
    desk = Desk(make_bench(), a_service(wait=0.0))
    desk.bench.backend.submitting = desk.bench.backend.take
    handle = await desk.call("draw")
    await desk.bench.backend.submitted.wait()
    answer = await desk.call("cancel_job", job_id=handle.structured["job_id"])
    assert answer.structured["status"] == "cancelled"
    assert not answer.failed
    again = await desk.call("cancel_job", job_id=handle.structured["job_id"])
    assert again.structured["status"] == "cancelled"


async def test_the_health_tells_of_every_backend_and_counts_the_jobs(make_bench: MakeBench) -> None:
    well, ill = ScriptedBackend("well"), ScriptedBackend("ill")
    desk = Desk(make_bench(well, ill))
    await desk.call("draw")
    health = await desk.call("comfyui_health_check")
    backends = health.structured["backends"]
    assert isinstance(backends, dict)
    assert list(backends) == ["well", "ill"]
    assert health.structured["jobs"] == {"completed": 1}
    assert await desk.calls.ready()


async def test_the_statistics_are_of_the_callers_own_jobs_in_a_window(
    make_bench: MakeBench,
) -> None:
    desk = Desk(make_bench(), a_service(timeout=0.02))
    await desk.call("draw")
    desk.bench.backend.submitting = desk.bench.backend.take
    await desk.calls.start("draw", {}, Asking("somebody else"))
    told = dict((await desk.call("get_job_statistics")).structured)
    assert told["total_jobs"] == 1
    assert told["workflow_counts"] == {"draw": 1}
    services = told.pop("services")
    assert isinstance(services, dict)
    times = [
        f"{figure}_{what}_seconds"
        for what in ("duration", "queue")
        for figure in ("average", "p50", "p95")
    ]
    assert all(isinstance(told[each], float) for each in times)
    assert {name: each for name, each in told.items() if name not in times} == {
        "service": None,
        "since": None,
        "total_jobs": 1,
        "active_jobs": 0,
        "status_counts": {"completed": 1},
        "success_rate": 1.0,
        "workflow_counts": {"draw": 1},
    }
    assert services["draw"] == {
        name: each
        for name, each in told.items()
        if name not in ("service", "since", "workflow_counts")
    }
    later = await desk.call("get_job_statistics", since="2999-01-01")
    assert (later.structured["total_jobs"], later.structured["success_rate"]) == (0, None)
    assert later.structured["since"] == "2999-01-01T00:00:00.000Z"
    assert later.text == "no jobs since 2999-01-01T00:00:00.000Z."
    of_last_hour = await desk.call("get_job_statistics", hours="1", service="draw")
    assert of_last_hour.structured["total_jobs"] == 1
    assert of_last_hour.text.startswith("1 job (1 completed), 100.0% successful; ran 0.")
    assert "\n- draw: 1 job (1 completed)" in of_last_hour.text
    none = await desk.call("get_job_statistics", hours=1, service="paint")
    assert none.structured["total_jobs"] == 0


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("query_job_status", {}, "/job_id: is required"),
        ("query_job_status", {"job_id": 5}, "/job_id: must be a text"),
        ("query_job_status", {"job_id": "x", "wait_seconds": 99}, "from 0 to 50"),
        ("query_job_status", {"job_id": "x", "wait_seconds": "soon"}, "from 0 to 50"),
        ("list_jobs", {"status": "done"}, "must be one of pending, running"),
        ("list_jobs", {"service": 1}, "/service: must be a text"),
        ("list_jobs", {"limit": 0}, "from 1 to 200"),
        ("list_jobs", {"limit": 2.5}, "must be a whole number"),
        ("list_jobs", {"limt": 2}, "did you mean limit?"),
        ("comfyui_health_check", {"x": 2}, "valid: none"),
        ("get_job_statistics", {"since": "yesterday"}, "/since: must be a date"),
        ("get_job_statistics", {"since": 5}, "/since: must be a date"),
        ("get_job_statistics", {"hours": 0}, "/hours: must be a number from 0.01 to 100000"),
        ("get_job_statistics", {"hours": 1, "since": "2026-01-31"}, "says the same as since"),
        ("rerun_job", {}, "/job_id: is required"),
        ("rerun_job", {"job_id": "x", "overrides": "seed"}, "/overrides: must be an object"),
    ],
)
async def test_wrong_arguments_of_built_in_tools_are_told(
    make_bench: MakeBench, tool: str, arguments: dict[str, Json], said: str
) -> None:
    answer = await Desk(make_bench()).calls.call(tool, arguments, Asking())
    assert said in text_of(error_of(answer)["message"])


async def test_an_output_is_read_by_its_number_and_its_bytes_by_range(
    make_bench: MakeBench,
) -> None:
    desk = Desk(make_bench())
    done = await desk.call("draw")
    job_id = text_of(done.structured["job_id"])
    file = await desk.calls.output(job_id, 0, "local")
    assert isinstance(file, OutputFile)
    opened = await desk.calls.open(file, 2, 5)
    assert b"".join([each async for each in opened.chunks]) == b"ctu"
    answer = await desk.call("get_job_result", job_id="nobody")
    assert error_of(answer)["code"] == "job-not-found"


async def test_an_unknown_tool_is_the_doors_business(make_bench: MakeBench) -> None:
    with pytest.raises(KeyError):
        await Desk(make_bench()).call("paint")
