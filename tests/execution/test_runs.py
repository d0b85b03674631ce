"""One run after another: what is posted, what comes home, how each kind of end is told."""

from __future__ import annotations

import json
import uuid

from gateway.errors import BackendRefused, BackendUnreachable, NodeFault, NodeFaults, PromptRejected
from gateway.graph.json_value import Json
from gateway.jobs.backend import (
    Accepted,
    Connected,
    Finished,
    Pending,
    Running,
    SocketLost,
    Submission,
)
from gateway.jobs.job import Job, OutputFile, OutputText
from gateway.wire.history import HistoryEntry, Succeeded
from gateway.wire.messages import (
    Executed,
    Executing,
    ExecutionCached,
    ExecutionError,
    ExecutionInterrupted,
    ExecutionStart,
    ExecutionSuccess,
    ProgressStep,
    Status,
)
from tests.execution.scripted import PICTURE, Bench, MakeBench, a_service

IMAGES = {"images": [{"filename": PICTURE.filename, "subfolder": "gateway", "type": "output"}]}


async def test_a_call_is_run_and_its_file_comes_home(make_bench: MakeBench) -> None:
    bench = make_bench()
    job = await bench.run(prompt="a dog")
    assert job.status == "completed"
    (output,) = job.outputs
    assert isinstance(output, OutputFile)
    assert (output.name, output.index, output.node_id, output.kind) == ("image", 0, "9", "image")
    assert (bench.output_folder / output.key).read_bytes() == b"picture"
    assert output.size_bytes == len(b"picture")
    assert job.arguments == {"prompt": "a dog"}
    assert job.run is not None
    assert job.run.end == "completed"


