"""Telling a webhook how a job ended, by a signed POST; the receiver's answer tells whether to try again.

Headers and signature are those of the Standard Webhooks (standardwebhooks.com), so that their
libraries verify them: `webhook-id` stays the same over all attempts, `webhook-signature` is
`v1,` and base64(HMAC-SHA256(key, id.timestamp.body)). Neither the URL nor the secret is ever told.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from contextlib import AsyncExitStack
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx2 as httpx

from gateway.fetch.guarded import Guarded, Network, Question, reason_of
from gateway.fetch.policy import PlaceForbidden, PlaceUnknown, Policy
from gateway.graph.json_value import Json
from gateway.jobs.delivery import NotNow, Reception, Refused, Taken
from gateway.jobs.job import Job
from gateway.services.webhook import Webhook, WebhookSettings
from gateway.tools.job_record import Places, finished_record

__all__ = ["WebhookCourier", "body_of", "signature_of"]

_LARGEST = 1024 * 1024
_PREFIX = "whsec_"
_GONE = 410
_PASSING = frozenset({408, 425, 429})


class WebhookCourier:
    """Makes attempts over the guarded network; implements `Courier`.

    Args:
        settings: `gateway.webhooks`.
        network: How hosts are resolved and connections made.
    """

    def __init__(self, settings: WebhookSettings, network: Network | None = None) -> None:
        self._timeout = settings.timeout
        policy = Policy(settings.allow_hosts, "gateway.webhooks.allow_hosts")
        self._guarded = Guarded(policy, network or Network(), settings.timeout)

    async def tell(self, webhook: Webhook, job: Job) -> Reception:
        """Tell a webhook how a job ended; of the answer nothing but its head is read."""
        question = _question(webhook, job, int(time.time()))
        try:
            async with asyncio.timeout(self._timeout), AsyncExitStack() as stack:
                answer = await self._guarded.ask(httpx.URL(webhook.url), question, stack)
                return _reception(answer.status_code, answer.headers.get("retry-after", ""))
        except TimeoutError:
            return NotNow(f"its receiver did not answer within {self._timeout:g} s")
        except PlaceForbidden:
            return Refused("its URL leads where `gateway.webhooks.allow_hosts` does not let it")
        except PlaceUnknown:
            return NotNow("the host of its URL is not known")
        except httpx.InvalidURL:
            return Refused("its URL cannot be read")
        except httpx.HTTPError as error:
            return NotNow(reason_of(error))


def body_of(job: Job) -> bytes:
    """Return what is told of a finished job: the record that `get_job_result` answers, as JSON.

    A file that the caller gave is its name only: it may have been given as a path of this machine, or
    whole as a data: URL. A record over 1 MiB goes without what makes it large, and says so.
    """
    record = finished_record(job, Places(path=lambda _: None))
    names: dict[str, Json] = {each.parameter: each.filename for each in job.inputs}
    record["parameters"] = {name: names.get(name, each) for name, each in job.arguments.items()}
    body = _encoded(record)
    if len(body) <= _LARGEST:
        return body
    return _encoded(
        {**record, "parameters": {}, "outputs": [], "node_history": [], "truncated": True}
    )


def signature_of(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`.

    Args:
        secret: `whsec_` and the key in base64.
        message_id: As in `webhook-id`.
        timestamp: As in `webhook-timestamp`: seconds since the epoch.
        body: As sent.
    """
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _question(webhook: Webhook, job: Job, now: int) -> Question:
    body = body_of(job)
    headers = {
        "User-Agent": "comfyui-gateway",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "webhook-id": job.id,
        "webhook-timestamp": str(now),
    }
    if webhook.secret is not None:
        headers["webhook-signature"] = signature_of(webhook.secret, job.id, now, body)
    return Question("POST", headers, body)


def _encoded(record: Json) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode()


def _reception(status: int, retry_after: str) -> Reception:
    if 200 <= status < 300:
        return Taken()
    if 300 <= status < 400:
        return Refused(f"its receiver redirects ({status}), which is not followed")
    if status == _GONE:
        return Refused("its receiver wants no more of it (410)")
    if status in _PASSING or status >= 500:
        return NotNow(f"its receiver answered {status}", _seconds(retry_after))
    return Refused(f"its receiver answered {status}")


def _seconds(retry_after: str) -> float | None:
    """Return the seconds that a Retry-After header asks for: a number, or until a date (RFC 9110 §10.2.3)."""
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after[:9])
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return until.replace(tzinfo=until.tzinfo or UTC).timestamp() - time.time()
