"""Webhooks over real sockets: what arrives, how it is signed, and where nothing is ever told."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from gateway.errors import Place
from gateway.fetch.guarded import Network
from gateway.fetch.webhooks import WebhookCourier, body_of, signature_of
from gateway.jobs.delivery import NotNow, Reception, Refused, Taken
from gateway.jobs.job import Failure, InputFile, Job, OutputFile, OutputText, Run
from gateway.services.webhook import Webhook, WebhookSettings
from gateway.tools.job_record import Places, finished_record
from tests.fetch.receiver import (
    HANG,
    SECRET,
    Receiver,
    independent_signature,
    listening,
    receiving,
)
from tests.fetch.test_web import Recorder, certified, knowing

HERE = Place("services.yaml", 1, 1)
LOCAL = WebhookSettings(allow_hosts=("127.0.0.1", "localhost"), timeout=4.0)
DONE = Job(
    id="0d6c7a4e-0000-4000-8000-000000000001",
    service="draw",
    caller="ann",
    arguments={"prompt": "ein Fuchs ä\ud83d", "seed": 7},
    created_at=1_700_000_000.0,
    status="completed",
    seeds={"seed": 7},
    runs=(Run(1, "studio", "p1", 1_700_000_000.5, 1_700_000_001.0, 1_700_000_003.0, "completed"),),
    started_at=1_700_000_001.0,
    completed_at=1_700_000_003.0,
    outputs=(
        OutputFile("image", 0, "9", "image", "output", "image/png", "a.png", 3, "0d6c/a.png", 8, 8),
        OutputText("said", 0, "10", "hello"),
    ),
    tells=("completed",),
)


def hook(receiver: Receiver, host: str = "127.0.0.1", scheme: str = "http") -> Webhook:
    """Return a webhook that leads to a receiver."""
    return Webhook(receiver.url(host, scheme), HERE, SECRET)


async def told(
    webhook: Webhook,
    settings: WebhookSettings = LOCAL,
    network: Network | None = None,
    job: Job = DONE,
) -> Reception:
    return await WebhookCourier(settings, network).tell(webhook, job)


# --- what arrives ---------------------------------------------------------------------------------


async def test_the_receiver_gets_the_record_that_get_job_result_answers() -> None:
    async with receiving() as receiver:
        assert await told(hook(receiver)) == Taken()
    (message,) = receiver.got
    assert message.target == "/jobs?key=of-the-receiver"
    assert message.record == finished_record(DONE, Places(path=lambda _: None))
    assert message.record["job_id"] == DONE.id
    assert message.headers["content-type"] == "application/json"


async def test_the_signature_is_the_one_that_anybody_with_the_secret_works_out() -> None:
    async with receiving() as receiver:
        before = int(time.time())
        await told(hook(receiver))
    (message,) = receiver.got
    assert message.headers["webhook-id"] == DONE.id
    assert before <= int(message.headers["webhook-timestamp"]) <= time.time()
    assert message.headers["webhook-signature"] == independent_signature(message)
    other = "whsec_" + base64.b64encode(bytes(32)).decode()
    assert message.headers["webhook-signature"] != independent_signature(message, other)


def test_the_signature_is_that_of_the_standards_own_example() -> None:
    # From the specification's test vector, as its libraries test themselves.
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105
    body = b'{"test": 2432232314}'
    signature = signature_of(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_the_id_and_the_body_are_the_same_at_each_attempt() -> None:
    async with receiving("500 Oops") as receiver:
        first = await told(hook(receiver))
        second = await told(hook(receiver))
    assert (type(first), type(second)) == (NotNow, Taken)
    one, two = receiver.got
    assert one.headers["webhook-id"] == two.headers["webhook-id"]
    assert one.body == two.body
    assert two.headers["webhook-signature"] == independent_signature(two)


async def test_without_a_secret_nothing_pretends_to_be_signed() -> None:
    async with receiving() as receiver:
        await told(Webhook(receiver.url(), HERE))
    assert "webhook-signature" not in receiver.got[0].headers


async def test_nothing_of_ours_is_sent_along_to_a_receiver(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with receiving() as receiver:
        await told(hook(receiver, "localhost"))
    assert set(receiver.got[0].headers) == {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "user-agent",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }
    assert SECRET not in str(receiver.got[0])


def test_no_path_of_this_machine_and_no_file_as_text_is_told() -> None:
    data = "data:image/png;base64," + "iVBORw0KGgo" * 50
    job = replace(
        DONE,
        arguments={"image": "/home/ann/pictures/cat.png", "mask": data, "strength": 0.5},
        inputs=(
            InputFile("image", "ab" * 32, "cat.png", "image/png", 3),
            InputFile("mask", "cd" * 32, "file.png", "image/png", 3),
        ),
    )
    body = body_of(job).decode()
    assert json.loads(body)["parameters"] == {
        "image": "cat.png",
        "mask": "file.png",
        "strength": 0.5,
    }
    for secret in ("/home/ann", "iVBORw0KGgo", "0d6c/a.png", "ann"):
        assert secret not in body


def test_a_job_that_failed_says_why() -> None:
    failed = replace(DONE, status="failed", failure=Failure("out-of-memory", "Node 3 failed."))
    record = json.loads(body_of(failed))
    assert record["status"] == "failed"
    assert record["error"]["code"] == "out-of-memory"


def test_a_record_that_is_too_large_goes_without_what_makes_it_so() -> None:
    whole = replace(DONE, outputs=(OutputText("said", 0, "10", "x" * 1_000_000),))
    assert "truncated" not in json.loads(body_of(whole))
    cut = json.loads(
        body_of(replace(DONE, outputs=(OutputText("said", 0, "10", "x" * 1_048_577),)))
    )
    assert (cut["truncated"], cut["job_id"], cut["outputs"]) == (True, DONE.id, [])


# --- what receivers answer ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reception"),
    [
        ("200 OK", Taken()),
        ("202 Accepted", Taken()),
        ("299 Odd", Taken()),
        ("301 Moved", Refused("its receiver redirects (301), which is not followed")),
        ("400 Bad Request", Refused("its receiver answered 400")),
        ("401 Unauthorized", Refused("its receiver answered 401")),
        ("404 Not Found", Refused("its receiver answered 404")),
        ("410 Gone", Refused("its receiver wants no more of it (410)")),
        ("408 Request Timeout", NotNow("its receiver answered 408")),
        ("429 Too Many", NotNow("its receiver answered 429")),
        ("429 Too Many\r\nRetry-After: 7", NotNow("its receiver answered 429", 7.0)),
        ("429 Too Many\r\nRetry-After: soon", NotNow("its receiver answered 429")),
        ("429 Too Many\r\nRetry-After: -7", NotNow("its receiver answered 429")),
        ("500 Oops", NotNow("its receiver answered 500")),
        ("503 Busy\r\nRetry-After: 0", NotNow("its receiver answered 503", 0.0)),
    ],
)
async def test_an_answer_tells_whether_to_try_again(answer: str, reception: Reception) -> None:
    async with receiving(answer) as receiver:
        assert await told(hook(receiver)) == reception


@pytest.mark.parametrize("zone", ["GMT", "none"])
async def test_a_receiver_may_say_until_when_to_wait(zone: str) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    until = until if zone == "GMT" else until.removesuffix("GMT") + "-0000"
    async with receiving(f"503 Busy\r\nRetry-After: {until}") as receiver:
        reception = await told(hook(receiver))
    assert isinstance(reception, NotNow)
    assert reception.wish is not None
    assert 60 < reception.wish <= 100


async def test_a_receiver_that_hangs_is_given_up_after_the_timeout() -> None:
    async with receiving(HANG) as receiver:
        reception = await told(hook(receiver), replace(LOCAL, timeout=0.2))
    assert reception == NotNow("its receiver did not answer within 0.2 s")


async def test_a_receiver_that_is_not_there_is_asked_again() -> None:
    async with receiving() as receiver:
        gone = hook(receiver)
    assert await told(gone) == NotNow("nothing answers there")


async def test_a_receiver_that_speaks_no_http_is_asked_again() -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example ESMTP\r\n")

    async with listening(connected) as port:
        reception = await told(Webhook(f"http://127.0.0.1:{port}/", HERE, SECRET))
    assert isinstance(reception, NotNow)
    assert "HTTP" in reception.error


async def test_an_answer_without_end_is_not_read() -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nno")
        await writer.drain()
        await reader.read()

    async with listening(connected) as port:
        assert await told(Webhook(f"http://127.0.0.1:{port}/", HERE, SECRET)) == Taken()


# --- where nothing is ever told -------------------------------------------------------------------


async def test_a_redirect_to_a_private_address_is_not_followed() -> None:
    async with receiving() as inner:
        go = f"307 Temporary Redirect\r\nLocation: {inner.url()}"
        async with receiving(go) as outer:
            reception = await told(hook(outer))
    assert isinstance(reception, Refused)
    assert len(outer.got) == 1
    assert inner.got == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"]
)
async def test_no_address_of_this_machine_is_told_unless_it_is_listed(host: str) -> None:
    async with receiving() as receiver:
        reception = await told(hook(receiver, host), WebhookSettings())
    assert reception == Refused(
        "its URL leads where `gateway.webhooks.allow_hosts` does not let it"
    )
    assert receiver.got == []


async def test_a_host_that_is_not_on_the_list_is_not_told() -> None:
    recorder = Recorder()
    network = Network(knowing(other_test=["1.1.1.1"]), lambda _tls: recorder)
    settings = WebhookSettings(allow_hosts=("hooks.test",))
    assert isinstance(await told(Webhook("http://other.test/", HERE), settings, network), Refused)
    assert recorder.hosts == []


async def test_a_name_that_leads_inwards_is_not_told_and_a_listed_one_is() -> None:
    network = Network(knowing(inner_test=["127.0.0.1"]))
    async with receiving() as receiver:
        webhook = hook(receiver, "inner.test")
        assert isinstance(await told(webhook, WebhookSettings(), network), Refused)
        assert receiver.got == []
        listed = WebhookSettings(allow_hosts=("inner.test",))
        assert await told(webhook, listed, network) == Taken()
    assert receiver.got[0].headers["host"] == f"inner.test:{receiver.port}"


async def test_a_name_is_resolved_once_for_each_attempt_and_connected_to_as_looked_at() -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"]]

    async def resolve(_host: str, _port: int) -> list[str]:
        return answers.pop(0)

    recorder = Recorder()
    network = Network(resolve, lambda _tls: recorder)
    webhook = Webhook("http://rebinding.test/", HERE, SECRET)
    assert await told(webhook, WebhookSettings(), network) == Taken()
    assert isinstance(await told(webhook, WebhookSettings(), network), Refused)
    assert recorder.hosts == ["93.184.215.14"]


async def test_a_host_that_is_not_known_now_is_asked_again() -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        raise OSError("no such host")

    webhook = Webhook("http://later.test/", HERE, SECRET)
    reception = await told(webhook, WebhookSettings(), Network(resolve))
    assert reception == NotNow("the host of its URL is not known")


async def test_what_is_no_url_to_the_network_is_refused() -> None:
    reception = await told(Webhook("http://hooks.test:port/", HERE, SECRET), WebhookSettings())
    assert reception == Refused("its URL cannot be read")


async def test_a_receivers_certificate_must_be_trusted_and_its_own() -> None:
    server, trusted = certified("hooks.test")
    network = Network(knowing(hooks_test=["127.0.0.1"], other_test=["127.0.0.1"]), tls=trusted)
    settings = WebhookSettings(allow_hosts=("hooks.test", "other.test"), timeout=4.0)
    untrusting = replace(network, tls=ssl.create_default_context())
    async with receiving(tls=server) as receiver:
        good, other = (hook(receiver, host, "https") for host in ("hooks.test", "other.test"))
        assert await told(good, settings, network) == Taken()
        for webhook, through in ((other, network), (good, untrusting)):
            reception = await told(webhook, settings, through)
            assert reception == NotNow("its certificate is not valid for it")
    assert len(receiver.got) == 1


async def test_what_goes_wrong_never_names_the_url_or_the_secret() -> None:
    async with receiving("404 Not Found", HANG) as receiver:
        said = [
            await told(hook(receiver), settings)
            for settings in (LOCAL, replace(LOCAL, timeout=0.2), WebhookSettings())
        ]
    assert len({str(each) for each in said}) == 3
    for each in said:
        assert not isinstance(each, Taken)
        assert SECRET not in each.error
        assert "127.0.0.1" not in each.error
        assert "of-the-receiver" not in each.error
