"""The receiver that docs/webhooks.md shows takes what the gateway sends, and nothing else."""

from __future__ import annotations

import base64
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.errors import Place
from gateway.fetch.webhooks import WebhookCourier, signature_of
from gateway.jobs.job import Job
from gateway.services.webhook import Webhook, WebhookSettings
from tests.docs.documents import blocks
from tests.fetch.receiver import SECRET, Message, receiving

Verify = Callable[[str, dict[str, str], bytes], bool]


@pytest.fixture
def is_genuine(tmp_path: Path) -> Verify:
    """Return the function of the document, as a reader would copy it."""
    (block,) = blocks("python")
    assert block.document == "docs/webhooks.md"
    (tmp_path / "receiver.py").write_text(block.text, encoding="utf-8")
    verify: Verify = runpy.run_path(str(tmp_path / "receiver.py"))["is_genuine"]
    return verify


@pytest.fixture
async def message() -> Message:
    """Return what a receiver gets."""
    job = Job("0d6c7a4e", "draw", "local", {"prompt": "ä"}, 1.0, "completed", completed_at=2.0)
    async with receiving() as receiver:
        courier = WebhookCourier(WebhookSettings(allow_hosts=("127.0.0.1",)))
        await courier.tell(Webhook(receiver.url(), Place("services.yaml", 1, 1), SECRET), job)
    return receiver.got[0]


async def test_what_the_gateway_sent_is_genuine(is_genuine: Verify, message: Message) -> None:
    assert is_genuine(SECRET, message.headers, message.body)
    more = {
        **message.headers,
        "webhook-signature": f"v1,b2xk {message.headers['webhook-signature']}",
    }
    assert is_genuine(SECRET, more, message.body)


async def test_what_anybody_else_sent_is_not(is_genuine: Verify, message: Message) -> None:
    other = "whsec_" + base64.b64encode(bytes(32)).decode()
    assert not is_genuine(other, message.headers, message.body)
    assert not is_genuine(SECRET, message.headers, message.body + b" ")
    assert not is_genuine(SECRET, {**message.headers, "webhook-id": "another"}, message.body)


async def test_an_old_message_sent_again_is_not(is_genuine: Verify, message: Message) -> None:
    old = int(message.headers["webhook-timestamp"]) - 301
    signature = signature_of(SECRET, message.headers["webhook-id"], old, message.body)
    headers = {
        **message.headers,
        "webhook-timestamp": str(old),
        "webhook-signature": signature,
    }
    assert not is_genuine(SECRET, headers, message.body)
