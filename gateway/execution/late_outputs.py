"""Outputs that could not be brought to their bucket at the end of their run are brought later."""

from __future__ import annotations

import asyncio

from gateway.jobs.files import OutputStore

__all__ = ["catch_up_for_ever"]

_EVERY = 15.0


async def catch_up_for_ever(outputs: OutputStore) -> None:
    """Bring what is left now and then, until cancelled; what an earlier gateway left, at once."""
    while True:
        await outputs.catch_up()
        await asyncio.sleep(_EVERY)
