"""Callers' files that no job needs."""

from __future__ import annotations

from gateway.execution.leftovers import clear_leftovers
from tests.execution.scripted import MakeBench, a_service, chunks


async def test_a_file_whose_job_was_never_kept_goes_in_time(make_bench: MakeBench) -> None:
    bench = make_bench()
    inputs = bench.keeping.inputs
    job = await bench.run(a_service(image=True), image="cat.png")
    stray = await inputs.keep(chunks(b"nobody's"), 100)
    assert await clear_leftovers(bench.ledger, inputs) == 0  # it may be on its way to a job
    assert await clear_leftovers(bench.ledger, inputs, age=0) == 1
    assert await inputs.older_than(0) == [each.digest for each in job.inputs]
    assert stray.digest not in await inputs.older_than(0)
