"""How a run ends in ComfyUI and what the gateway makes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx2 as httpx
import pytest

from gateway.graph.json_value import Json, JsonObject
from gateway.jobs.job import OutputFile
from gateway.simulator.faults import (
    DeletePending,
    DropSockets,
    ForgetHistory,
    Interrupt,
    LateHistory,
    RepeatMessages,
)
from gateway.simulator.server import Simulator
from tests.facts.whole import (
    counted,
    error_of,
    image,
    node,
    opened,
    outputs_of,
    prompts_posted,
    save,
    show,
    sleeping,
)

pytestmark = pytest.mark.timeout(30)


async def test_the_end_mark_is_the_end_and_execution_success_is_not(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.order(LateHistory(0.35))
    async with opened(tmp_path, simulator, {"1": image(), "2": save()}) as whole:
        answer = await whole.call()
    assert not answer.failed
    ran = answer.structured["running_ms"]
    assert isinstance(ran, (int, float))
    assert ran >= 300  # and not 350: it is counted from when we heard of the start
    assert len(outputs_of(answer)) == 1


async def test_a_blocked_node_is_no_failure_and_what_else_was_made_comes_home(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        "1": image(),
        "2": node("SimulatedBlock", image=["1", 0], message="blocked on purpose"),
        "3": save("2"),
        "4": save("1"),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        answer = await whole.call()
    assert not answer.failed
    assert [each["node_id"] for each in outputs_of(answer)] == ["4"]


async def test_a_silent_block_is_a_run_with_no_output(tmp_path: Path, simulator: Simulator) -> None:
    graph: dict[str, Json] = {
        "1": image(),
        "2": node("SimulatedBlock", image=["1", 0], message=""),
        "3": save("2"),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        answer = await whole.call()
    assert (answer.structured["status"], outputs_of(answer)) == ("completed", [])


FAILING: dict[str, Json] = {
    "1": image(),
    "2": node("SimulatedSleep", image=["1", 0], seconds=0.05, ticks=1),
    "3": node("SimulatedError", image=["2", 0], message="it broke\n", kind="ValueError"),
    "4": save("3"),
    "5": save("1", "early"),
}


async def test_a_failed_run_keeps_the_outputs_of_nodes_that_finished(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, FAILING) as whole:
        answer = await whole.call()
        error = error_of(answer)
        (record,) = outputs_of(answer)
        assert record["node_id"] == "5"
        job = await whole.running.job(str(answer.structured["job_id"]), "local")
        (output,) = job.outputs
        assert isinstance(output, OutputFile)
        assert (await whole.bytes_of(output)).startswith(b"\x89PNG")
    assert error["code"] == "node-failed"
    assert error["where"] == "3 (SimulatedError)"
    assert error["message"] == "Node 3 (SimulatedError) failed: it broke"
    assert "1 outputs were kept" in answer.text or "1 output was kept" in answer.text


async def test_no_traceback_and_no_path_of_the_server_is_told(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph = {
        **FAILING,
        "3": node(
            "SimulatedError",
            image=["2", 0],
            message='Traceback (most recent call last):\n  File "/srv/comfy/x.py", line 1\n'
            "OSError: /srv/comfy/models/secret.bin is broken",
            kind="RuntimeError",
        ),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        answer = await whole.call()
    told = f"{answer.text} {answer.structured}"
    assert "/srv/comfy" not in told
    assert "Traceback" not in told
    assert "secret.bin is broken" in told


async def test_running_out_of_memory_is_told_apart(tmp_path: Path, simulator: Simulator) -> None:
    graph = {
        **FAILING,
        "3": node("SimulatedError", image=["2", 0], message="no room", kind="OOM"),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        error = error_of(await whole.call())
    assert error["code"] == "out-of-memory"
    assert "smaller" in str(error["mend"])


async def test_a_failure_inside_an_expanded_node_is_that_of_the_graphs_node(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        "7": node("SimulatedExpand", width=16, fail=True),
        "8": save("7"),
    }
    async with opened(tmp_path, simulator, graph) as whole:
        error = error_of(await whole.call())
    assert str(error["where"]).startswith("7 ")
    assert "inside expansion" in str(error["message"])


async def test_outputs_of_an_expanded_node_belong_to_the_graphs_node(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        "7": node("SimulatedExpand", width=16, fail=False),
        "8": save("7"),
    }
    service: JsonObject = {"outputs": {"picture": {"node": "8"}}}
    async with opened(tmp_path, simulator, graph, service) as whole:
        answer = await whole.call()
    named = [(each["name"], each["type"]) for each in outputs_of(answer)]
    assert named == [("picture", "output"), ("node_7", "temp")]


async def test_a_prompt_interrupted_by_hand_ends_cancelled_with_its_partial_outputs(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, sleeping(10)) as whole:
        job = await whole.running_there(await whole.begin())
        simulator.order(Interrupt())
        job = await whole.ended(job)
    assert job.status == "cancelled"
    assert job.failure is not None
    assert "interrupted in ComfyUI" in job.failure.message
    assert [each.node_id for each in job.outputs] == ["4"]
    assert prompts_posted(simulator) == 1


async def test_a_pending_prompt_deleted_by_hand_ends_cancelled_though_nobody_says_so(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, sleeping(10)) as whole:
        first = await whole.running_there(await whole.begin())
        second = await whole.until(await whole.begin(), lambda job: bool(job.runs))
        second = await whole.until(second, lambda _: prompts_posted(simulator) == 2)
        simulator.order(DeletePending())
        second = await whole.ended(second)
        assert second.status == "cancelled"
        assert second.failure is not None
        assert "deleted" in second.failure.message
        assert (await whole.running.job(first.id, "local")).status == "running"
        await whole.running.cancel(first.id, "local")
    assert prompts_posted(simulator) == 2


async def test_cancelling_stops_that_prompt_and_nobody_elses(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with (
        httpx.AsyncClient(base_url=simulator.url) as stranger,
        opened(tmp_path, simulator, sleeping(0.6)) as whole,
    ):
        theirs = await stranger.post("/prompt", json={"prompt": sleeping(0.4)})
        mine = await whole.until(await whole.begin(), lambda _: prompts_posted(simulator) == 2)
        assert (await whole.running.cancel(mine.id, "local")).status == "cancelled"
        history: JsonObject = {}
        async with asyncio.timeout(10):
            while not history:
                history = (await stranger.get(f"/history/{theirs.json()['prompt_id']}")).json()
        (entry,) = history.values()
        assert isinstance(entry, dict)
        assert isinstance(entry["status"], dict)
        assert entry["status"]["status_str"] == "success"
        queue = (await stranger.get("/queue")).json()
        assert (queue["queue_running"], queue["queue_pending"]) == ([], [])


async def test_a_node_that_never_looks_is_cancelled_all_the_same_and_the_slot_is_free_again(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {
        "1": image(),
        "2": node("SimulatedDeafSleep", image=["1", 0], seconds=0.5),
        "3": save("2"),
    }
    async with opened(tmp_path, {"sim": {"url": simulator.url, "slots": 1}}, graph) as whole:
        job = await whole.running_there(await whole.begin())
        assert (await whole.running.cancel(job.id, "local")).status == "cancelled"
        assert not (await whole.call()).failed
    assert prompts_posted(simulator) == 2


async def test_runs_of_others_are_not_taken_for_ours(tmp_path: Path, simulator: Simulator) -> None:
    async with (
        httpx.AsyncClient(base_url=simulator.url) as stranger,
        opened(tmp_path, simulator, {"1": image(), "2": save()}) as whole,
    ):
        broken = {**FAILING, "3": node("SimulatedError", image=["1", 0], message="theirs")}
        for graph in (broken, sleeping(0.2), broken):
            await stranger.post("/prompt", json={"prompt": graph})  # without client_id: all hear it
        answer = await whole.call()
    assert not answer.failed
    assert [each["node_id"] for each in outputs_of(answer)] == ["2"]


async def test_every_message_twice_changes_nothing(tmp_path: Path, simulator: Simulator) -> None:
    simulator.order(RepeatMessages(2))
    async with opened(tmp_path, simulator, {"1": image(count=2), "2": save()}) as whole:
        assert len(outputs_of(await whole.call())) == 2


async def test_three_mebibytes_of_executed_text_do_not_break_the_connection(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {"1": node("SimulatedText", length=3 * 1024 * 1024)}
    async with opened(tmp_path, simulator, graph) as whole:
        job = await whole.ended(await whole.begin())
    assert (job.status, len(job.runs)) == ("completed", 1)
    (output,) = job.outputs
    assert isinstance(output, OutputFile)  # too long for a record, and kept whole
    assert (output.kind, output.size_bytes) == ("text", 3 * 1024 * 1024)
    assert whole.notes == []


async def test_a_run_that_ends_while_the_socket_is_away_is_found_by_asking(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, sleeping(0.5)) as whole:
        job = await whole.running_there(await whole.begin())
        simulator.order(DropSockets())
        job = await whole.ended(job)
    assert (job.status, len(job.runs)) == ("completed", 1)
    assert sorted(each.node_id for each in job.outputs) == ["3", "4"]
    assert prompts_posted(simulator) == 1


@pytest.mark.parametrize("after", [0, 1, 2, 4, 7])
async def test_wherever_the_socket_drops_the_run_comes_home_once(
    tmp_path: Path, simulator: Simulator, after: int
) -> None:
    async with opened(tmp_path, simulator, {"1": image(), "2": save()}) as whole:
        assert not (await whole.call()).failed
        simulator.order(DropSockets(when="messages", after=after))
        job = await whole.ended(await whole.begin())
    assert (job.status, len(job.runs), len(job.outputs)) == ("completed", 1, 1)
    assert prompts_posted(simulator) == 2


async def test_a_history_that_was_cleared_before_anybody_asked_is_no_loss(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, sleeping(0.4)) as whole:
        job = await whole.running_there(await whole.begin())
        simulator.order(ForgetHistory())
        job = await whole.ended(job)
        simulator.order(ForgetHistory())
        assert not (await whole.call()).failed
    assert (job.status, len(job.runs)) == ("completed", 1)


async def test_history_of_an_unknown_prompt_is_an_empty_object_and_not_the_end(
    tmp_path: Path, simulator: Simulator
) -> None:
    # While it is blind, only questions tell; an empty history must not end a run that goes on.
    async with opened(tmp_path, simulator, sleeping(2.5)) as whole:
        job = await whole.running_there(await whole.begin())
        simulator.order(DropSockets())
        asked = sum(counted(simulator, "requests").values())
        job = await whole.until(
            job, lambda _: sum(counted(simulator, "requests").values()) >= asked + 4
        )
        assert job.status == "running"
        job = await whole.ended(job)
    assert (job.status, len(job.runs)) == ("completed", 1)


async def test_outputs_come_in_the_graphs_order_whatever_order_history_has(
    tmp_path: Path, simulator: Simulator
) -> None:
    graph: dict[str, Json] = {"9": show({"text": ["nine"]})}
    graph.update({str(number): show({"text": [str(number)]}) for number in (8, 3, 7, 1)})
    async with opened(tmp_path, simulator, graph) as whole:
        for drop in (False, True):
            if drop:
                simulator.order(DropSockets(when="messages", after=2))
            job = await whole.ended(await whole.begin())
            assert [each.node_id for each in job.outputs] == ["9", "8", "3", "7", "1"]


async def test_a_run_over_its_timeout_is_stopped_and_keeps_what_it_left(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, sleeping(20), {"timeout": "400ms"}) as whole:
        answer = await whole.call()
        error = error_of(answer)
        assert (error["code"], answer.structured["status"]) == ("run-timed-out", "timeout")
        assert [each["node_id"] for each in outputs_of(answer)] == ["4"]
        async with httpx.AsyncClient(base_url=simulator.url) as http, asyncio.timeout(10):
            while (await http.get("/queue")).json()["queue_running"]:  # noqa: ASYNC110 - only asking tells
                await asyncio.sleep(0.02)


async def test_a_run_over_its_queue_timeout_is_taken_out_of_comfyuis_queue(
    tmp_path: Path, simulator: Simulator
) -> None:
    service: JsonObject = {"queue_timeout": "600ms"}
    async with (
        httpx.AsyncClient(base_url=simulator.url) as stranger,
        opened(tmp_path, simulator, {"1": image(), "2": save()}, service) as whole,
    ):
        await stranger.post("/prompt", json={"prompt": sleeping(10)})
        error = error_of(await whole.call())
        queue = (await stranger.get("/queue")).json()
        await stranger.post("/interrupt")
    assert error["code"] == "queue-timed-out"
    assert (len(queue["queue_running"]), queue["queue_pending"]) == (1, [])
