"""Callers' files that no job needs: left by gateways that died between keeping a file and its job."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from gateway.errors import GatewayError
from gateway.execution.ledger import Ledger
from gateway.jobs.files import InputStore

__all__ = ["clear_leftovers", "clear_leftovers_for_ever"]

_FIRST = 60.0
_EVERY = 3600.0
_AGE = 24 * 3600.0
"""Seconds: far longer than a call takes to keep its files and then its job."""
_CHUNK = 500


async def clear_leftovers(ledger: Ledger, inputs: InputStore, age: float = _AGE) -> int:
    """Remove files taken in longer than `age` seconds ago that no job names; return how many.

    Raises:
        GatewayError: A store cannot be asked.
    """
    old = await inputs.older_than(age)
    cleared = 0
    for start in range(0, len(old), _CHUNK):
        for digest in await ledger.store.unused(old[start : start + _CHUNK]):
            await inputs.remove(digest)
            cleared += 1
    return cleared


async def clear_leftovers_for_ever(ledger: Ledger, inputs: InputStore) -> None:
    """Clear now and then, until cancelled; a store that is away is looked at the next time."""
    pause = _FIRST
    while True:
        await asyncio.sleep(pause)
        pause = _EVERY
        with suppress(GatewayError):
            await clear_leftovers(ledger, inputs)
