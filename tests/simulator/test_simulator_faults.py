"""Faults that can be ordered, and what a client sees of each."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import fields

import httpx2 as httpx
import pytest
import websockets

from gateway.graph.json_value import Json, JsonObject
from gateway.simulator.faults import (
    HTML_BODY,
    AnswerWith,
    Calm,
    DeletePending,
    Die,
    Drip,
    DropSockets,
    Fault,
    Forget,
    ForgetHistory,
    Hang,
    IgnorePromptIds,
    Interrupt,
    LateHistory,
    LoseAnswer,
    LoseOutputs,
    Refuse,
    RepeatMessages,
    Stall,
    fault_from_json,
    fault_to_json,
)
from gateway.simulator.server import Simulator
from tests.simulator.talking import PATIENCE, SMALLEST, Talker, at, is_end, sleeping, talking

EVERY: tuple[Fault, ...] = (
    AnswerWith("/prompt"),
    Calm(),
    DeletePending("x"),
    Die(1.0),
    Drip("/view", 0.1),
    DropSockets("messages", 3),
    Forget(),
    ForgetHistory(),
    Hang("/queue"),
    IgnorePromptIds(),
    Interrupt(),
    LateHistory(0.5),
    LoseAnswer(),
    LoseOutputs("a/"),
    Refuse(2.0),
    RepeatMessages(3),
    Stall("/history*", 0.2),
)


@pytest.mark.parametrize("fault", EVERY, ids=lambda fault: type(fault).__name__)
def test_a_fault_comes_back_from_its_json_form(fault: Fault) -> None:
    assert fault_from_json(fault_to_json(fault)) == fault
    assert {field.name for field in fields(fault)} | {"kind"} == set(fault_to_json(fault))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"kind": "Explode"}, "there is no fault 'Explode'"),
        ({}, "there is no fault None"),
        ({"kind": "Die"}, "Die needs seconds"),
        ({"kind": "Die", "seconds": 1, "when": 2}, "Die has no when; it has seconds"),
        ({"kind": "Forget", "x": 1}, "Forget has no x; it has none"),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused_with_what_would(
    raw: JsonObject, said: str, talker: Talker
) -> None:
    with pytest.raises(ValueError, match=said):
        fault_from_json(raw)
    response = await talker.post("/simulator/faults", raw)
    assert response.status_code == 400
    assert said in response.json()["error"]


async def test_a_fault_ordered_over_http_is_in_force_at_once(talker: Talker) -> None:
    order = fault_to_json(AnswerWith("/queue", 502, HTML_BODY, "text/html"))
    assert (await talker.post("/simulator/faults", order)).status_code == 200
    broken = await talker.get("/queue")
    assert (broken.status_code, broken.text) == (502, HTML_BODY)
    assert broken.headers["content-type"] == "text/html"
    assert (await talker.get("/queue")).status_code == 200


async def test_who_orders_a_restart_over_http_is_answered_before_it(talker: Talker) -> None:
    async with talker.listen() as ear:
        await ear.next()
        assert (await talker.post("/simulator/faults", {"kind": "Forget"})).status_code == 200
        with pytest.raises(websockets.ConnectionClosedError):
            await ear.next()


async def test_an_answer_may_be_wrong_so_many_times(talker: Talker) -> None:
    talker.simulator.order(AnswerWith("/history*", times=2))
    answers = [(await talker.get("/api/history/x")).status_code for _ in range(3)]
    assert answers == [500, 500, 200]
    talker.simulator.order(AnswerWith("/features", 200, '{"broken": ', "application/json"))
    assert (await talker.get("/features")).text == '{"broken": '


async def test_a_full_disk_at_an_upload_is_a_500_and_the_next_one_succeeds(talker: Talker) -> None:
    talker.simulator.order(AnswerWith("/upload/image"))
    files = {"image": ("u.png", b"x" * 100_000)}
    statuses = [
        (await talker.http.post("/upload/image", files=files)).status_code for _ in range(2)
    ]
    assert statuses == [500, 200]
    assert at(talker.simulator.counters(), "uploads") == 1


async def test_a_stalled_path_answers_late(talker: Talker) -> None:
    talker.simulator.order(Stall("/queue", 0.2))
    started = time.monotonic()
    assert (await talker.get("/queue")).status_code == 200
    assert time.monotonic() - started >= 0.2


async def test_a_hanging_path_never_answers_and_others_do(talker: Talker) -> None:
    talker.simulator.order(Hang("/queue"))
    waiting = asyncio.create_task(talker.get("/queue"))
    assert (await talker.get("/features")).status_code == 200
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(waiting), 0.1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_a_dripping_answer_is_whole_in_the_end(talker: Talker) -> None:
    plain = (await talker.get("/object_info/KSampler")).content
    talker.simulator.order(Drip("/object_info*", 0.001, size=100))
    assert (await talker.get("/object_info/KSampler")).content == plain


async def test_a_lost_answer_leaves_the_prompt_taken_once(talker: Talker) -> None:
    chosen = str(uuid.uuid4())
    talker.simulator.order(LoseAnswer())
    with pytest.raises(httpx.RemoteProtocolError):
        await talker.post("/prompt", {"prompt": SMALLEST, "prompt_id": chosen})
    assert await talker.finished(chosen)
    assert talker.simulator.posted(chosen) == 1


async def test_sockets_dropped_now_close_with_1006(talker: Talker) -> None:
    async with talker.listen() as ear:
        await ear.next()
        talker.simulator.order(DropSockets())
        with pytest.raises(websockets.ConnectionClosedError):
            await ear.next()
        assert ear.socket.close_code == 1006


async def test_sockets_dropped_at_run_start_hear_nothing_of_the_run_and_it_succeeds(
    talker: Talker,
) -> None:
    async with talker.listen() as ear:
        await ear.next()
        talker.simulator.order(DropSockets("run-start"))
        prompt_id = await talker.submit(SMALLEST, ear)
        with pytest.raises(websockets.ConnectionClosedError):
            await ear.until_end(prompt_id)
    entry = await talker.finished(prompt_id)
    assert at(entry, "status", "status_str") == "success"


async def test_sockets_dropped_after_so_many_messages_hear_at_most_those(talker: Talker) -> None:
    async with talker.listen() as ear:
        await ear.next()
        talker.simulator.order(DropSockets("messages", 6))
        prompt_id = await talker.submit(sleeping(0.2, 4), ear)
        with pytest.raises(websockets.ConnectionClosedError):
            await ear.until_end(prompt_id)
    assert "executing" in ear.types()
    assert not [frame for frame in ear.frames if is_end(frame, prompt_id)]
    assert await talker.finished(prompt_id)


async def test_a_refused_handshake_answers_what_was_ordered(talker: Talker) -> None:
    talker.simulator.order(AnswerWith("/ws", 503, "later"))
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with talker.listen():
            pass
    assert refused.value.response.status_code == 503
    async with talker.listen() as ear:
        await ear.next()


async def test_a_socket_outside_the_known_path_is_404(talker: Talker) -> None:
    url = talker.simulator.url.replace("http", "ws") + "/socket"
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with websockets.connect(url):
            pass
    assert refused.value.response.status_code == 404


async def until_up(talker: Talker) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                await talker.get("/prompt")
            except httpx.TransportError:
                await asyncio.sleep(0.01)
            else:
                return


async def test_a_dead_simulator_refuses_and_comes_back_having_forgotten_everything(
    talker: Talker,
) -> None:
    async with talker.listen() as ear:
        entry = await talker.run(SMALLEST, ear)
        prompt_id = str(at(entry, "prompt", 1))
        (talker.simulator.root / "temp" / "preview.png").write_bytes(b"x")
        lost = await talker.submit(sleeping(), ear)
        await ear.until_type("progress")
        talker.simulator.order(Die(0.3))
        with pytest.raises(websockets.ConnectionClosedError):
            await ear.until_end(lost)
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient() as fresh:
            await fresh.get(talker.simulator.url + "/prompt")
    await until_up(talker)
    assert await talker.json(f"/history/{prompt_id}") == {}
    assert (await talker.get(f"/api/jobs/{lost}")).status_code == 404
    assert at(await talker.json("/prompt"), "exec_info", "queue_remaining") == 0
    assert list((talker.simulator.root / "temp").iterdir()) == []
    assert list((talker.simulator.root / "output").iterdir())
    async with talker.listen() as ear:
        again = await talker.run(SMALLEST, ear)
    assert at(again, "status", "messages", 1, 1, "nodes") == []


async def test_a_forgotten_run_is_gone_while_the_port_stays_open(talker: Talker) -> None:
    async with talker.listen() as ear:
        lost = await talker.submit(sleeping(), ear)
        await ear.until_type("progress")
        talker.simulator.order(Forget())
        with pytest.raises(websockets.ConnectionClosedError):
            await ear.until_end(lost)
    async with httpx.AsyncClient(base_url=talker.simulator.url) as fresh:
        assert (await fresh.get(f"/api/jobs/{lost}")).status_code == 404
    async with talker.listen() as ear:
        assert await talker.run(SMALLEST, ear)


async def test_a_refusing_port_keeps_what_runs_behind_it(talker: Talker) -> None:
    prompt_id = await talker.submit(sleeping(0.1, 2))
    talker.simulator.order(Refuse(0.3))
    with pytest.raises(httpx.ConnectError):
        async with httpx.AsyncClient() as fresh:
            await fresh.get(talker.simulator.url + "/prompt")
    await until_up(talker)
    assert await talker.finished(prompt_id)


async def test_a_forgotten_history_leaves_the_queue(talker: Talker) -> None:
    async with talker.listen() as ear:
        await talker.run(SMALLEST, ear)
        talker.simulator.order(ForgetHistory())
        assert await talker.json("/history") == {}


async def test_prompts_can_be_deleted_and_interrupted_as_by_hand(talker: Talker) -> None:
    async with talker.listen() as ear:
        running = await talker.submit(sleeping(), ear)
        await ear.until_type("progress")
        pending = await talker.submit(SMALLEST, ear)
        other = await talker.submit(SMALLEST, ear)
        talker.simulator.order(DeletePending(pending))
        assert at(await talker.json("/queue"), "queue_pending", 0, 1) == other
        talker.simulator.order(DeletePending())
        assert at(await talker.json("/queue"), "queue_pending") == []
        talker.simulator.order(Interrupt())
        await ear.until_end(running)
    assert "execution_interrupted" in ear.types()


async def test_lost_outputs_are_named_and_not_there(talker: Talker) -> None:
    async with talker.listen() as ear:
        entry = await talker.run(SMALLEST, ear)
    name = at(entry, "outputs", "2", "images", 0, "filename")
    talker.simulator.order(LoseOutputs("nothing-begins-so"))
    assert (await talker.get(f"/view?filename={name}")).status_code == 200
    talker.simulator.order(LoseOutputs())
    assert (await talker.get(f"/view?filename={name}")).status_code == 404


async def test_chosen_prompt_ids_can_be_ignored(talker: Talker) -> None:
    chosen = str(uuid.uuid4())
    talker.simulator.order(IgnorePromptIds())
    assert await talker.submit(SMALLEST, prompt_id=chosen) != chosen
    talker.simulator.order(Calm())
    assert await talker.submit(SMALLEST, prompt_id=chosen) == chosen


async def test_messages_can_come_twice(talker: Talker) -> None:
    async with talker.listen() as ear:
        await ear.next()
        talker.simulator.order(RepeatMessages(2))
        await talker.run(SMALLEST, ear)
        assert ear.types().count("execution_start") == 2


async def test_history_can_come_late_after_success(talker: Talker) -> None:
    talker.simulator.order(LateHistory(0.1))
    async with talker.listen() as ear:
        prompt_id = await talker.submit(SMALLEST, ear)
        await ear.until_type("execution_success")
        assert await talker.json(f"/history/{prompt_id}") == {}
        await ear.until_end(prompt_id)
        assert await talker.json(f"/history/{prompt_id}") != {}


@pytest.fixture
async def guarded() -> AsyncIterator[Talker]:
    wanted = {"Authorization": "Bearer right"}
    async with talking(Simulator(base_path="/comfy", required_headers=wanted)) as talker:
        yield talker


async def test_credentials_are_wanted_for_everything_and_base_paths_lead(guarded: Talker) -> None:
    async with guarded.listen() as ear:
        entry = await guarded.run(SMALLEST, ear)
    assert at(entry, "status", "status_str") == "success"
    async with httpx.AsyncClient() as stranger:
        assert (await stranger.get(f"{guarded.simulator.url}/prompt")).status_code == 401
        root = f"http://127.0.0.1:{guarded.simulator.port}"
        headers: dict[str, str] = dict(guarded.simulator.required_headers)
        assert (await stranger.get(f"{root}/prompt", headers=headers)).status_code == 404
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with websockets.connect(guarded.simulator.url.replace("http", "ws") + "/ws"):
            pass
    assert refused.value.response.status_code == 401


async def test_counters_tell_what_was_asked(talker: Talker) -> None:
    chosen = str(uuid.uuid4())
    await talker.submit(SMALLEST, prompt_id=chosen)
    await talker.finished(chosen)
    counted: Json = await talker.json("/simulator/counters")
    assert at(counted, "prompts") == {chosen: 1}
    assert at(counted, "runs") == 1
    assert at(counted, "requests", "POST /prompt") == 1
    assert at(counted, "sockets") == 0
