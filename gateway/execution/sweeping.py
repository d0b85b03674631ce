"""Letting finished jobs go, with their files, as `jobs.keep` says: a chunk at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from gateway.errors import GatewayError
from gateway.execution.ledger import Ledger
from gateway.jobs.files import InputStore, OutputStore
from gateway.jobs.store import Expired, Expiry
from gateway.services.settings import KeepPolicy

__all__ = ["SWEEP_CHUNK", "Keeping", "expiry_of", "sweep", "sweep_for_ever"]

SWEEP_CHUNK = 2000
"""Jobs that are looked for at a time."""

_SWEEP_EVERY = 30.0
_TOGETHER = 200
"""Jobs that go in one transaction: what else the store is asked for waits no longer than for these."""

_FILES_TOGETHER = 16


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept, where, and for how long."""

    policy: KeepPolicy
    inputs: InputStore
    outputs: OutputStore


def expiry_of(policy: KeepPolicy) -> Expiry:
    """Return which jobs may go now."""
    return Expiry(None if policy.age is None else time.time() - policy.age, policy.count)


async def sweep(ledger: Ledger, keeping: Keeping, expiry: Expiry | None = None) -> int:
    """Remove finished jobs that are too old or too many, with their files, at most a chunk of them.

    Args:
        ledger: Has the store.
        keeping: Where files are, and the policy.
        expiry: Which jobs may go, in place of the policy.

    Returns:
        How many are gone; one whose files cannot be removed stays.

    Raises:
        GatewayError: The store does not do it.
    """
    expiry = expiry or expiry_of(keeping.policy)
    expired = await ledger.store.expired(expiry, SWEEP_CHUNK)
    gone = 0
    for first in range(0, len(expired), _TOGETHER):
        began = time.monotonic()
        gone += await _let_go(ledger, keeping, expired[first : first + _TOGETHER])
        # Half of the time belongs to the others, in this process and in those it shares a file with.
        await asyncio.sleep(time.monotonic() - began)
    return gone


async def _let_go(ledger: Ledger, keeping: Keeping, expired: Sequence[Expired]) -> int:
    """Remove files first: a gateway that dies in between leaves a job without files, not the reverse."""
    bare: list[Expired] = []
    for first in range(0, len(expired), _FILES_TOGETHER):
        some = expired[first : first + _FILES_TOGETHER]
        removed = await asyncio.gather(*(_without_files(keeping, each) for each in some))
        bare += [each for each, done in zip(some, removed, strict=True) if done]
    await ledger.store.remove([each.job_id for each in bare])
    digests = list({digest for each in bare for digest in each.digests})
    for digest in await ledger.store.unused(digests) if digests else ():
        with suppress(GatewayError):  # it is found again when a job that used it too goes
            await keeping.inputs.remove(digest)
    return len(bare)


async def _without_files(keeping: Keeping, expired: Expired) -> bool:
    try:
        home = keeping.outputs.home(expired.job_id, expired.created_at)
        await keeping.outputs.remove(home)
    except GatewayError:
        return False
    return True


async def sweep_for_ever(ledger: Ledger, keeping: Keeping) -> None:
    """Sweep now and then, until cancelled; a store that is away is asked again."""
    while True:
        await asyncio.sleep(_SWEEP_EVERY)
        with suppress(GatewayError):
            while await sweep(ledger, keeping) == SWEEP_CHUNK:
                pass
