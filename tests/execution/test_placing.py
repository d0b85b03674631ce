"""Where jobs go while a gateway is at work: to loaded models, and why is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.graph.json_value import Json, JsonObject
from gateway.jobs.job import Job
from gateway.services.bound import BoundService
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking
from tests.execution.scripted import MakeBench, ScriptedBackend, a_service
from tests.execution.test_circuits import DOWN, until
from tests.facts.whole import Whole, node, opened, save

MODELS = {"checkpoints": ("a.safetensors", "b.safetensors")}
GRAPH: JsonObject = {
    "1": node("CheckpointLoaderSimple", ckpt_name="a.safetensors"),
    "2": node("EmptyLatentImage", width=16, height=16, batch_size=1),
    "3": node("VAEDecode", samples=["2", 0], vae=["1", 2]),
    "4": save("3"),
}
CHOOSING: JsonObject = {"parameters": {"model": "1.ckpt_name"}}


def loading(model: str) -> BoundService:
    """Return the small service, whose graph loads a checkpoint."""
    bound = a_service()
    graph = {**bound.prompt, "4": replace(bound.prompt["4"], inputs={"ckpt_name": model})}
    return replace(bound, prompt=graph, models=frozenset({("4", "ckpt_name")}))


def why(job: Job) -> tuple[str, str]:
    """Return where a job ran, and why there."""
    assert job.run is not None
    return job.run.backend, job.run.because


async def run(whole: Whole, model: str) -> Json:
    """Call the service with a checkpoint and return where it ran, and why there."""
    record = (await whole.call(model=model)).structured
    return [record["backend"], record["backend_reason"]]


@pytest.mark.timeout(40)
async def test_a_job_goes_where_its_checkpoint_was_used_last_and_says_so(tmp_path: Path) -> None:
    async with Simulator(models=MODELS) as one, Simulator(models=MODELS) as two:
        backends: dict[str, JsonObject] = {"one": {"url": one.url}, "two": {"url": two.url}}
        async with opened(tmp_path, backends, GRAPH, CHOOSING) as whole:
            assert await run(whole, "a.safetensors") == ["one", "least busy of 2"]
            assert await run(whole, "b.safetensors") == ["two", "least busy of 2"]
            for name, model in [("one", "a.safetensors"), ("two", "b.safetensors")] * 2:
                assert await run(whole, model) == [name, f"has {model} loaded"]
            health = await whole.running.call("comfyui_health_check", {}, Asking())
            assert "'models': ['b.safetensors']" in str(health.structured["backends"])
        async with opened(tmp_path, backends, GRAPH, CHOOSING) as again:
            assert await run(again, "b.safetensors") == ["two", "has b.safetensors loaded"]


async def test_why_a_job_went_where_it_went_is_kept_with_its_run(make_bench: MakeBench) -> None:
    bench = make_bench(ScriptedBackend("one"), ScriptedBackend("two"))
    assert why(await bench.run(loading("a"))) == ("one", "least busy of 2")
    assert why(await bench.run(loading("b"))) == ("two", "least busy of 2")
    assert why(await bench.run(loading("a"))) == ("one", "has a loaded")


async def test_a_backend_that_was_away_has_nothing_loaded(make_bench: MakeBench) -> None:
    bench = make_bench()
    await bench.run(loading("a"))
    fleet = bench.executor.fleet
    assert fleet.standing("studio").models == {"a"}
    fleet.let_down("studio", DOWN)
    assert fleet.standing("studio").models == frozenset()
    await until(lambda: fleet.takes_runs("studio"))


async def test_a_job_whose_models_are_loaded_goes_before_another_one(make_bench: MakeBench) -> None:
    bench = make_bench(ScriptedBackend(slots=1))
    bench.backend.submitting = bench.backend.take
    first = await bench.accept(loading("a"))
    await bench.backend.submitted.wait()
    cold = await bench.accept(loading("b"))
    warm = await bench.accept(loading("a"))
    bench.backend.submitting = bench.backend.succeed
    bench.backend.finish(bench.backend.submissions[0].prompt_id)
    jobs = [await bench.ended(job) for job in (first, warm, cold)]
    submitted = [job.run.submitted_at for job in jobs if job.run is not None]
    assert submitted == sorted(submitted)


async def test_what_is_known_is_not_overwritten_by_what_is_recalled(make_bench: MakeBench) -> None:
    bench = make_bench(ScriptedBackend("one"), ScriptedBackend("two"))
    await bench.run(loading("a"))
    bench.executor.fleet.learn({"one": frozenset({"old"}), "two": frozenset({"b"})})
    assert bench.executor.fleet.models() == {"one": {"a"}, "two": {"b"}}