async def test_only_widgets_change_and_the_save_node_gets_a_folder_of_the_runs_own(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    job = await bench.run(prompt="a dog")
    (submission,) = bench.backend.submissions
    prompt = json.loads(json.dumps(submission.prompt))
    assert prompt["6"]["inputs"] == {"text": "a dog", "clip": ["4", 1]}
    assert prompt["9"]["inputs"]["filename_prefix"] == f"gateway/{submission.prompt_id}/t"
    assert submission.prompt_id == str(uuid.uuid5(uuid.UUID(job.id), "1"))


async def test_a_run_is_recorded_before_its_prompt_is_posted(make_bench: MakeBench) -> None:
    bench = make_bench()
    known: list[str] = []

    async def look(submission: Submission) -> Accepted:
        jobs = bench.ledger.jobs()
        known.extend(job.run.prompt_id for job in jobs if job.run is not None)
        return await bench.backend.succeed(submission)

    bench.backend.submitting = look
    job = await bench.run()
    assert job.run is not None
    assert known == [job.run.prompt_id]


async def test_progress_tells_the_node_by_its_title_and_its_steps(make_bench: MakeBench) -> None:
    bench = make_bench()
    bench.backend.submitting = bench.backend.take
    job = await bench.accept()
    await bench.backend.submitted.wait()
    prompt_id = bench.backend.submissions[0].prompt_id
    bench.backend.say(
        prompt_id,
        ExecutionStart(prompt_id),
        Executing("9", prompt_id, "9"),
        ProgressStep(prompt_id, "9", 3, 20),
    )
    seen = await bench.until(job, lambda each: each.progress.current == 3)
    assert (seen.status, seen.progress.title, seen.progress.maximum) == ("running", "Save it", 20)


async def test_a_failed_node_is_told_with_its_message_and_the_partial_outputs_are_kept(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def fail(submission: Submission) -> Accepted:
        its = submission.prompt_id
        bench.backend.say(
            its,
            ExecutionStart(its),
            Executed(its, "9", "9", IMAGES),
            ExecutionError(its, "6", "CLIPTextEncode", "boom", "ValueError"),
            Executing(None, its),
        )
        return Accepted(its, {})

    bench.backend.submitting = fail
    job = await bench.run()
    assert job.status == "failed"
    assert job.failure is not None
    assert job.failure.code == "node-failed"
    assert job.failure.message == "Node 6 (CLIPTextEncode) failed: boom"
    assert [each.node_id for each in job.outputs] == ["9"]


async def test_running_out_of_memory_has_a_code_and_a_mend_of_its_own(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def fail(submission: Submission) -> Accepted:
        its = submission.prompt_id
        error = ExecutionError(its, "6", "X", "no room", "torch.OutOfMemoryError")
        bench.backend.say(its, ExecutionStart(its), error, Executing(None, its))
        return Accepted(its, {})

    bench.backend.submitting = fail
    job = await bench.run()
    assert job.failure is not None
    assert job.failure.code == "out-of-memory"


async def test_a_run_interrupted_in_comfyui_ends_cancelled(make_bench: MakeBench) -> None:
    bench = make_bench()

    async def interrupt(submission: Submission) -> Accepted:
        its = submission.prompt_id
        bench.backend.say(
            its, ExecutionStart(its), ExecutionInterrupted(its, "6"), Executing(None, its)
        )
        return Accepted(its, {})

    bench.backend.submitting = interrupt
    job = await bench.run()
    assert job.status == "cancelled"
    assert job.failure is not None
    assert "interrupted in ComfyUI" in job.failure.message


async def test_a_prompt_deleted_from_the_queue_by_hand_ends_cancelled(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def delete(submission: Submission) -> Accepted:
        bench.backend.say(submission.prompt_id, Status(1), Status(0))
        return Accepted(submission.prompt_id, {})

    bench.backend.submitting = delete
    job = await bench.run()
    assert job.status == "cancelled"
    assert len(bench.backend.submissions) == 1


async def test_a_rejected_prompt_fails_with_what_each_node_said(make_bench: MakeBench) -> None:
    bench = make_bench()
    faults = {"4": NodeFaults("CheckpointLoaderSimple", (NodeFault("value_not_in_list", "no"),))}

    async def reject(submission: Submission) -> Accepted:
        raise PromptRejected("refused", node_errors=faults)

    bench.backend.submitting = reject
    job = await bench.run()
    assert job.status == "failed"
    assert job.failure is not None
    assert list(job.failure.node_errors) == ["4"]
    assert len(bench.backend.submissions) == 1


async def test_a_prompt_of_which_a_part_would_be_left_out_is_withdrawn_and_refused(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    fault = NodeFault("value_not_in_list", "Value not in list", "x not in [a]")

    async def take_a_part(submission: Submission) -> Accepted:
        return Accepted(submission.prompt_id, {"9": NodeFaults("SaveImage", (fault,))})

    bench.backend.submitting = take_a_part
    job = await bench.run()
    assert job.status == "failed"
    assert job.failure is not None
    assert job.failure.code == "prompt-rejected"
    assert "x not in [a]" in job.failure.message
    assert bench.backend.cancelled == [bench.backend.submissions[0].prompt_id]


async def test_a_prompt_that_goes_by_another_id_than_ours_is_followed_under_that(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()
    entry = HistoryEntry("theirs", Succeeded(), {"9": IMAGES})

    async def rename(submission: Submission) -> Accepted:
        bench.backend.where["theirs"] = Finished(entry)
        return Accepted("theirs", {})

    bench.backend.submitting = rename
    job = await bench.run()
    assert job.status == "completed"
    assert [run.prompt_id for run in job.runs] == ["theirs"]
    assert len(job.outputs) == 1


async def test_when_the_socket_is_lost_the_run_is_asked_after_to_its_end(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def lose(submission: Submission) -> Accepted:
        its = submission.prompt_id
        bench.backend.where[its] = Running()
        bench.backend.say(its, ExecutionStart(its), SocketLost("closed 1006"))
        return Accepted(its, {})

    bench.backend.submitting = lose
    job = await bench.accept()
    seen = await bench.until(job, lambda each: bool(each.progress.note))
    assert "studio" in seen.progress.note
    its = bench.backend.submissions[0].prompt_id
    bench.backend.where[its] = Finished(HistoryEntry(its, Succeeded(), {"9": IMAGES}))
    bench.backend.say(its, Connected())
    job = await bench.ended(job)
    assert job.status == "completed"
    assert len(job.outputs) == 1
    assert len(bench.backend.submissions) == 1


async def test_the_place_in_comfyuis_queue_is_shown(make_bench: MakeBench) -> None:
    bench = make_bench()

    async def queue(submission: Submission) -> Accepted:
        its = submission.prompt_id
        bench.backend.where[its] = Pending(3)
        bench.backend.say(its, SocketLost("closed"))
        return Accepted(its, {})

    bench.backend.submitting = queue
    job = await bench.accept()
    seen = await bench.until(job, lambda each: each.progress.queue_position is not None)
    assert seen.progress.queue_position == 3


async def test_a_backend_that_forgets_its_history_is_believed_by_its_messages(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def lose_then_end(submission: Submission) -> Accepted:
        its = submission.prompt_id
        bench.backend.say(
            its,
            ExecutionStart(its),
            Executed(its, "9", "9", IMAGES),
            ExecutionSuccess(its),
            SocketLost("closed"),
            Executing(None, its),
        )
        return Accepted(its, {})

    bench.backend.submitting = lose_then_end
    job = await bench.run()
    assert job.status == "completed"
    assert len(job.outputs) == 1


async def test_a_backend_that_restarted_gets_the_job_again_under_a_new_id(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def restart_once(submission: Submission) -> Accepted:
        if len(bench.backend.submissions) > 1:
            return await bench.backend.succeed(submission)
        bench.backend.say(
            submission.prompt_id, ExecutionStart(submission.prompt_id), SocketLost("died")
        )
        return Accepted(submission.prompt_id, {})

    bench.backend.submitting = restart_once
    job = await bench.run()
    assert job.status == "completed"
    assert [run.attempt for run in job.runs] == [1, 2]
    ids = [each.prompt_id for each in bench.backend.submissions]
    assert len(set(ids)) == 2


async def test_a_job_fails_when_its_attempts_are_used_up(make_bench: MakeBench) -> None:
    bench = make_bench(attempts=2)

    async def die(submission: Submission) -> Accepted:
        bench.backend.say(submission.prompt_id, SocketLost("died"))
        return Accepted(submission.prompt_id, {})

    bench.backend.submitting = die
    job = await bench.run()
    assert job.status == "failed"
    assert job.failure is not None
    assert job.failure.code == "run-lost"
    assert len(bench.backend.submissions) == 2


async def test_a_lost_answer_to_a_prompt_that_is_there_is_no_reason_to_post_it_again(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def lose_the_answer(submission: Submission) -> Accepted:
        bench.backend.where[submission.prompt_id] = Pending()
        bench.backend.finish(submission.prompt_id)
        raise BackendUnreachable("the line broke")

    bench.backend.submitting = lose_the_answer
    job = await bench.run()
    assert job.status == "completed"
    assert len(bench.backend.submissions) == 1


async def test_a_lost_answer_to_a_prompt_that_never_arrived_is_a_new_attempt(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def lose_the_prompt(submission: Submission) -> Accepted:
        bench.backend.submitting = bench.backend.succeed
        raise BackendUnreachable("the line broke")

    bench.backend.submitting = lose_the_prompt
    job = await bench.run()
    assert job.status == "completed"
    ids = [each.prompt_id for each in bench.backend.submissions]
    assert len(set(ids)) == 2


async def test_a_cached_run_whose_file_is_gone_runs_that_node_again(make_bench: MakeBench) -> None:
    bench = make_bench()

    async def answer_from_the_cache(submission: Submission) -> Accepted:
        its = submission.prompt_id
        if len(bench.backend.submissions) > 1:
            bench.backend.files[PICTURE] = b"picture"
            return await bench.backend.succeed(submission)
        bench.backend.files.clear()
        bench.backend.say(
            its,
            ExecutionStart(its),
            ExecutionCached(its, ("9",)),
            Executed(its, "9", "9", IMAGES),
            ExecutionSuccess(its),
            Executing(None, its),
        )
        return Accepted(its, {})

    bench.backend.submitting = answer_from_the_cache
    job = await bench.run()
    assert job.status == "completed"
    (output,) = job.outputs
    assert isinstance(output, OutputFile)
    assert not output.missing
    first, second = (
        json.loads(json.dumps(each.prompt))["9"]["inputs"] for each in bench.backend.submissions
    )
    assert second.keys() - first.keys() == {"gateway_run"}


async def test_a_file_that_is_gone_is_named_and_the_job_is_completed(make_bench: MakeBench) -> None:
    bench = make_bench()
    bench.backend.files.clear()
    job = await bench.run()
    assert job.status == "completed"
    (output,) = job.outputs
    assert isinstance(output, OutputFile)
    assert output.missing == "t_00001_.png is gone"
    assert output.key == ""


async def test_a_run_that_leaves_nothing_is_completed_with_no_output(make_bench: MakeBench) -> None:
    bench = make_bench()

    async def leave_nothing(submission: Submission) -> Accepted:
        its = submission.prompt_id
        bench.backend.say(its, ExecutionStart(its), ExecutionSuccess(its), Executing(None, its))
        return Accepted(its, {})

    bench.backend.submitting = leave_nothing
    job = await bench.run()
    assert (job.status, job.outputs) == ("completed", ())


async def test_a_run_that_takes_too_long_is_stopped_and_ends_as_timeout(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def run_for_ever(submission: Submission) -> Accepted:
        bench.backend.say(submission.prompt_id, ExecutionStart(submission.prompt_id))
        return Accepted(submission.prompt_id, {})

    bench.backend.submitting = run_for_ever
    job = await bench.run(a_service(timeout=0.05))
    assert job.status == "timeout"
    assert bench.backend.cancelled == [bench.backend.submissions[0].prompt_id]


async def test_a_fault_of_the_gateways_own_is_told_as_that(make_bench: MakeBench) -> None:
    bench = make_bench()

    async def stumble(submission: Submission) -> Accepted:
        raise ZeroDivisionError

    bench.backend.submitting = stumble
    job = await bench.run()
    assert job.failure is not None
    assert job.failure.code == "internal-error"
    ((job_id, fault),) = bench.reported
    assert job_id == job.id
    assert isinstance(fault, ZeroDivisionError)


async def test_a_file_that_cannot_be_fetched_for_a_while_is_asked_for_again(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def fail_once() -> None:
        bench.backend.downloading = bench.backend.at_once
        raise BackendUnreachable("the line broke")

    bench.backend.downloading = fail_once
    job = await bench.run()
    assert job.status == "completed"
    assert [isinstance(each, OutputFile) and each.missing for each in job.outputs] == [""]


async def test_a_file_that_cannot_be_fetched_at_all_fails_the_job_and_keeps_the_others(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(grace=0.2)

    async def fail() -> None:
        raise BackendUnreachable("the line broke")

    bench.backend.downloading = fail
    job = await bench.run()
    assert job.status == "failed"
    assert job.failure is not None
    assert job.failure.code == "backend-unreachable"
    assert [isinstance(each, OutputFile) and each.missing for each in job.outputs] == [
        "the line broke"
    ]


async def test_a_prompt_turned_away_at_the_door_is_no_doubt_and_not_asked_after(
    make_bench: MakeBench,
) -> None:
    bench = make_bench(attempts=2, grace=60.0)

    async def refuse(submission: Submission) -> Accepted:
        raise BackendRefused("the request is too large", code="backend-too-large")

    bench.backend.submitting = refuse
    job = await bench.run()
    assert job.failure is not None
    assert job.failure.code == "backend-too-large"
    assert len({each.prompt_id for each in bench.backend.submissions}) == 2


async def test_an_expanded_nodes_output_belongs_to_the_node_of_the_graph(
    make_bench: MakeBench,
) -> None:
    bench = make_bench()

    async def expand(submission: Submission) -> Accepted:
        its = submission.prompt_id
        bench.backend.say(
            its,
            ExecutionStart(its),
            Executed(its, "9.0.0.2", "9", IMAGES),
            ExecutionSuccess(its),
            Executing(None, its),
        )
        return Accepted(its, {})

    bench.backend.submitting = expand
    job = await bench.run()
    assert [each.name for each in job.outputs] == ["image"]


async def run_that_leaves(bench: Bench, texts: list[Json]) -> Job:
    """Run a graph whose last node leaves these texts."""

    async def tell(submission: Submission) -> Accepted:
        its = submission.prompt_id
        bench.backend.say(
            its,
            ExecutionStart(its),
            Executed(its, "9", "9", {"text": texts}),
            ExecutionSuccess(its),
            Executing(None, its),
        )
        return Accepted(its, {})

    bench.backend.submitting = tell
    return await bench.run()


async def test_a_long_text_is_kept_whole_as_a_file(make_bench: MakeBench) -> None:
    bench = make_bench()
    long = "ä" * 250_000
    job = await run_that_leaves(bench, [long, "short", long + "b", "x" * 100_000])
    assert job.status == "completed"
    first, short, second, whole = job.outputs
    assert short == OutputText("image", 1, "9", "short")
    assert whole == OutputText("image", 3, "9", "x" * 100_000)
    for output, text in ((first, long), (second, long + "b")):
        assert isinstance(output, OutputFile)
        assert (output.kind, output.mime_type) == ("text", "text/plain")
        assert (bench.output_folder / output.key).read_text(encoding="utf-8") == text
        assert output.size_bytes == len(text.encode())
    assert [each.filename for each in (first, second) if isinstance(each, OutputFile)] == [
        "node_9.txt",
        "node_9 (2).txt",
    ]


async def test_a_long_text_that_comes_twice_is_kept_for_each(make_bench: MakeBench) -> None:
    bench = make_bench()
    job = await run_that_leaves(bench, ["y" * 100_001, "y" * 100_001])
    assert [type(each) for each in job.outputs] == [OutputFile, OutputFile]
