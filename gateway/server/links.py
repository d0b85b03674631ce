"""Links to outputs that cannot be guessed and that expire.

Knows nothing of HTTP. A token holds the job, the output's place and the time it ends, and a
signature over these and the caller's name; so the name itself is not in it, and a link dies with
the key it was made for.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.graph.json_value import as_array

__all__ = ["LINK_AGE", "Link", "Links"]

LINK_AGE = 24 * 3600.0
"""Seconds a link lasts; files themselves go with `jobs.keep`."""


SIGNATURE = 16
"""Bytes of a signature; half of it is as hard to guess and costs models half as much to read."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a good token stands for; `expires` in seconds since the epoch."""

    job_id: str
    index: int
    caller: str
    expires: int


class Links:
    """Makes and reads tokens.

    Args:
        callers: Whose links are valid.
        secret: Signs them; empty: one of this process's own, so links end with it.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, callers: Iterable[str], secret: str = "", clock: Callable[[], float] = time.time
    ) -> None:
        self._callers = tuple(callers)
        self._secret = secret.encode() or secrets.token_bytes(32)
        self._clock = clock

    def token(self, job_id: str, index: int, caller: str) -> str:
        """Return a token for an output, by its place in the job's list from 0."""
        payload = json.dumps(
            [job_id, index, int(self._clock() + LINK_AGE)], separators=(",", ":")
        ).encode()
        return f"{_encode(payload)}.{_encode(self._sign(payload, caller))}"

    def read(self, token: str) -> Link | None:
        """Return what a token stands for; None for any that is not good, whatever the reason."""
        encoded, _, signature = token.partition(".")
        payload, signed = _decode(encoded), _decode(signature)
        if payload is None or signed is None:
            return None
        signers = [
            caller
            for caller in self._callers
            if hmac.compare_digest(self._sign(payload, caller), signed)
        ]
        return self._parse(payload, signers[0]) if signers else None

    def _parse(self, payload: bytes, caller: str) -> Link | None:
        match as_array(json.loads(payload)):
            case [str() as job_id, int() as index, int() as expires]:
                link = Link(job_id, index, caller, expires)
                return link if self._clock() < expires else None
            case _:
                return None

    def _sign(self, payload: bytes, caller: str) -> bytes:
        name = caller.encode()
        message = b"%d:%s:%s" % (len(name), name, payload)
        return hmac.new(self._secret, message, hashlib.sha256).digest()[:SIGNATURE]


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes | None:
    """Return the bytes of a text exactly as `_encode` writes it."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if _encode(data) == text else None
