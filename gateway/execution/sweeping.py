"""Letting finished jobs go, with their files, as `jobs.keep` says: a chunk at a time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from gateway.execution.ledger import Ledger
from gateway.jobs.files import InputStore, OutputStore
from gateway.services.model import KeepPolicy

__all__ = ["Keeping", "sweep", "sweep_for_ever"]

_SWEEP_EVERY = 30.0
_SWEEP_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept, where, and for how long."""

    policy: KeepPolicy
    inputs: InputStore
    outputs: OutputStore


async def sweep(ledger: Ledger, keeping: Keeping) -> int:
    """Remove finished jobs that are too old or too many, with their files; return how many."""
    policy = keeping.policy
    before = None if policy.age is None else time.time() - policy.age
    expired = (await ledger.store.expired(before, policy.count))[:_SWEEP_CHUNK]
    if not expired:
        return 0
    await ledger.store.remove([job.id for job in expired])
    for job in expired:
        await keeping.outputs.remove(job.id)
    digests = list({each.digest for job in expired for each in job.inputs})
    for digest in await ledger.store.unused(digests):
        await keeping.inputs.remove(digest)
    return len(expired)


async def sweep_for_ever(ledger: Ledger, keeping: Keeping) -> None:
    """Sweep now and then, until cancelled."""
    while True:
        await asyncio.sleep(_SWEEP_EVERY)
        while await sweep(ledger, keeping) == _SWEEP_CHUNK:
            pass
