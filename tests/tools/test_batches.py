"""Calls that make several jobs: one answer, one sheet, one id for everything that takes a job's."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from gateway.errors import BackendError, GatewayError, JobNotFound
from gateway.execution.batches import job_id_in
from gateway.execution.sweeping import sweep
from gateway.graph.json_value import Json, JsonObject
from gateway.jobs.backend import Accepted, Submission
from gateway.jobs.batch import Batch, whole_of
from gateway.jobs.files import Reference
from gateway.jobs.job import Job
from gateway.jobs.store import Expiry
from gateway.services.batch_rules import of_count
from gateway.services.bound import BoundParameter, BoundService
from gateway.services.model import Drawn, Parameter
from gateway.tools.answer import Answer
from gateway.tools.running import Asking, Leaving
from gateway.wire.messages import Executing, ExecutionError, ExecutionStart
from tests.execution.conftest import make_bench
from tests.execution.scripted import (
    HERE,
    PICTURE,
    MakeBench,
    OneFile,
    ScriptedBackend,
    a_service,
)
from tests.tools.pictures import noise
from tests.tools.test_calls import Desk, error_of, list_of, text_of
from tests.tools.test_rerun import SEED

__all__ = ["make_bench"]

COUNT = BoundParameter(of_count(Parameter("count", HERE, batch="count")), "integer")


def grid(*, image: bool = False, **named: object) -> BoundService:
    """Return the small service, whose prompt and file may be lists, with a number of variations."""
    plain = a_service(image, **named)
    several = (
        replace(each, parameter=replace(each.parameter, batch="values"))
        for each in plain.parameters
    )
    assert isinstance(SEED.parameter.supply, Drawn)
    return replace(plain, parameters=(*several, SEED, COUNT))


def desk_of(
    make_bench: MakeBench, *backends: ScriptedBackend, image: bool = False, **named: object
) -> Desk:
    desk = Desk(make_bench(*backends), grid(image=image, **named))
    for each in desk.bench.backends:
        each.files[PICTURE] = noise(64, 48)
    return desk


async def batch_of(desk: Desk, answer: Answer, caller: str = "local") -> Batch:
    job = await desk.calls.job(text_of(answer.structured["job_id"]), caller)
    assert isinstance(job, Batch)
    return job


def strings_of(value: Json) -> list[str]:
    assert isinstance(value, list)
    return [text_of(each) for each in value]


def rows_of(answer: Answer) -> list[JsonObject]:
    return list_of(answer.structured["jobs"])


async def failing(backend: ScriptedBackend, submission: Submission, words: str) -> Accepted:
    """Run a prompt to a good end, unless its text has these words."""
    node = submission.prompt["6"]
    assert isinstance(node, dict)
    inputs = node["inputs"]
    assert isinstance(inputs, dict)
    if words not in text_of(inputs["text"]):
        return await backend.succeed(submission)
    backend.say(
        submission.prompt_id,
        ExecutionStart(submission.prompt_id),
        ExecutionError(submission.prompt_id, "6", "CLIPTextEncode", "It broke.", "RuntimeError"),
        Executing(None, submission.prompt_id),
    )
    return Accepted(submission.prompt_id, {})


async def test_a_list_makes_a_job_for_each_value_and_one_answer(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)
    answer = await desk.call("draw", prompt=["a dog", "a cat"], count=2)
    record = answer.structured
    assert not answer.failed
    assert record["status"] == "completed"
    assert record["batch"] == {"size": 4, "completed": 4}
    assert record["parameters"] == {}
    assert record["total_images"] == 4
    rows = rows_of(answer)
    assert [each["parameters"] for each in rows] == [
        {"prompt": "a dog"},
        {"prompt": "a dog"},
        {"prompt": "a cat"},
        {"prompt": "a cat"},
    ]
    seeds = [each["seeds"] for each in rows]
    assert seeds[0] == seeds[2] != seeds[1] == seeds[3]
    batch = text_of(record["job_id"])
    assert [each["job_id"] for each in rows] == [job_id_in(batch, index) for index in range(4)]
    sheet, *outputs = list_of(record["outputs"])
    assert [each["job_id"] for each in outputs] == [each["job_id"] for each in rows]
    assert [each["uri"] for each in outputs] == [
        f"comfyui://jobs/{each['job_id']}/outputs/0" for each in rows
    ]
    assert (sheet["job_id"], sheet["name"], sheet["uri"]) == (
        batch,
        "contact_sheet",
        f"comfyui://jobs/{batch}/outputs/0",
    )
    assert answer.text.startswith(f"draw: 4 of 4 completed (batch {batch}).\n- contact_sheet: ")
    assert len(answer.links) == len(answer.images) == 5
    assert answer.links[0].uri == sheet["uri"]
    for name in ("prompt_id", "backend", "attempts"):
        assert name not in record


async def test_one_value_is_an_ordinary_job(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)
    for arguments in ({"prompt": "a dog"}, {"prompt": ["a dog"], "count": 1}):
        answer = await desk.calls.call("draw", arguments, Asking())
        assert "batch" not in answer.structured
        assert "count" not in (answer.structured["parameters"] or {})  # type: ignore[operator]
        assert answer.structured["attempts"] == 1


async def test_the_sheet_is_a_picture_of_all_that_is_read_as_an_output_of_the_batch(
    make_bench: MakeBench,
) -> None:
    desk = desk_of(make_bench)
    batch = await batch_of(desk, await desk.call("draw", prompt=["a", "b", "c", "d"]))
    assert batch.sheet is not None
    file = await desk.calls.output(batch.id, 0, "local")
    assert file == batch.sheet
    opened = await desk.calls.open(batch.sheet)
    data = b"".join([each async for each in opened.chunks])
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.size == (batch.sheet.width, batch.sheet.height)
        assert picture.width > picture.height > 64
    fourth = await desk.calls.output(batch.id, 4, "local")
    assert fourth == batch.jobs[3].outputs[0]
    with pytest.raises(JobNotFound):
        await desk.calls.output(batch.id, 5, "local")


async def test_the_sheet_is_made_once_and_found_again(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)
    answer = await desk.call("draw", prompt=["a", "b"])
    batch = await batch_of(desk, answer)
    assert batch.sheet is not None
    path = desk.bench.output_folder / batch.sheet.key
    made = path.stat().st_mtime_ns
    others = await asyncio.gather(*(desk.calls.job(batch.id, "local") for _ in range(4)))
    assert all(isinstance(each, Batch) and each.sheet == batch.sheet for each in others)
    assert path.stat().st_mtime_ns == made
    path.unlink()
    again = await batch_of(desk, answer)
    assert again.sheet == batch.sheet
    assert path.exists()


async def test_a_broken_or_hostile_picture_leaves_its_cell_empty(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)
    bomb = io.BytesIO()
    Image.new("1", (12_000, 12_000)).save(bomb, "PNG")
    desk.bench.backend.files[PICTURE] = bomb.getvalue()
    answer = await desk.call("draw", prompt=["a", "b"])
    assert not answer.failed
    sheet = list_of(answer.structured["outputs"])[0]
    assert sheet["name"] == "contact_sheet"
    assert len(answer.images) == 1


async def test_when_one_of_several_fails_the_batch_does_and_shows_what_came_out(
    make_bench: MakeBench,
) -> None:
    desk = desk_of(make_bench)
    backend = desk.bench.backend
    backend.submitting = lambda submission: failing(backend, submission, "bad")
    answer = await desk.call("draw", prompt=["good", "bad", "better"])
    assert not answer.failed
    assert answer.structured["status"] == "failed"
    assert answer.structured["batch"] == {"size": 3, "completed": 2, "failed": 1}
    error = answer.structured["error"]
    assert isinstance(error, dict)
    assert error["code"] == "batch-incomplete"
    assert error["found"] == "1 failed"
    row = rows_of(answer)[1]
    assert row["status"] == "failed"
    assert isinstance(row["error"], dict)
    assert len(list_of(answer.structured["outputs"])) == 3
    assert "2 of 3 completed, 1 failed" in answer.text
    status = await desk.call("query_job_status", job_id=answer.structured["job_id"])
    assert status.structured["status"] == "failed"
    assert status.structured["error"] == error


async def test_when_nothing_comes_out_the_answer_is_an_error(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)
    backend = desk.bench.backend
    backend.submitting = lambda submission: failing(backend, submission, "bad")
    answer = await desk.call("draw", prompt=["bad one", "bad two"])
    assert error_of(answer)["code"] == "batch-incomplete"
    assert answer.structured["outputs"] == []
    assert answer.links == ()


async def test_a_long_batch_answers_with_its_id_and_every_tool_takes_that(
    make_bench: MakeBench,
) -> None:
    desk = desk_of(make_bench, wait=0.0)
    backend = desk.bench.backend
    backend.submitting = backend.take
    answer = await desk.call("draw", prompt=["a", "b", "c"])
    batch = text_of(answer.structured["job_id"])
    assert answer.structured["batch"] == {"size": 3, "pending": 3}
    assert "3 jobs of draw are pending" in answer.text
    assert await desk.bench.until(
        await desk.calls.job(job_id_in(batch, 1), "local"), lambda each: bool(each.runs)
    )
    refused = await desk.call("get_job_result", job_id=batch)
    assert error_of(refused)["code"] == "job-not-finished"
    listed = await desk.call("list_jobs")
    assert [
        (each["batch_id"], each["batch_index"]) for each in list_of(listed.structured["jobs"])
    ] == [
        (batch, 2),
        (batch, 1),
        (batch, 0),
    ]
    backend.finish(backend.submissions[0].prompt_id)
    await desk.bench.ended(await desk.calls.job(job_id_in(batch, 0), "local"))
    status = await desk.call("query_job_status", job_id=batch)
    progress = status.structured["progress"]
    assert isinstance(progress, dict)
    assert (progress["current"], progress["maximum"]) == (1, 3)
    assert status.structured["status"] == "running"
    assert "expected_ms" in status.structured
    stopped = await desk.call("cancel_job", job_id=batch)
    assert stopped.structured["status"] == "cancelled"
    assert stopped.structured["batch"] == {"size": 3, "completed": 1, "cancelled": 2}
    result = await desk.call("get_job_result", job_id=batch)
    assert not result.failed
    assert [each["status"] for each in rows_of(result)] == ["completed", "cancelled", "cancelled"]
    assert (await desk.call("cancel_job", job_id=batch)).structured["status"] == "cancelled"


async def test_progress_tells_of_all_while_the_call_blocks(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)
    backend = desk.bench.backend
    backend.submitting = backend.take
    told: list[str] = []
    first, seen = asyncio.Event(), asyncio.Event()

    async def report(job: Job) -> None:
        assert isinstance(job, Batch)
        told.append(job.progress.title)
        first.set()
        if job.progress.title.startswith("1 of 3"):
            seen.set()

    call = asyncio.create_task(
        desk.calls.call("draw", {"prompt": ["a", "b", "c"]}, Asking(report=report))
    )
    while len(backend.submissions) < 2:
        await backend.submitted.wait()
        backend.submitted.clear()
    await first.wait()
    backend.finish(backend.submissions[0].prompt_id)
    await seen.wait()
    backend.submitting = backend.succeed
    for each in backend.submissions[1:]:
        backend.finish(each.prompt_id)
    assert not (await call).failed
    assert told[0].startswith("0 of 3 done")


@pytest.mark.parametrize(
    ("why", "named"), [("cancelled", {}), ("gone", {"when_client_leaves": "cancel"})]
)
async def test_a_caller_who_leaves_takes_all_jobs_along_where_one_would_go(
    make_bench: MakeBench, why: Leaving, named: dict[str, Any]
) -> None:
    desk = desk_of(make_bench, **named)
    backend = desk.bench.backend
    backend.submitting = backend.take
    asking = Asking(leaving=lambda: why)
    call = asyncio.create_task(desk.calls.call("draw", {"prompt": ["a", "b", "c"]}, asking))
    await backend.submitted.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    page = list_of((await desk.call("list_jobs")).structured["jobs"])
    assert [each["status"] for each in page] == ["cancelled"] * 3


async def test_a_caller_who_leaves_before_anything_is_kept_leaves_nothing_running(
    make_bench: MakeBench,
) -> None:
    desk = desk_of(make_bench)
    desk.bench.backend.submitting = desk.bench.backend.take
    claiming, store = asyncio.Event(), desk.bench.ledger.store
    claim = store.claim

    async def slow(job: Job, *others: Job) -> Job:
        claiming.set()
        await asyncio.sleep(0.02)
        return await claim(job, *others)

    store.claim = slow  # type: ignore[method-assign]
    call = asyncio.create_task(desk.calls.call("draw", {"prompt": ["a", "b"]}, Asking()))
    await claiming.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert desk.bench.ledger.jobs() == ()
    page = list_of((await desk.call("list_jobs")).structured["jobs"])
    assert [each["status"] for each in page] == ["cancelled"] * 2


async def test_a_batch_is_seen_by_its_caller_alone(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)
    answer = await desk.call("draw", prompt=["a", "b"])
    batch, them = answer.structured["job_id"], Asking("them")
    for tool in ("query_job_status", "get_job_result", "cancel_job", "rerun_job"):
        refused = await desk.call(tool, them, job_id=batch)
        assert error_of(refused)["code"] == "job-not-found"
    with pytest.raises(JobNotFound):
        await desk.calls.output(text_of(batch), 0, "them")
    for unknown in ("", "x" * 1000, text_of(batch)[:-1] + "z", text_of(batch).upper() + "\0"):
        refused = await desk.call("get_job_result", job_id=unknown or "?")
        assert error_of(refused)["code"] == "job-not-found"


async def test_an_id_that_only_looks_like_a_batch_is_none(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)
    answer = await desk.call("draw", prompt="a")
    job_id = text_of(answer.structured["job_id"])
    plain = Job(job_id_in(job_id, 0), "draw", "local", {}, 1.0)
    await desk.bench.ledger.store.add(plain)
    await desk.bench.ledger.store.remove([job_id])
    refused = await desk.call("get_job_result", job_id=job_id)
    assert error_of(refused)["code"] == "job-not-found"


async def test_a_key_stands_for_the_whole_batch(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)
    asking = Asking(key="once")
    first = await desk.call("draw", asking, prompt=["a", "b"])
    again = await desk.call("draw", asking, prompt=["a", "b"])
    assert again.structured["job_id"] == first.structured["job_id"]
    assert rows_of(again) == rows_of(first)
    assert len(desk.bench.backend.submissions) == 2
    other = await desk.call("draw", asking, prompt=["a", "c"])
    assert error_of(other)["code"] == "idempotency-key-reused"
    at_once = await asyncio.gather(
        *(desk.call("draw", Asking(key="both"), prompt=["a", "b"]) for _ in range(3))
    )
    assert len({text_of(each.structured["job_id"]) for each in at_once}) == 1
    assert len(desk.bench.backend.submissions) == 4


async def test_a_batch_runs_again_job_by_job_with_its_seeds(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)
    old = await desk.call("draw", prompt=["a", "b"], count=2)
    new = await desk.call("rerun_job", job_id=old.structured["job_id"])
    assert new.structured["rerun_of"] == old.structured["job_id"] != new.structured["job_id"]
    assert [(each["parameters"], each["seeds"]) for each in rows_of(new)] == [
        (each["parameters"], each["seeds"]) for each in rows_of(old)
    ]
    batch = await batch_of(desk, new)
    assert [each.rerun_of for each in batch.jobs] == [each["job_id"] for each in rows_of(old)]
    anew = await desk.call("rerun_job", job_id=old.structured["job_id"], overrides={"seed": None})
    seeds = [str(each["seeds"]) for each in rows_of(anew)]
    assert len(set(seeds)) == 4
    refused = await desk.call(
        "rerun_job", job_id=old.structured["job_id"], overrides={"prompt": ["c", "d"]}
    )
    assert "/overrides: a batch is done again job by job" in text_of(error_of(refused)["message"])


async def test_a_single_job_can_be_run_again_as_a_batch(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)
    old = await desk.call("draw", prompt="a")
    new = await desk.call(
        "rerun_job", job_id=old.structured["job_id"], overrides={"seed": None, "count": 3}
    )
    assert new.structured["batch"] == {"size": 3, "completed": 3}
    one = await desk.call("rerun_job", job_id=rows_of(new)[1]["job_id"])
    assert "batch" not in one.structured
    assert one.structured["seeds"] == rows_of(new)[1]["seeds"]


async def test_files_of_a_list_are_kept_each_once_and_go_to_their_own_job(
    make_bench: MakeBench,
) -> None:
    desk = desk_of(make_bench, image=True)
    answer = await desk.call("draw", image=["cat.png", "dog.png"], prompt=["a", "b"])
    assert not answer.failed
    batch = await batch_of(desk, answer)
    assert [each.arguments["image"] for each in batch.jobs] == ["cat.png", "dog.png"] * 2
    assert all([file.parameter for file in each.inputs] == ["image"] for each in batch.jobs)
    refused = await desk.call("draw", image=["cat.png", "bad.png", "bad.gif"], prompt="a")
    message = text_of(error_of(refused)["message"])
    assert '/image: "bad.png": bad.png is not allowed' in message
    assert '/image: "bad.gif": bad.gif is not allowed' in message
    alone = error_of(await desk.call("draw", image="bad.png", prompt=["a", "b"]))
    assert alone["where"] == "/image"
    assert (await desk.call("list_jobs")).structured["total"] == 4


async def test_too_many_jobs_are_refused_before_anything_happens(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench, batch_limit=3)
    refused = error_of(await desk.call("draw", prompt=["a", "b"], count=2))
    assert refused["code"] == "batch-too-large"
    assert "2 prompt × 2 count is 4 jobs; one call starts at most 3" in text_of(refused["message"])
    assert (await desk.call("list_jobs")).structured["total"] == 0


async def test_what_is_no_longer_kept_is_told_and_the_batch_goes_with_its_first_job(
    make_bench: MakeBench,
) -> None:
    desk = desk_of(make_bench)
    answer = await desk.call("draw", prompt=["a", "b", "c"])
    batch = await batch_of(desk, answer)
    assert batch.sheet is not None
    await desk.bench.ledger.store.remove([batch.jobs[1].id])
    left = await desk.call("get_job_result", job_id=batch.id)
    assert left.structured["warnings"] == ["1 of its 3 jobs is no longer kept."]
    assert len(rows_of(left)) == 2
    await sweep(desk.bench.ledger, desk.bench.keeping, Expiry(count=0))
    gone = await desk.call("get_job_result", job_id=batch.id)
    assert error_of(gone)["code"] == "job-not-found"
    assert not (desk.bench.output_folder / batch.sheet.key).exists()


async def test_a_batch_without_pictures_has_no_sheet(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)
    desk.bench.backend.files.clear()
    answer = await desk.call("draw", prompt=["a", "b"])
    assert all(each["name"] != "contact_sheet" for each in list_of(answer.structured["outputs"]))
    assert answer.images == ()


async def test_a_sheet_that_cannot_be_kept_is_told_and_hides_nothing(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench, wait=0.0)
    answer = await desk.call("draw", prompt=["a", "b"])
    ids = [text_of(each["job_id"]) for each in rows_of(answer)]
    first, _ = [await desk.bench.ended(await desk.calls.job(each, "local")) for each in ids]
    home = desk.bench.keeping.outputs.home(first.id, first.created_at)
    taken = desk.bench.output_folder / home / "contact-sheet.webp"
    (taken / "a file is no folder").mkdir(parents=True)
    batch = answer.structured["job_id"]
    left = await desk.call("get_job_result", job_id=batch)
    assert not left.failed
    (warning,) = strings_of(left.structured["warnings"])
    assert warning.startswith("The contact sheet could not be made: ")
    assert len(list_of(left.structured["outputs"])) == len(left.images) == 2
    with pytest.raises(GatewayError):
        await desk.calls.output(text_of(batch), 1, "local")
    (taken / "a file is no folder").rmdir()
    taken.rmdir()
    assert (await batch_of(desk, answer)).sheet is not None


async def test_of_many_pictures_the_sheet_alone_is_shown(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench, ScriptedBackend(slots=9))
    answer = await desk.call("draw", prompt=[str(number) for number in range(9)])
    assert len(list_of(answer.structured["outputs"])) == 10
    assert len(answer.images) == 1


async def test_the_sheet_of_a_batch_is_a_file_for_another_call(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench, image=True)
    batch = await batch_of(desk, await desk.call("draw", image="cat.png", prompt=["a", "b"]))
    uri = f"comfyui://jobs/{batch.id}/outputs"
    answer = await desk.call("draw", image=[f"{uri}/0", f"{uri}/2"])
    assert not answer.failed
    assert batch.sheet is not None
    sizes = [each.inputs[0].size for each in (await batch_of(desk, answer)).jobs]
    assert sizes == [batch.sheet.size_bytes, len(desk.bench.backend.files[PICTURE])]
    refused = await desk.call("draw", Asking("them"), image=f"{uri}/0")
    assert error_of(refused)["code"] == "input-refused"
    assert "there is no job" in text_of(error_of(refused)["message"])


async def test_a_store_that_takes_nothing_starts_nothing(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench)

    async def full(job: Job, *others: Job) -> Job:
        raise GatewayError(f"No room for {job.id} and {len(others)} more.", code="store-failed")

    desk.bench.ledger.store.claim = full  # type: ignore[method-assign]
    refused = await desk.call("draw", prompt=["a", "b"])
    assert error_of(refused)["code"] == "store-failed"
    assert desk.bench.backend.submissions == []
    assert desk.bench.ledger.jobs() == ()


async def test_jobs_of_a_batch_are_spread_over_the_backends(make_bench: MakeBench) -> None:
    backends = [ScriptedBackend("studio", 1), ScriptedBackend("attic", 1)]
    desk = desk_of(make_bench, *backends)
    for each in backends:
        each.submitting = each.take
    call = asyncio.create_task(desk.call("draw", prompt=["a", "b"]))
    await asyncio.gather(*(each.submitted.wait() for each in backends))
    for each in backends:
        each.finish(each.submissions[0].prompt_id)
    assert not (await call).failed


async def test_a_backend_s_trouble_is_told_with_the_batch(make_bench: MakeBench) -> None:
    desk = desk_of(make_bench, ScriptedBackend(), wait=0.0)
    backend = desk.bench.backend
    backend.submitting = backend.take
    answer = await desk.call("draw", prompt=["a", "b"])
    await backend.submitted.wait()
    assert isinstance(BackendError("x"), GatewayError)
    stopped = await desk.call("cancel_job", job_id=answer.structured["job_id"])
    error = stopped.structured["error"]
    assert isinstance(error, dict)
    assert error["code"] == "cancelled"


async def test_a_file_within_its_argument_is_kept_once_and_not_with_each_job(
    make_bench: MakeBench,
) -> None:
    desk = desk_of(make_bench, image=True)
    url = "data:image/png;base64," + "A" * 1000
    batch = await batch_of(desk, await desk.call("draw", image=url, prompt=["a", "b"]))
    digest = batch.jobs[0].inputs[0].digest
    assert [each.arguments["image"] for each in batch.jobs] == [
        f"<image/png, 5 bytes, sha256 {digest}>"
    ] * 2
    again = await batch_of(desk, await desk.call("rerun_job", job_id=batch.id))
    assert again.arguments["image"] == batch.arguments["image"]
    assert [each.inputs for each in again.jobs] == [each.inputs for each in batch.jobs]


async def test_a_file_for_all_of_a_batch_that_is_done_again_is_fetched_once(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(make_bench, image=True)
    batch = await batch_of(desk, await desk.call("draw", image="cat.png", prompt=["a", "b"]))
    opened: list[str] = []
    fetch = OneFile.open

    async def counted(self: OneFile, reference: str, *, local: bool) -> Reference:
        opened.append(reference)
        return await fetch(self, reference, local=local)

    monkeypatch.setattr(OneFile, "open", counted)
    answer = await desk.call("rerun_job", job_id=batch.id, overrides={"image": "dog.png"})
    assert not answer.failed
    assert opened == ["dog.png"]


async def test_too_much_text_for_all_of_a_batch_that_is_done_again_is_refused(
    make_bench: MakeBench,
) -> None:
    desk = desk_of(make_bench)
    batch = await batch_of(desk, await desk.call("draw", prompt=["a", "b"]))
    said = await desk.call("rerun_job", job_id=batch.id, overrides={"prompt": "ä" * 8_000_001})
    assert (error_of(said)["code"], error_of(said)["where"]) == (
        "batch-too-large",
        "/overrides/prompt",
    )


async def test_more_outputs_than_clients_take_are_listed_in_part(
    make_bench: MakeBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(make_bench)
    batch = await batch_of(desk, await desk.call("draw", prompt=["a", "b"]))
    many = whole_of([replace(each, outputs=each.outputs * 3) for each in batch.jobs])
    whole = await desk.calls.answer(many, Asking())
    assert (len(list_of(whole.structured["outputs"])), whole.structured["warnings"]) == (6, [])
    monkeypatch.setattr("gateway.tools.batch_answer._MOST_OUTPUTS", 5)
    part = await desk.calls.answer(many, Asking())
    ids = [each["job_id"] for each in list_of(part.structured["outputs"])]
    assert ids == [job.id for job in batch.jobs for _ in range(2)]
    assert strings_of(part.structured["warnings"]) == [
        "Of each job 2 outputs are listed: get_job_result with its job_id has all."
    ]
    assert part.structured["total_images"] == 6
