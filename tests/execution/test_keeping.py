"""Files in, files out, and how long they are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import ArgumentError, InputRefused, JobNotFound
from gateway.execution.keep_inputs import Sender
from gateway.execution.sweeping import sweep
from gateway.jobs.job import OutputFile
from gateway.jobs.store import JobQuery
from gateway.services.settings import KeepPolicy
from tests.execution.scripted import MakeBench, ScriptedBackend, a_service


async def test_a_callers_file_is_kept_by_its_hash_and_sent_under_it(make_bench: MakeBench) -> None:
    bench = make_bench()
    job = await bench.run(a_service(image=True), image="cat.png")
    (kept,) = job.inputs
    ((upload, data),) = bench.backend.uploads
    assert data == b"a cat"
    assert upload.filename == f"{kept.digest[:16]}-cat.png"
    assert (upload.subfolder, upload.size) == ("gateway", len(b"a cat"))
    prompt = bench.backend.submissions[0].prompt["8"]
    assert isinstance(prompt, dict)
    assert prompt["inputs"] == {"image": f"gateway/{upload.filename}"}


async def test_a_refused_file_names_its_parameter_and_nothing_is_accepted(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    bench.sender = Sender("them", local=False)
    with pytest.raises(InputRefused, match=r"/image: bad\.png is not allowed there"):
        await bench.accept(a_service(image=True), image="bad.png")
    assert (await bench.ledger.store.list(JobQuery())).total == 0


async def test_an_output_of_one_job_is_the_input_of_another(make_bench: MakeBench) -> None:
    bench = make_bench()
    first = await bench.run()
    await bench.run(a_service(image=True), image=f"comfyui://jobs/{first.id}/outputs/0")
    assert bench.backend.uploads[0][1] == b"picture"


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("comfyui://jobs/{id}/outputs/1", "has 1 outputs, counted from 0"),
        ("comfyui://jobs/nobody/outputs/0", "there is no job 'nobody'"),
    ],
)
async def test_an_output_that_is_not_there_is_refused(
    make_bench: MakeBench, uri: str, said: str
) -> None:
    bench = make_bench()
    job = await bench.run()
    with pytest.raises(InputRefused, match=said):
        await bench.accept(a_service(image=True), image=uri.format(id=job.id))


async def test_an_output_whose_file_is_gone_is_refused(make_bench: MakeBench) -> None:
    bench = make_bench()
    job = await bench.run()
    uri = f"comfyui://jobs/{job.id}/outputs/0"
    await bench.keeping.outputs.remove(job.id)
    with pytest.raises(InputRefused, match="is gone"):
        await bench.accept(a_service(image=True), image=uri)
    bench.backend.files.clear()
    without = await bench.run()
    with pytest.raises(InputRefused, match="is no file"):
        await bench.accept(a_service(image=True), image=f"comfyui://jobs/{without.id}/outputs/0")


async def test_somebody_elses_output_looks_as_if_it_were_not_there(make_bench: MakeBench) -> None:
    bench = make_bench()
    job = await bench.run()
    bench.sender = Sender("somebody else", local=True)
    with pytest.raises(InputRefused, match="there is no job"):
        await bench.accept(a_service(image=True), image=f"comfyui://jobs/{job.id}/outputs/0")
    with pytest.raises(JobNotFound):
        await bench.executor.find(job.id, "somebody else")
    assert await bench.executor.find(job.id, "local") == job


async def test_old_jobs_go_with_their_files_and_inputs_that_nobody_needs(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    old = await bench.run(a_service(image=True), image="cat.png")
    new = await bench.run()
    assert await sweep(bench.ledger, bench.keeping) == 1
    assert await bench.ledger.get(old.id) is None
    assert await bench.ledger.get(new.id) == new
    assert not (bench.output_folder / old.id).exists()
    assert (bench.output_folder / new.id).exists()
    with pytest.raises(KeyError):
        await bench.keeping.inputs.open(old.inputs[0].digest)
    assert await sweep(bench.ledger, bench.keeping) == 0


async def test_a_job_that_runs_is_kept_whatever_its_age(make_bench: MakeBench) -> None:
    bench = make_bench()
    bench.backend.submitting = bench.backend.take
    job = await bench.accept(a_service(image=True), image="cat.png")
    await bench.backend.submitted.wait()
    keeping = replace(bench.keeping, policy=KeepPolicy(age=0.0, count=0))
    assert await sweep(bench.ledger, keeping) == 0
    assert await bench.ledger.get(job.id) is not None
    await bench.keeping.inputs.open(job.inputs[0].digest)
    bench.backend.finish(bench.backend.submissions[0].prompt_id)
    await bench.ended(job)
    assert await sweep(bench.ledger, keeping) == 1


async def test_a_file_that_another_job_needs_stays(make_bench: MakeBench) -> None:
    bench = make_bench()
    await bench.run(a_service(image=True), image="cat.png")
    new = await bench.run(a_service(image=True), image="cat.png")
    assert await sweep(bench.ledger, bench.keeping) == 1
    await bench.keeping.inputs.open(new.inputs[0].digest)


async def test_a_job_whose_files_cannot_be_removed_stays_and_hinders_no_other(
    make_bench: MakeBench, tmp_path: Path
) -> None:
    bench = make_bench()
    stuck = await bench.run()
    await bench.run()
    await bench.run()
    (bench.output_folder / stuck.id).rename(tmp_path / "elsewhere")
    (bench.output_folder / stuck.id).symlink_to(tmp_path / "elsewhere")
    assert await sweep(bench.ledger, bench.keeping) == 1
    assert await bench.ledger.get(stuck.id) == stuck
    assert (tmp_path / "elsewhere").exists()
    (bench.output_folder / stuck.id).unlink()
    assert await sweep(bench.ledger, bench.keeping) == 1


async def test_choices_are_those_of_the_live_backends(make_bench: MakeBench) -> None:
    backend = ScriptedBackend()
    backend.object_info = {
        "CLIPTextEncode": {
            "input": {"required": {"text": [["a fox", "a dog"]], "clip": ["CLIP"]}},
            "output": ["CONDITIONING"],
            "output_node": False,
        }
    }
    bench = make_bench(backend)
    plain = a_service()
    live = plain.parameters[0].__class__(
        plain.parameters[0].parameter,
        "string",
        plain.parameters[0].widgets,
        lives_on_backend=True,
    )
    bound = plain.__class__(plain.service, plain.prompt, (live,), plain.outputs, plain.prefixes)
    catalog = bench.executor.catalog
    assert catalog.with_live_choices(bound) == bound
    assert await catalog.refresh([bound])
    assert not await catalog.refresh([bound])
    assert catalog.with_live_choices(bound).parameters[0].options == ("a fox", "a dog")
    with pytest.raises(ArgumentError, match="no backend of this service has 'a cat'"):
        await bench.accept(bound, prompt="a cat")
    assert not await catalog.refresh([plain])


async def test_pictures_come_home_in_the_order_of_the_graph(make_bench: MakeBench) -> None:
    bench = make_bench()
    job = await bench.run()
    assert [each.index for each in job.outputs] == [0]
    assert all(isinstance(each, OutputFile) for each in job.outputs)
