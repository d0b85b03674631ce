"""A ComfyUI that is down, restarts, lies behind a proxy or talks nonsense."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2 as httpx
import pytest
import trustme

from gateway.graph.json_value import Json, JsonObject
from gateway.simulator.faults import (
    HTML_BODY,
    AnswerWith,
    Die,
    DropSockets,
    Fault,
    Forget,
    Hang,
    LoseAnswer,
    Refuse,
    Stall,
)
from gateway.simulator.server import Simulator
from gateway.simulator.settings import Tls
from gateway.tools.running import Asking
from tests.facts.whole import (
    VERSIONS,
    assert_each_posted_once,
    counted,
    error_of,
    image,
    opened,
    outputs_of,
    prompts_posted,
    save,
    sleeping,
)

pytestmark = pytest.mark.timeout(45)

DRAW: dict[str, Json] = {"1": image(), "2": save()}


# --- the answer to POST /prompt --------------------------------------------------------------------


async def test_a_lost_answer_to_the_post_is_asked_after_and_the_prompt_runs_once(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.order(LoseAnswer("/prompt"))
    async with opened(tmp_path, simulator, DRAW) as whole:
        job = await whole.ended(await whole.begin())
    assert (job.status, len(job.runs), len(job.outputs)) == ("completed", 1, 1)
    assert prompts_posted(simulator) == 1


async def test_a_prompt_that_never_arrived_is_a_new_attempt_with_a_new_id(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.order(AnswerWith("/prompt", 502, HTML_BODY, "text/html"))
    async with opened(tmp_path, simulator, DRAW) as whole:
        job = await whole.ended(await whole.begin())
    assert (job.status, len(job.runs)) == ("completed", 2)
    assert job.runs[0].prompt_id != job.runs[1].prompt_id
    assert list(counted(simulator, "prompts")) == [job.runs[1].prompt_id]


async def test_a_prompt_in_doubt_is_asked_after_until_an_answer_comes_and_not_posted_again(
    tmp_path: Path, simulator: Simulator
) -> None:
    # ComfyUI may even answer 500 to a prompt that it queued: two prompts of one id and number.
    async with opened(tmp_path, simulator, sleeping(0.4)) as whole:
        simulator.order(LoseAnswer("/prompt"))
        simulator.order(AnswerWith("/jobs*", times=1))
        job = await whole.ended(await whole.begin())
    assert (job.status, len(job.runs), prompts_posted(simulator)) == ("completed", 1, 1)


ODD: dict[str, Fault] = {
    "html with 200": AnswerWith("/prompt", 200, HTML_BODY, "text/html", times=99),
    "html with 404": AnswerWith("/prompt", 404, HTML_BODY, "text/html", times=99),
    "500 in text": AnswerWith("/prompt", times=99),
    "broken json": AnswerWith("/prompt", 200, '{"prompt_id": ', "application/json", times=99),
    "another program": AnswerWith("/prompt", 200, '{"ok": true}', "application/json", times=99),
    "400 of a proxy": AnswerWith("/prompt", 400, "no", "text/plain", times=99),
}


@pytest.mark.parametrize("case", ODD)
async def test_an_odd_answer_to_the_post_fails_in_the_end_with_what_was_answered(
    tmp_path: Path, simulator: Simulator, case: str
) -> None:
    simulator.order(ODD[case])
    async with opened(tmp_path, simulator, DRAW) as whole:
        answer = await whole.call()
    assert str(error_of(answer)["mend"])
    assert "<html" not in answer.text
    assert prompts_posted(simulator) == 0


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "backend-credentials"), (413, "backend-too-large"), (429, "backend-rate-limited")],
)
async def test_a_prompt_turned_away_at_the_door_says_why(
    tmp_path: Path, simulator: Simulator, status: int, code: str
) -> None:
    simulator.order(AnswerWith("/prompt", status, "no", times=99))
    async with opened(tmp_path, simulator, DRAW) as whole:
        assert error_of(await whole.call())["code"] == code
    assert prompts_posted(simulator) == 0


async def test_a_graph_over_the_body_limit_is_told_with_the_mend(tmp_path: Path) -> None:
    for version in VERSIONS:
        async with (
            Simulator(version=version, max_upload_size=200) as simulator,
            opened(tmp_path, simulator, DRAW) as whole,
        ):
            error = error_of(await whole.call())
        assert error["code"] == "backend-too-large"
        assert "--max-upload-size" in str(error["mend"])


async def test_a_slow_answer_to_the_post_is_no_second_post(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.order(Stall("/prompt", 1.0))
    backend: JsonObject = {"url": simulator.url, "timeout": "300ms"}
    async with opened(tmp_path, {"sim": backend}, DRAW) as whole:
        job = await whole.ended(await whole.begin())
    assert job.status == "completed"
    assert_each_posted_once(simulator)


# --- questions answered by others than ComfyUI -----------------------------------------------------


@pytest.mark.parametrize("path", ["/jobs*", "/queue", "/history*"])
@pytest.mark.parametrize(
    "fault",
    [
        AnswerWith("", 404, HTML_BODY, "text/html", times=3),
        AnswerWith("", 200, HTML_BODY, "text/html", times=3),
        AnswerWith("", 502, HTML_BODY, "text/html", times=3),
        AnswerWith("", 200, "[]", "application/json", times=3),
        AnswerWith("", times=3),
    ],
    ids=["404 page", "200 page", "502 page", "a list", "500 text"],
)
async def test_a_proxys_answer_is_never_taken_for_no_such_prompt(
    tmp_path: Path, simulator: Simulator, path: str, fault: AnswerWith
) -> None:
    async with opened(tmp_path, simulator, sleeping(0.6)) as whole:
        job = await whole.running_there(await whole.begin())
        simulator.order(
            AnswerWith(path, fault.status, fault.body, fault.content_type, times=fault.times)
        )
        simulator.order(DropSockets())  # now questions are all there is
        job = await whole.ended(job)
    assert (job.status, len(job.runs), prompts_posted(simulator)) == ("completed", 1, 1)


async def test_a_file_answered_as_a_login_page_is_never_taken_for_the_file(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.order(AnswerWith("/view", 200, HTML_BODY, "text/html", times=2))
    async with opened(tmp_path, simulator, DRAW) as whole:
        (record,) = outputs_of(await whole.call())
    assert record["mime_type"] == "image/png"
    assert "missing" not in record or not record["missing"]


async def test_a_file_that_cannot_be_had_within_the_grace_fails_the_job(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.order(AnswerWith("/view", 200, HTML_BODY, "text/html", times=999))
    async with opened(tmp_path, simulator, DRAW, gateway={"backend_grace": "500ms"}) as whole:
        error = error_of(await whole.call())
    assert error["code"] == "backend-answered-html"


# --- restarts --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Die(0.3), Forget()], ids=["crash", "quick restart"])
async def test_a_restart_in_mid_run_is_another_attempt_under_another_id(
    tmp_path: Path, simulator: Simulator, fault: Fault
) -> None:
    async with opened(tmp_path, simulator, sleeping(0.8)) as whole:
        job = await whole.running_there(await whole.begin())
        simulator.order(fault)
        job = await whole.ended(job)
    assert (job.status, len(job.runs)) == ("completed", 2)
    assert prompts_posted(simulator) == 2
    assert any("lost the connection to backend sim" in note for note in whole.notes)


async def test_a_restart_loses_queued_prompts_too_and_all_of_them_run_again(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(
        tmp_path, {"sim": {"url": simulator.url, "slots": 3}}, sleeping(0.5)
    ) as whole:
        jobs = [await whole.begin() for _ in range(3)]
        await whole.until(jobs[-1], lambda _: prompts_posted(simulator) == 3)
        simulator.order(Die(0.2))
        ended = [await whole.ended(job) for job in jobs]
    assert [(job.status, len(job.runs)) for job in ended] == [("completed", 2)] * 3
    assert prompts_posted(simulator) == 6


async def test_a_restart_for_every_attempt_uses_the_attempts_up(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, sleeping(20)) as whole:
        job = await whole.begin()
        for attempt in (1, 2, 3):
            job = await whole.until(
                job,
                lambda each, number=attempt: (
                    prompts_posted(simulator) == number and each.status == "running"
                ),
            )
            simulator.order(Forget())
        job = await whole.ended(job)
    assert (job.status, len(job.runs), prompts_posted(simulator)) == ("failed", 3, 3)
    assert job.failure is not None
    assert job.failure.code == "run-lost"


async def test_a_port_closed_for_a_while_is_waited_out_and_nothing_runs_again(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, sleeping(0.8)) as whole:
        job = await whole.running_there(await whole.begin())
        simulator.order(Refuse(1.0))
        job = await whole.ended(job)
    assert (job.status, len(job.runs), len(job.outputs)) == ("completed", 1, 2)
    assert prompts_posted(simulator) == 1
    assert any("backend sim" in note for note in whole.notes)


async def test_a_death_is_told_by_name_within_a_second(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(tmp_path, simulator, sleeping(20)) as whole:
        job = await whole.running_there(await whole.begin())
        simulator.order(Die(60))
        async with asyncio.timeout(1.5):  # a second, and the pace of looking on a busy machine
            await whole.until(job, lambda each: "backend sim" in each.progress.note)
        job = await whole.running.cancel(job.id, "local")
    assert job.status == "cancelled"


async def test_a_backend_that_is_dead_beyond_the_grace_fails_the_job(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with opened(
        tmp_path, simulator, sleeping(20), gateway={"backend_grace": "700ms"}
    ) as whole:
        job = await whole.running_there(await whole.begin())
        simulator.order(Die(60))
        job = await whole.ended(job)
    assert job.status == "failed"
    assert job.failure is not None
    assert job.failure.code == "backend-unreachable"


async def test_a_call_made_while_the_backend_is_down_runs_once_it_is_back(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.order(Die(0.7))
    async with opened(tmp_path, simulator, DRAW) as whole:
        job = await whole.begin()
        job = await whole.until(
            job, lambda each: "backend sim does not answer" in each.progress.note
        )
        job = await whole.ended(job)
    assert (job.status, prompts_posted(simulator)) == ("completed", 1)


async def test_a_server_that_takes_questions_and_never_answers_is_told(
    tmp_path: Path, simulator: Simulator
) -> None:
    simulator.order(Hang("/prompt", times=99))
    backend: JsonObject = {"url": simulator.url, "timeout": "200ms"}
    async with opened(tmp_path, {"sim": backend}, DRAW) as whole:
        error = error_of(await whole.call())
    assert prompts_posted(simulator) == 0
    assert error["code"] in {"run-lost", "backend-timed-out"}


# --- where ComfyUI is ------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_base_path_stands_before_every_route_and_the_socket(
    tmp_path: Path, version: str
) -> None:
    async with (
        Simulator(version=version, base_path="/comfy") as simulator,
        opened(tmp_path, {"sim": {"url": f"{simulator.url}/"}}, sleeping(0.2)) as whole,
    ):
        assert len(outputs_of(await whole.call())) == 2
        health = await whole.running.call("comfyui_health_check", {}, Asking())
        assert not health.failed
        assert_each_posted_once(simulator)


@pytest.mark.parametrize("version", VERSIONS)
async def test_headers_open_every_route_and_the_socket_and_are_never_told(
    tmp_path: Path, version: str
) -> None:
    wanted = {"Authorization": "Bearer s3cret-token"}
    async with Simulator(version=version, required_headers=wanted) as simulator:
        with_headers: JsonObject = {"url": simulator.url, "headers": dict(wanted)}
        async with opened(tmp_path, {"sim": with_headers}, DRAW) as whole:
            answer = await whole.call()
            health = await whole.running.call("comfyui_health_check", {}, Asking())
        assert not answer.failed
        assert "s3cret" not in f"{answer} {health}"
        wrong: JsonObject = {"url": simulator.url, "headers": {"Authorization": "Bearer wr0ng"}}
        async with opened(tmp_path, {"sim": wrong}, DRAW) as whole:
            refused = await whole.call()
        assert error_of(refused)["code"] == "backend-credentials"
        assert "wr0ng" not in str(refused)


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncIterator[tuple[Simulator, Path]]:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    chain, key, ca = (tmp_path / f"{name}.pem" for name in ("chain", "key", "ca"))
    chain.write_bytes(b"".join(each.bytes() for each in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca)
    async with Simulator(tls=Tls(str(chain), str(key))) as simulator:
        yield simulator, ca


async def test_tls_by_an_authority_of_ones_own_covers_http_and_the_socket(
    tmp_path: Path, secured: tuple[Simulator, Path]
) -> None:
    simulator, ca = secured
    backend: JsonObject = {"url": simulator.url, "tls": {"ca": str(ca)}}
    async with opened(tmp_path, {"sim": backend}, DRAW) as whole:
        assert not (await whole.call()).failed


async def test_a_certificate_nobody_trusts_is_told_with_the_mend_and_gets_no_prompt(
    tmp_path: Path, secured: tuple[Simulator, Path]
) -> None:
    simulator, _ = secured
    backend: JsonObject = {"url": simulator.url}
    short: JsonObject = {"backend_grace": "300ms"}
    async with opened(tmp_path, {"sim": backend}, DRAW, gateway=short) as whole:
        error = error_of(await whole.call())
    assert "ca" in str(error["mend"])
    assert prompts_posted(simulator) == 0


async def test_plain_http_to_a_tls_port_is_told(
    tmp_path: Path, secured: tuple[Simulator, Path]
) -> None:
    simulator, _ = secured
    backend: JsonObject = {"url": simulator.url.replace("https:", "http:")}
    short: JsonObject = {"backend_grace": "300ms"}
    async with opened(tmp_path, {"sim": backend}, DRAW, gateway=short) as whole:
        error = error_of(await whole.call())
    assert "https" in f"{error['message']} {error['mend']}"


async def test_a_server_that_looks_at_origins_lets_us_in(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with httpx.AsyncClient(base_url=simulator.url) as http:
        page = await http.get("/queue", headers={"Origin": "http://localhost:1"})
        assert page.status_code == 403
    async with opened(tmp_path, simulator, DRAW) as whole:
        assert not (await whole.call()).failed


# --- two backends ----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
async def test_when_one_of_two_backends_is_dead_the_other_does_all_the_work(
    tmp_path: Path, version: str
) -> None:
    async with Simulator(version=version) as one, Simulator(version=version) as other:
        one.order(Die(60))
        backends: JsonObject = {
            "one": {"url": one.url, "slots": 1},
            "other": {"url": other.url, "slots": 1},
        }
        async with opened(tmp_path, {**backends}, sleeping(0.05)) as whole:  # type: ignore[dict-item]
            ended = [await whole.ended(job) for job in [await whole.begin() for _ in range(4)]]
        assert [job.status for job in ended] == ["completed"] * 4
        assert {job.run.backend for job in ended if job.run} == {"other"}
        assert prompts_posted(other) == 4
        assert_each_posted_once(other)


async def test_when_one_of_two_backends_restarts_its_runs_go_on_somewhere(tmp_path: Path) -> None:
    async with Simulator() as one, Simulator(version="0.3.64") as other:
        backends: dict[str, JsonObject] = {
            name: {"url": simulator.url, "slots": 2}
            for name, simulator in (("one", one), ("other", other))
        }
        async with opened(tmp_path, backends, sleeping(0.6)) as whole:
            jobs = [await whole.begin() for _ in range(4)]
            await whole.until(
                jobs[-1], lambda _: (prompts_posted(one), prompts_posted(other)) == (2, 2)
            )
            one.order(Die(0.3))
            ended = [await whole.ended(job) for job in jobs]
        assert [job.status for job in ended] == ["completed"] * 4
        assert prompts_posted(one) + prompts_posted(other) == sum(len(job.runs) for job in ended)
        for simulator in (one, other):
            assert_each_posted_once(simulator)
