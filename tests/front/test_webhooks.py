"""The whole gateway tells a receiver on a real socket how jobs ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli.app import build
from gateway.front import open_front
from gateway.graph.json_value import Json
from gateway.project.load import load_project
from gateway.simulator.server import Simulator
from gateway.tools.running import Asking
from tests.facts.whole import image, node, save
from tests.fetch.receiver import SECRET, independent_signature, receiving
from tests.front.webhooks import ENVIRONMENT, gateway, project, told_of

pytestmark = pytest.mark.timeout(60)

FAILING: dict[str, Json] = {
    "1": image(),
    "2": node("SimulatedError", image=["1", 0], message="on purpose", kind="ValueError"),
    "3": save("2"),
}


async def test_the_end_of_a_job_is_told_signed_and_the_job_says_so(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with (
        receiving() as receiver,
        gateway(project(tmp_path, simulator, receiver)) as running,
    ):
        answer = await running.call("run", {"color": 3}, Asking())
        (message,) = await receiver.until(lambda got: len(got) == 1)
        job_id = str(answer.structured["job_id"])
        told = await told_of(running, job_id, "delivered")
        status = await running.call("query_job_status", {"job_id": job_id}, Asking())
    assert told == {"status": "delivered", "attempts": 1, "last_error": None}
    assert status.structured["webhook"] == told
    assert message.headers["webhook-id"] == job_id
    assert message.headers["webhook-signature"] == independent_signature(message)
    record = {
        name: value
        for name, value in answer.structured.items()
        if name not in {"webhook", "outputs"}
    }
    assert {name: message.record.get(name) for name in record} == record
    assert str(tmp_path) not in message.body.decode()


async def test_a_receiver_that_is_busy_gets_it_again_with_the_same_id(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with (
        receiving("503 Busy\r\nRetry-After: 1") as receiver,
        gateway(project(tmp_path, simulator, receiver)) as running,
    ):
        answer = await running.call("run", {}, Asking())
        job_id = str(answer.structured["job_id"])
        one, two = await receiver.until(lambda got: len(got) == 2)
        told = await told_of(running, job_id, "delivered")
    assert told == {"status": "delivered", "attempts": 2, "last_error": None}
    assert one.headers["webhook-id"] == two.headers["webhook-id"] == job_id
    assert one.body == two.body


async def test_a_receiver_that_hangs_holds_up_no_call_and_is_told_of(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with (
        receiving("hang") as receiver,
        gateway(project(tmp_path, simulator, receiver)) as running,
    ):
        answer = await running.call("run", {}, Asking())
        assert answer.structured["webhook"] == {
            "status": "pending",
            "attempts": 0,
            "last_error": None,
        }
        job_id = str(answer.structured["job_id"])
        await receiver.until(lambda got: len(got) == 1)
        told = await told_of(running, job_id, "pending")
    assert told["last_error"] == "its receiver did not answer within 1 s"
    assert told["attempts"] == 1


async def test_a_receiver_that_refuses_is_told_once_and_the_job_says_why(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with (
        receiving("404 Not Found") as receiver,
        gateway(project(tmp_path, simulator, receiver)) as running,
    ):
        answer = await running.call("run", {}, Asking())
        told = await told_of(running, str(answer.structured["job_id"]), "failed")
    assert told == {"status": "failed", "attempts": 1, "last_error": "its receiver answered 404"}
    assert len(receiver.got) == 1


async def test_only_the_ends_that_were_asked_for_are_told(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with receiving() as receiver:
        hook: Json = {"url": receiver.url(), "secret": "${HOOK_SECRET}", "events": ["failed"]}
        good = project(tmp_path, simulator, receiver, service={"webhook": hook})
        async with gateway(good) as running:
            answer = await running.call("run", {}, Asking())
            assert not answer.failed
            assert "webhook" not in answer.structured
        bad = project(tmp_path, simulator, receiver, FAILING, {"webhook": hook})
        async with gateway(bad) as running:
            assert (await running.call("run", {}, Asking())).failed
            (message,) = await receiver.until(lambda got: len(got) == 1)
    assert message.record["status"] == "failed"


async def test_who_leaves_right_after_the_answer_has_told_it(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with receiving() as receiver:
        config = project(tmp_path, simulator, receiver)
        front = open_front(config, ENVIRONMENT, lambda _: None)
        running = await front.running()
        assert not (await running.call("run", {}, Asking())).failed
        await front.close()
        assert len(receiver.got) == 1


async def test_an_edit_of_the_webhook_counts_for_what_is_still_to_be_told(
    tmp_path: Path, simulator: Simulator
) -> None:
    async with receiving() as wrong:
        config = project(tmp_path, simulator, wrong)
    async with gateway(config) as running:  # where nobody listens any more
        answer = await running.call("run", {}, Asking())
        job_id = str(answer.structured["job_id"])
        await told_of(running, job_id, "pending")
    async with receiving() as right:
        config = project(tmp_path, simulator, right)
        async with gateway(config) as running:
            (message,) = await right.until(lambda got: len(got) == 1)
    assert message.headers["webhook-id"] == job_id


async def test_the_secret_and_the_url_are_in_no_file_and_in_no_answer(
    tmp_path: Path, simulator: Simulator, capfd: pytest.CaptureFixture[str]
) -> None:
    async with receiving("500 Oops") as receiver:
        config = project(tmp_path, simulator, receiver)
        async with gateway(config) as running:
            answer = await running.call("run", {}, Asking())
            job_id = str(answer.structured["job_id"])
            await told_of(running, job_id, "pending")
            answers = [
                answer,
                await running.call("get_job_result", {"job_id": job_id}, Asking()),
                await running.call("query_job_status", {"job_id": job_id}, Asking()),
                await running.call("list_jobs", {}, Asking()),
                await running.call("comfyui_health_check", {}, Asking()),
            ]
        kept = b"".join(
            path.read_bytes() for path in (tmp_path / ".gateway").rglob("*") if path.is_file()
        )
        printed = "".join(capfd.readouterr())
        assert "a webhook was not told" in printed
    project_ = load_project(config, ENVIRONMENT).project
    for secret in (SECRET, SECRET.removeprefix("whsec_"), "of-the-receiver"):
        assert secret not in printed
        assert secret not in str(answers)
        assert secret.encode() not in kept
        assert secret not in repr(project_)


def test_validate_refuses_a_host_that_is_not_listed_and_shows_no_secret(tmp_path: Path) -> None:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "services.yaml").write_text(
        "version: 1\ngateway: {webhooks: {allow_hosts: [hooks.example]}}\nservices:\n"
        "  run:\n    workflow: draw.json\n"
        '    webhook: {url: "http://10.0.0.7/jobs", secret: "${HOOK_SECRET}"}\n',
        encoding="utf-8",
    )
    words = ["validate", "--format", "json", "--config", str(tmp_path / "services.yaml")]
    result = CliRunner(env=ENVIRONMENT).invoke(build(frozenset({"validate"})), words)
    assert result.exit_code == 1
    assert "webhook-host-forbidden" in result.output
    assert SECRET not in result.output
