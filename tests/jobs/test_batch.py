"""Several jobs of one call as one: status, progress, what they have in common and what not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.graph.json_value import Json
from gateway.jobs.batch import Batch, seeds_of, varied_of, whole_of
from gateway.jobs.job import (
    Failure,
    InputFile,
    Job,
    JobStatus,
    OutputFile,
    OutputText,
    PartOf,
    Progress,
)
from gateway.jobs.sheet import sheet_plan
from gateway.jobs.stored import job_of, record_of

PICTURE = OutputFile("image", 0, "9", "image", "output", "image/png", "a.png", 3, "home/a.png")


def part(index: int, size: int, status: JobStatus = "completed", **arguments: Json) -> Job:
    """Return a job of a batch, which came at second `index` and ended ten later."""
    job = Job(f"job-{index}", "draw", "local", {"steps": 8, **arguments}, float(index))
    job = replace(job, status=status, batch=PartOf("batch", index, size))
    if job.finished:
        job = replace(job, completed_at=10.0 + index, started_at=1.0 + index, outputs=(PICTURE,))
    if status not in ("completed", "running", "pending"):
        job = replace(job, failure=Failure("node-failed", f"Job {index} broke.", mend="Mend it."))
    return job


def batch(*statuses: JobStatus) -> Batch:
    return whole_of([part(number, len(statuses), each) for number, each in enumerate(statuses)])


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (("pending", "pending"), "pending"),
        (("pending", "running"), "running"),
        (("completed", "pending"), "running"),
        (("completed", "failed", "running"), "running"),
        (("completed", "completed"), "completed"),
        (("completed", "failed", "timeout", "cancelled"), "failed"),
        (("completed", "timeout", "cancelled"), "timeout"),
        (("completed", "cancelled"), "cancelled"),
    ],
)
def test_a_batch_is_completed_when_all_its_jobs_are(
    statuses: tuple[JobStatus, ...], status: JobStatus
) -> None:
    whole = batch(*statuses)
    assert whole.status == status
    assert whole.finished == (status not in ("pending", "running"))
    assert (whole.failure is None) == (status in ("pending", "running", "completed"))
    assert bool(whole.outputs) == whole.finished
    assert (whole.completed_at is not None) == whole.finished


def test_a_batch_that_lacks_some_says_how_many_and_why_the_first() -> None:
    failure = batch("completed", "cancelled", "failed", "failed").failure
    assert failure == Failure(
        "batch-incomplete",
        "3 of 4 jobs did not complete. Job 2 broke.",
        where="job-2",
        found="1 cancelled, 2 failed",
        mend="Mend it.",
    )
    stopped = batch("completed", "cancelled").failure
    assert stopped is not None
    assert stopped.code == "cancelled"
    silent = whole_of([replace(part(0, 1, "failed"), failure=None)]).failure
    assert silent is not None
    assert silent.message == "1 of 1 jobs did not complete."


def test_what_all_have_in_common_is_the_batch_s_own() -> None:
    jobs = [
        replace(part(0, 2, style="ink", seed=1), seeds={"seed": 1, "noise": 5}),
        replace(part(1, 2, style="oil", seed=2), seeds={"seed": 2, "noise": 5}),
    ]
    whole = whole_of(jobs)
    assert (whole.id, whole.service, whole.caller, whole.size) == ("batch", "draw", "local", 2)
    assert dict(whole.arguments) == {"steps": 8}
    assert dict(whole.seeds) == {"noise": 5}
    assert varied_of(jobs) == ("style", "seed")
    assert seeds_of(jobs) == ("seed",)
    assert varied_of([part(0, 2), part(1, 2, style="oil")]) == ("style",)
    assert (whole.created_at, whole.started_at, whole.completed_at) == (0.0, 1.0, 11.0)
    assert whole.counts == {"completed": 2}


def test_a_job_that_knows_no_batch_makes_none() -> None:
    with pytest.raises(AssertionError):
        whole_of([Job("a", "draw", "local", {}, 1.0)])


def test_jobs_that_are_gone_are_told() -> None:
    assert whole_of([part(0, 2)]).warnings == ("1 of its 2 jobs is no longer kept.",)
    assert whole_of([part(0, 4), part(2, 4)]).warnings == ("2 of its 4 jobs are no longer kept.",)
    both = [replace(part(number, 2), warnings=("Careful.",)) for number in range(2)]
    assert whole_of(both).warnings == ("Careful.",)


def test_progress_tells_how_many_are_done_and_what_runs() -> None:
    running = replace(
        part(1, 4, "running"),
        progress=Progress(5, 20, "3", "KSampler", note="Slow.", timestamp=9.0),
    )
    waiting = replace(part(2, 4, "pending"), progress=Progress(queue_position=3))
    last = part(3, 4, "pending")
    progress = whole_of([part(0, 4), running, waiting, last]).progress
    assert progress == Progress(
        1.25, 4, title="1 of 4 done, KSampler 5/20", note="Slow.", timestamp=9.0
    )
    both = whole_of([running, replace(running, progress=Progress(title="VAEDecode"))]).progress
    assert both.title == "0 of 4 done, KSampler 5/20 and 1 more"
    assert whole_of([part(0, 2, "running"), last]).progress.title == "0 of 2 done, 1 running"
    assert whole_of([waiting, last]).progress.queue_position == 3
    assert whole_of([waiting, last]).progress.title == "0 of 4 done"
    assert whole_of([part(0, 1)]).progress.title == ""


def test_a_job_s_batch_is_kept_with_it_and_older_records_have_none() -> None:
    job = part(1, 3)
    assert job_of(record_of(job)) == job
    record = record_of(job)
    del record["batch"]
    assert job_of(record).batch is None


# --- contact sheets -------------------------------------------------------------------------------


def grid(prompts: int, styles: int, count: int = 1) -> Batch:
    """Return a batch in the order in which a call makes it."""
    jobs: list[Job] = []
    size = prompts * styles * count
    for prompt in range(prompts):
        for style in range(styles):
            for seed in range(count):
                job = part(len(jobs), size, prompt=f"p{prompt}", style=f"s{style}", seed=seed)
                jobs.append(replace(job, seeds={"seed": seed}))
    return whole_of(jobs)


@pytest.mark.parametrize(
    ("sizes", "columns"),
    [
        ((1, 4, 1), 2),
        ((2, 3, 1), 3),
        ((3, 2, 1), 2),
        ((2, 3, 2), 6),
        ((1, 3, 4), 4),
        ((1, 1, 5), 3),
        ((2, 9, 1), 5),
        ((1, 1, 256), 16),
        ((1, 2, 1), 2),
        ((12, 2, 1), 6),
        ((64, 4, 1), 16),
        ((2, 9, 2), 6),
    ],
)
def test_rows_of_a_sheet_follow_what_varies(sizes: tuple[int, int, int], columns: int) -> None:
    plan = sheet_plan(grid(*sizes))
    assert plan is not None
    assert plan.columns == columns
    assert len(plan.cells) == sizes[0] * sizes[1] * sizes[2]


def test_each_cell_says_what_varies_and_nothing_else() -> None:
    plan = sheet_plan(grid(1, 2, 2))
    assert plan is not None
    assert [each.lines for each in plan.cells[1:3]] == [
        ("style: s0", "seed 1"),
        ("style: s1", "seed 0"),
    ]


def test_a_cell_without_a_picture_says_why() -> None:
    file = InputFile("photo", "d" * 64, "cat.png", "image/png", 3)
    jobs = [
        replace(part(0, 5, photo="data:image/png;base64,AAAA"), inputs=(file,)),
        replace(part(1, 5, "failed", photo="b.png"), outputs=()),
        replace(
            part(2, 5, photo="c\n  d"),
            outputs=(replace(PICTURE, kind="video", mime_type="video/mp4"),),
        ),
        replace(part(3, 5, photo=["x" * 1000]), outputs=(OutputText("text", 0, "9", "words"),)),
        replace(part(4, 5), outputs=(replace(PICTURE, key="", missing="Gone."),)),
    ]
    plan = sheet_plan(whole_of(jobs))
    assert plan is not None
    assert plan.cells[0].picture == PICTURE
    assert [each.picture for each in plan.cells[1:]] == [None] * 4
    assert [each.instead for each in plan.cells[1:]] == ["failed", "video", "no picture", "image"]
    assert plan.cells[0].lines == ("photo: cat.png",)
    assert plan.cells[2].lines == ("photo: c d",)
    assert len(plan.cells[3].lines[0]) == len("photo: ") + 200


def test_a_batch_without_any_picture_has_no_sheet() -> None:
    text = OutputText("text", 0, "9", "words")
    assert sheet_plan(whole_of([replace(part(0, 1), outputs=(text,))])) is None


def test_a_text_is_no_number_that_is_written_like_it() -> None:
    assert varied_of([part(0, 2, prompt="1"), part(1, 2, prompt=1)]) == ("prompt",)
    assert varied_of([part(0, 2, prompt="1"), part(1, 2, prompt="1")]) == ()
