"""Idempotency keys: a caller's key and the same call are one job, however often it is sent."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from gateway.errors import GatewayError
from gateway.graph.json_value import Json
from gateway.jobs.job import Job

__all__ = ["asked_of", "key_of", "same_call"]

_KEY = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")


def key_of(given: Json) -> str:
    """Return a caller's key, or nothing when none was given.

    Raises:
        GatewayError: It is no text that can be a key.
    """
    if given is None:
        return ""
    if isinstance(given, str) and _KEY.fullmatch(given):
        return given
    raise GatewayError(
        "The idempotency key cannot be used.",
        code="idempotency-key-invalid",
        found=json.dumps(given)[:200],
        mend="Give a text of 1 to 200 letters, digits and signs, such as a UUID.",
    )


def asked_of(tool: str, arguments: Mapping[str, Json]) -> str:
    """Return what tells a call from any other: a hash of the tool and its arguments as they came."""
    text = json.dumps([tool, dict(arguments)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def same_call(known: Job, asked: str) -> Job:
    """Return the job that a key stands for, if it was made by the same call.

    Raises:
        GatewayError: The key stands for another call.
    """
    if known.asked == asked:
        return known
    raise GatewayError(
        f"The idempotency key {known.key!r} stands for another call.",
        code="idempotency-key-reused",
        where=known.key,
        found=f"job {known.id} of {known.service}, with other arguments",
        mend="Take a new key for a new call; send the same arguments to have that job again.",
    )
