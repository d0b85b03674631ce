"""`rerun_job`: the same job again, save what is overridden."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.graph.json_value import Json
from gateway.jobs.job import Job
from gateway.services.bound import BoundParameter, BoundService, BoundWidget
from gateway.services.model import Drawn, Parameter
from gateway.tools.answer import Answer
from gateway.tools.running import Asking
from tests.execution.conftest import make_bench
from tests.execution.scripted import HERE, MakeBench, a_service
from tests.tools.test_calls import Desk, error_of, text_of

__all__ = ["make_bench"]

SEED = BoundParameter(
    Parameter("seed", HERE, Drawn(), type="integer"),
    "integer",
    (BoundWidget("6", "seed", "CLIPTextEncode", 0),),
)


def seeded(*, image: bool = False, **named: object) -> BoundService:
    """Return the small service with a seed that is drawn."""
    plain = a_service(image, **named)
    return replace(plain, parameters=(*plain.parameters, SEED))


async def job_of(desk: Desk, answer: Answer) -> Job:
    return await desk.calls.job(text_of(answer.structured["job_id"]), "local")


async def rerun(desk: Desk, old: Answer, **overrides: Json) -> Answer:
    return await desk.call("rerun_job", job_id=old.structured["job_id"], overrides=overrides)


async def test_a_job_runs_again_with_its_arguments_and_seeds(make_bench: MakeBench) -> None:
    desk = Desk(make_bench(), seeded())
    old = await desk.call("draw", prompt="a dog")
    new = await desk.call("rerun_job", job_id=old.structured["job_id"])
    assert not new.failed
    assert new.structured["status"] == "completed"
    assert new.structured["job_id"] != old.structured["job_id"]
    assert new.structured["parameters"] == old.structured["parameters"]
    assert new.structured["rerun_of"] == old.structured["job_id"]
    assert new.structured["same_seeds"] == old.structured["seeds"] == new.structured["seeds"]
    assert new.structured["other_seeds"] == {}
    seed = (await job_of(desk, old)).seeds["seed"]
    assert new.text.startswith(
        f"draw of job {old.structured['job_id']} again, with same seed {seed}.\n"
    )
    assert len(new.images) == len(old.images)
    result = await desk.call("get_job_result", job_id=new.structured["job_id"])
    assert result.structured["rerun_of"] == old.structured["job_id"]
    prompts = [each.prompt["6"] for each in desk.bench.backend.submissions]
    assert prompts[0] == prompts[1]


@pytest.mark.parametrize("anew", [None, -1])
async def test_a_seed_is_drawn_anew_when_asked(make_bench: MakeBench, anew: Json) -> None:
    desk = Desk(make_bench(), seeded())
    old = await desk.call("draw")
    new = await rerun(desk, old, seed=anew)
    assert new.structured["same_seeds"] == {}
    assert new.structured["other_seeds"] == new.structured["seeds"] != old.structured["seeds"]
    assert "other seed" in new.text


async def test_overrides_take_the_place_of_old_arguments(make_bench: MakeBench) -> None:
    desk = Desk(make_bench(), seeded())
    old = await desk.call("draw", prompt="a dog", seed=7)
    new = await rerun(desk, old, prompt="a cat", seed=8)
    assert new.structured["parameters"] == {"prompt": "a cat", "seed": 8}
    assert new.structured["other_seeds"] == {"seed": 8}
    left_out = await rerun(desk, old, prompt=None)
    assert left_out.structured["parameters"] == {"prompt": "a fox", "seed": 7}
    assert left_out.structured["same_seeds"] == {"seed": 7}


async def test_the_files_of_the_old_job_are_used_and_not_fetched_again(
    make_bench: MakeBench,
) -> None:
    desk = Desk(make_bench(), a_service(image=True))
    old = await desk.call("draw", image="cat.png")
    # `bad` references are refused: the old one would be now, but nobody opens it again.
    known = await job_of(desk, old)
    old_job = replace(known, arguments={**known.arguments, "image": "bad.png"})
    await desk.bench.ledger.store.save(old_job)
    new = await desk.call("rerun_job", job_id=known.id)
    assert (await job_of(desk, new)).inputs == known.inputs
    assert [data for _, data in desk.bench.backend.uploads] == [b"a cat", b"a cat"]
    refused = await rerun(desk, old, image="bad.gif")
    assert "/image: bad.gif is not allowed" in text_of(error_of(refused)["message"])
    other = await rerun(desk, old, image="cat2.png")
    assert other.structured["status"] == "completed"


async def test_a_file_that_is_gone_is_told(make_bench: MakeBench) -> None:
    desk = Desk(make_bench(), a_service(image=True))
    old = await desk.call("draw", image="cat.png")
    await desk.bench.keeping.inputs.remove((await job_of(desk, old)).inputs[0].digest)
    refused = error_of(await rerun(desk, old))
    assert refused["code"] == "input-refused"
    assert "/overrides/image: the file cat.png is not kept any more" in text_of(refused["message"])
    assert not (await rerun(desk, old, image="cat.png")).failed


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"promt": "x"}, "/overrides/promt: there is no such argument; did you mean `prompt`?"),
        ({"promt": None}, "/overrides/promt: there is no such argument"),
        ({"prompt": 7}, "/overrides/prompt: "),
        ({"image": None}, "/overrides/image: is required"),
    ],
)
async def test_wrong_overrides_are_told_by_their_place(
    make_bench: MakeBench, overrides: dict[str, Json], said: str
) -> None:
    desk = Desk(make_bench(), a_service(image=True))
    old = await desk.call("draw", image="cat.png")
    refused = error_of(await rerun(desk, old, **overrides))
    assert refused["code"] == "arguments-invalid"
    assert said in text_of(refused["message"])
    assert (await desk.call("list_jobs")).structured["total"] == 1


async def test_a_service_that_changed_is_told_and_what_it_refuses_can_be_overridden(
    make_bench: MakeBench,
) -> None:
    desk = Desk(make_bench(), seeded())
    old = await desk.call("draw", prompt="a dog")
    without = a_service(timeout=5.0)
    desk.calls.publish({"draw": without})
    refused = error_of(await rerun(desk, old))
    assert refused["code"] == "service-changed"
    assert "/seed: there is no such argument" in text_of(refused["message"])
    assert "Override" in text_of(refused["mend"])
    assert not (await rerun(desk, old, seed=None)).failed
    desk.calls.publish({})
    gone = error_of(await rerun(desk, old))
    assert gone["code"] == "service-changed"
    assert "not there any more" in text_of(gone["message"])


async def test_somebody_elses_job_is_not_run_again(make_bench: MakeBench) -> None:
    desk = Desk(make_bench())
    old = await desk.call("draw")
    answer = await desk.call("rerun_job", Asking("them"), job_id=old.structured["job_id"])
    assert error_of(answer)["code"] == "job-not-found"
    assert (await desk.call("rerun_job", job_id="nobody")).failed


async def test_a_rerun_that_outlives_its_wait_answers_with_a_handle(make_bench: MakeBench) -> None:
    desk = Desk(make_bench(), seeded(wait=0.0))
    old = await desk.call("draw", seed=7)
    await desk.call("query_job_status", job_id=old.structured["job_id"], wait_seconds=4)
    desk.bench.backend.submitting = desk.bench.backend.take
    new = await rerun(desk, old)
    assert new.structured["status"] == "pending"
    assert new.structured["same_seeds"] == {"seed": 7}
    assert "query_job_status" in text_of(new.structured["message"])


async def test_a_key_makes_one_rerun_of_many(make_bench: MakeBench) -> None:
    desk = Desk(make_bench(), seeded())
    old = await desk.call("draw")
    asking = Asking(key="once")
    job_id = old.structured["job_id"]
    new = [await desk.call("rerun_job", asking, job_id=job_id) for _ in range(2)]
    assert new[0].structured["job_id"] == new[1].structured["job_id"] != job_id
    assert (await desk.call("list_jobs")).structured["total"] == 2
    other = await desk.call("rerun_job", asking, job_id=job_id, overrides={"seed": 3})
    assert error_of(other)["code"] == "idempotency-key-reused"
    assert error_of(await desk.call("draw", asking))["code"] == "idempotency-key-reused"
    bad = await desk.call("draw", Asking(key=["once"]))
    assert error_of(bad)["code"] == "idempotency-key-invalid"
