"""The queue, the sockets and cancelling, fact by fact."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import cast

import pytest

from gateway.graph.json_value import Json, JsonObject, as_array
from tests.simulator.talking import (
    PATIENCE,
    SMALLEST,
    Ear,
    Talker,
    at,
    is_end,
    sleeping,
    table,
)


def simplest(prefix: str) -> JsonObject:
    save: JsonObject = {
        "class_type": "SaveImage",
        "inputs": {"images": ["1", 0], "filename_prefix": prefix},
    }
    return {"1": SMALLEST["1"], "2": save}


async def running(talker: Talker, ear: Ear, **more: Json) -> str:
    """Post a prompt that goes on, and wait until its sleeping node ticks."""
    prompt_id = await talker.submit(sleeping(), ear, **more)
    await ear.until_type("progress")
    return prompt_id


async def test_the_end_mark_comes_after_the_history_entry(talker: Talker) -> None:
    async with talker.listen() as ear:
        for number in range(20):
            prompt_id = await talker.submit(simplest(f"p{number}"), ear)
            await ear.until_end(prompt_id)
            assert table(await talker.json(f"/history/{prompt_id}"))


async def test_a_chosen_prompt_id_posted_twice_runs_twice_and_history_keeps_the_last(
    talker: Talker,
) -> None:
    chosen = str(uuid.uuid4())
    async with talker.listen() as ear:
        for prefix in ("one", "two"):
            await talker.submit(simplest(prefix), ear, prompt_id=chosen)
            await ear.until_end(chosen)
    entry = table(await talker.json(f"/history/{chosen}"), chosen)
    assert at(entry, "outputs", "2", "images", 0, "filename") == "two_00001_.png"
    assert talker.simulator.posted(chosen) == 2


async def test_the_same_id_and_number_while_the_first_waits_is_500_and_yet_runs(
    talker: Talker,
) -> None:
    chosen = str(uuid.uuid4())
    async with talker.listen() as ear:
        await running(talker, ear)
        more: JsonObject = {"prompt_id": chosen, "number": 7, "client_id": ear.client_id}
        first = await talker.post("/prompt", {"prompt": simplest("one"), **more})
        second = await talker.post("/prompt", {"prompt": simplest("two"), **more})
        assert (first.status_code, second.status_code) == (200, 500)
        assert at(await talker.json("/prompt"), "exec_info", "queue_remaining") == 3
        await talker.post("/interrupt")
        await ear.until_end(chosen)
        await ear.until_end(chosen)


async def test_lower_numbers_run_first_and_front_goes_before_all_newest_first(
    talker: Talker,
) -> None:
    order: list[str] = []
    async with talker.listen() as ear:
        await running(talker, ear)
        names: dict[str, str] = {}
        for name, more in (
            ("late", {"number": 900}),
            ("early", {"number": 0.5}),
            ("front one", {"front": True}),
            ("front two", {"front": True}),
        ):
            prompt_id = await talker.submit(simplest(name), ear, **cast("dict[str, Json]", more))
            names[prompt_id] = name
        pending = as_array(at(await talker.json("/queue"), "queue_pending")) or []
        assert sorted(str(at(item, 1)) for item in pending) == sorted(names)
        await talker.post("/interrupt")
        while len(order) < 4:
            frame = await ear.until(lambda frame: frame["type"] == "execution_start")
            order.append(names[str(at(frame, "data", "prompt_id"))])
    assert order == ["front two", "front one", "early", "late"]


async def test_a_prompt_deleted_from_the_queue_vanishes_without_a_word(talker: Talker) -> None:
    async with talker.listen() as ear:
        first = await running(talker, ear)
        pending = await talker.submit(SMALLEST, ear)
        assert at(await talker.json(f"/api/jobs/{pending}"), "status") == "pending"
        assert (await talker.post("/queue", {"delete": [pending]})).status_code == 200
        assert (await talker.get(f"/api/jobs/{pending}")).status_code == 404
        await talker.post("/interrupt")
        await ear.until_end(first)
    assert await talker.json(f"/history/{pending}") == {}
    assert not [frame for frame in ear.frames if at(frame, "data").__repr__().count(pending)]


async def test_clearing_the_queue_leaves_the_running_prompt(talker: Talker) -> None:
    async with talker.listen() as ear:
        first = await running(talker, ear)
        await talker.submit(SMALLEST, ear)
        await talker.post("/queue", {"clear": True})
        assert at(await talker.json("/queue"), "queue_pending") == []
        assert at(await talker.json("/queue"), "queue_running", 0, 1) == first
        await talker.post("/interrupt")
        await ear.until_end(first)


async def test_an_interrupt_for_another_prompt_does_nothing(talker: Talker) -> None:
    async with talker.listen() as ear:
        first = await running(talker, ear)
        await talker.post("/interrupt", {"prompt_id": str(uuid.uuid4())})
        await ear.until_type("progress")
        await talker.post("/interrupt", {"prompt_id": first})
        await ear.until_end(first)
    assert at(await talker.json(f"/api/jobs/{first}"), "status") == "cancelled"


async def test_an_interrupt_while_nothing_runs_is_lost(talker: Talker) -> None:
    await talker.post("/interrupt")
    async with talker.listen() as ear:
        entry = await talker.run(SMALLEST, ear)
    assert at(entry, "status", "status_str") == "success"


async def test_a_node_that_never_looks_runs_on_and_the_next_one_reports_the_interrupt(
    talker: Talker,
) -> None:
    prompt = dict(sleeping())
    inputs: JsonObject = {"image": ["1", 0], "seconds": 0.3}
    prompt["2"] = {"class_type": "SimulatedDeafSleep", "inputs": inputs}
    async with talker.listen() as ear:
        prompt_id = await talker.submit(prompt, ear)
        await ear.until(_runs)
        await talker.post("/interrupt")
        stopped = await ear.until_type("execution_interrupted")
        await ear.until_end(prompt_id)
    assert (stopped["node_id"], stopped["executed"]) == ("3", ["1", "2"])


def _runs(frame: JsonObject) -> bool:
    return frame["type"] == "executing" and at(frame, "data", "node") == "2"


async def test_a_sampler_reacts_within_a_step_and_a_second_prompt_then_succeeds(
    talker: Talker,
) -> None:
    prompt = sampling(steps=10_000)
    async with talker.listen() as ear:
        prompt_id = await talker.submit(prompt, ear)
        await ear.until_type("progress")
        assert (await talker.post(f"/api/jobs/{prompt_id}/cancel")).json() == {"cancelled": True}
        await ear.until_end(prompt_id)
        assert "execution_interrupted" in ear.types()
        entry = await talker.run(sampling(steps=2), ear)
    assert at(entry, "status", "status_str") == "success"


def sampling(steps: int) -> JsonObject:
    def node(class_type: str, **inputs: Json) -> JsonObject:
        return {"class_type": class_type, "inputs": inputs}

    return {
        "4": node("CheckpointLoaderSimple", ckpt_name="tiny-sd15.safetensors"),
        "5": node("EmptyLatentImage", width=64, height=64, batch_size=1),
        "6": node("CLIPTextEncode", text="a fox", clip=["4", 1]),
        "3": node(
            "KSampler",
            seed=1,
            steps=steps,
            cfg=7.0,
            sampler_name="euler",
            scheduler="normal",
            denoise=1.0,
            model=["4", 0],
            positive=["6", 0],
            negative=["6", 0],
            latent_image=["5", 0],
        ),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", images=["8", 0], filename_prefix="s"),
    }


async def test_jobs_tell_pending_running_done_failed_and_cancelled_apart(talker: Talker) -> None:
    failing = dict(SMALLEST)
    failing["3"] = {
        "class_type": "SimulatedError",
        "inputs": {"image": ["1", 0], "message": "boom", "kind": "ValueError"},
    }
    failing["2"] = {
        "class_type": "SaveImage",
        "inputs": {"images": ["3", 0], "filename_prefix": "never"},
    }
    async with talker.listen() as ear:
        await talker.run(SMALLEST, ear)
        await talker.run(failing, ear)
        stopped = await running(talker, ear)
        await talker.post("/interrupt")
        await ear.until_end(stopped)
        running_id = await running(talker, ear)
        pending = await talker.submit(SMALLEST, ear)
        jobs = as_array(at(await talker.json("/api/jobs"), "jobs")) or []
        assert [at(job, "status") for job in jobs] == [
            "pending",
            "in_progress",
            "cancelled",
            "failed",
            "completed",
        ]
        only = await talker.json("/api/jobs?status=pending,in_progress&sort_order=asc")
        assert [at(job, "id") for job in as_array(at(only, "jobs")) or []] == [running_id, pending]
        page = await talker.json("/api/jobs?limit=2&offset=1&sort_by=execution_duration")
        assert table(page, "pagination") == {"offset": 1, "limit": 2, "total": 5, "has_more": True}
        cancel: JsonObject = {"job_ids": [pending, running_id]}
        assert (await talker.post("/api/jobs/cancel", cancel)).json() == {"cancelled": True}
        await ear.until_end(running_id)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("sort_order=up", "sort_order must be 'asc' or 'desc'"),
        ("offset=x", "offset must be an integer"),
        ("limit=0", "limit must be a positive integer"),
    ],
)
async def test_a_wrong_parameter_of_the_jobs_list_is_400(
    query: str, said: str, talker: Talker
) -> None:
    response = await talker.get(f"/api/jobs?{query}")
    assert (response.status_code, response.json()) == (400, {"error": said})


async def test_jobs_are_found_by_the_id_of_the_editors_workflow(talker: Talker) -> None:
    extra: JsonObject = {"extra_pnginfo": {"workflow": {"id": "w1"}}}
    async with talker.listen() as ear:
        await talker.run(SMALLEST, ear, extra_data=extra)
        await talker.run(simplest("other"), ear)
    found = await talker.json("/api/jobs?workflow_id=w1")
    assert [at(job, "workflow_id") for job in as_array(at(found, "jobs")) or []] == ["w1"]


async def test_history_is_listed_oldest_first_and_max_items_alone_is_the_last_ones(
    talker: Talker,
) -> None:
    ids: list[str] = []
    async with talker.listen() as ear:
        for number in range(4):
            ids.append(await talker.submit(simplest(f"h{number}"), ear))
            await ear.until_end(ids[-1])
    assert list(table(await talker.json("/history"))) == ids
    assert list(table(await talker.json("/history?max_items=2"))) == ids[2:]
    assert list(table(await talker.json("/history?max_items=2&offset=1"))) == ids[1:3]
    assert list(table(await talker.json("/history?offset=3"))) == ids[3:]
    await talker.post("/history", {"delete": ids[:1]})
    assert list(table(await talker.json("/history"))) == ids[1:]
    await talker.post("/history", {"clear": True})
    assert await talker.json("/history") == {}


async def test_secrets_in_extra_data_are_kept_out_of_history(talker: Talker) -> None:
    extra: JsonObject = {"api_key_comfy_org": "secret", "mark": 1}
    async with talker.listen() as ear:
        entry = await talker.run(SMALLEST, ear, extra_data=extra)
    kept = table(entry, "prompt", 3)
    assert (kept["mark"], "api_key_comfy_org" in kept) == (1, False)


async def test_history_shows_the_graph_after_coercion(talker: Talker) -> None:
    prompt = dict(SMALLEST)
    inputs = {"width": "32", "height": 33.9, "batch_size": True, "color": {"__value__": 5}}
    prompt["1"] = {"class_type": "EmptyImage", "inputs": inputs}
    async with talker.listen() as ear:
        entry = await talker.run(prompt, ear)
    assert table(entry, "prompt", 2, "1", "inputs") == {
        "width": 32,
        "height": 33,
        "batch_size": 1,
        "color": 5,
    }


async def test_bare_nan_is_taken_and_given(talker: Talker) -> None:
    prompt: JsonObject = {
        "1": {"class_type": "SimulatedOutput", "inputs": {"ui_json": '{"score": [NaN, Infinity]}'}}
    }
    async with talker.listen() as ear:
        prompt_id = await talker.submit(prompt, ear)
        await ear.until_end(prompt_id)
    raw = (await talker.get(f"/history/{prompt_id}")).text
    assert '"score": [NaN, Infinity]' in raw


async def test_an_unknown_input_key_and_a_client_id_that_is_a_number_are_taken(
    talker: Talker,
) -> None:
    response = await talker.post("/prompt", {"prompt": SMALLEST, "client_id": 5, "more": 1})
    entry = await talker.finished(response.json()["prompt_id"])
    assert at(entry, "prompt", 3, "client_id") == 5


async def test_free_drops_kept_results_so_that_a_deleted_file_is_made_again(
    talker: Talker,
) -> None:
    async with talker.listen() as ear:
        first = await talker.run(SMALLEST, ear)
        name = str(at(first, "outputs", "2", "images", 0, "filename"))
        (talker.simulator.root / "output" / name).unlink()
        again = await talker.run(SMALLEST, ear)
        assert at(again, "outputs", "2", "images", 0, "filename") == name
        assert (await talker.get(f"/view?filename={name}")).status_code == 404
        await talker.post("/free", {"unload_models": True, "free_memory": True})
        await talker.run(SMALLEST, ear)
    assert (await talker.get(f"/view?filename={name}")).status_code == 200


async def test_0_3_64_keeps_results_of_the_last_prompt_only(old_talker: Talker) -> None:
    async with old_talker.listen() as ear:
        await old_talker.run(SMALLEST, ear)
        again = await old_talker.run(SMALLEST, ear)
        assert at(again, "status", "messages", 1, 1, "nodes") == ["1", "2"]
        await old_talker.run(sampling(1), ear)
        third = await old_talker.run(SMALLEST, ear)
    assert at(third, "status", "messages", 1, 1, "nodes") == []


async def test_any_text_is_a_prompt_id_in_0_3_64(old_talker: Talker) -> None:
    async with old_talker.listen() as ear:
        assert await old_talker.submit(SMALLEST, ear, prompt_id="my own") == "my own"
        await ear.until_end("my own")


async def test_a_cycle_gives_empty_node_errors_in_0_3_64(old_talker: Talker) -> None:
    def invert(source: str) -> JsonObject:
        return {"class_type": "ImageInvert", "inputs": {"image": [source, 0]}}

    save: JsonObject = {
        "class_type": "SaveImage",
        "inputs": {"images": ["1", 0], "filename_prefix": "c"},
    }
    prompt: JsonObject = {"1": invert("2"), "2": invert("1"), "3": save}
    response = await old_talker.post("/prompt", {"prompt": prompt})
    assert (response.status_code, response.json()["node_errors"]) == (400, {})


async def test_a_socket_without_a_client_id_is_given_one(talker: Talker) -> None:
    async with talker.listen() as named:
        greeting = await named.until_type("status")
        assert greeting["sid"] == named.client_id


async def test_feature_flags_count_in_the_first_frame_only(talker: Talker) -> None:
    flags = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
    async with talker.listen() as ear:
        await ear.socket.send("[1, 2]")
        await ear.socket.send(flags)
        await talker.run(SMALLEST, ear)
    assert "feature_flags" not in ear.types()


async def test_pings_are_answered(talker: Talker) -> None:
    async with talker.listen() as ear, asyncio.timeout(PATIENCE):
        await (await ear.socket.ping())


async def test_the_newer_socket_of_a_client_id_wins_and_goes_deaf_when_the_older_closes(
    talker: Talker,
) -> None:
    same = uuid.uuid4().hex
    async with talker.listen(same) as newer_first:
        await newer_first.next()
        async with talker.listen(same) as newer:
            await newer.next()
            await talker.run(SMALLEST, newer)
            assert newer_first.types() == ["status"]
            await newer_first.socket.close()
            deaf_id = await talker.submit(simplest("deaf"), newer)
            await talker.finished(deaf_id)
            async with talker.listen() as witness:
                await talker.run(simplest("witness"), witness)
    assert not [frame for frame in newer.frames if is_end(frame, deaf_id)]


async def test_three_mebibytes_of_text_come_in_one_frame(talker: Talker) -> None:
    prompt: JsonObject = {
        "1": {"class_type": "SimulatedText", "inputs": {"length": 3 * 1024 * 1024}}
    }
    async with talker.listen() as ear:
        await talker.run(prompt, ear)
    executed = next(frame for frame in ear.frames if frame["type"] == "executed")
    assert len(str(at(executed, "data", "output", "text", 0))) == 3 * 1024 * 1024


async def test_failed_nodes_tell_their_inputs_without_paths_of_this_machine(
    talker: Talker,
) -> None:
    prompt = dict(SMALLEST)
    prompt["2"] = {
        "class_type": "SaveImage",
        "inputs": {"images": "hello", "filename_prefix": "t"},
    }
    async with talker.listen() as ear:
        prompt_id = await talker.submit(prompt, ear)
        error = await ear.until_type("execution_error")
        await ear.until_end(prompt_id)
    assert str(error["exception_message"]).endswith("\n")
    assert table(error, "current_inputs") == {"images": ["hello"], "filename_prefix": ["t"]}
    assert error["current_outputs"] == ["1", "2"]
    assert "gateway" not in str(error["traceback"])
