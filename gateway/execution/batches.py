"""Calls that made several jobs: found by their id, watched and stopped as one.

The ids of the jobs are made of the batch's, so that whoever knows that one finds them all.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager

from gateway.execution.ledger import Ledger, Watch, within
from gateway.jobs.batch import Batch, whole_of

__all__ = ["BatchWatch", "batch_of", "job_id_in", "watch_batch"]


def job_id_in(batch_id: str, index: int) -> str:
    """Return the id of a job of a batch, counted from 0."""
    return str(uuid.uuid5(uuid.UUID(batch_id), str(index)))


async def batch_of(ledger: Ledger, batch_id: str) -> Batch | None:
    """Return a batch in its newest state, or None when there is none or its first job is gone."""
    try:
        first = await ledger.get(job_id_in(batch_id, 0))
    except ValueError:  # no id that a batch could have
        return None
    if first is None or first.batch is None:
        return None
    ids = [job_id_in(batch_id, index) for index in range(1, first.batch.size)]
    others = await asyncio.gather(*(ledger.get(each) for each in ids))
    return whole_of((first, *(each for each in others if each is not None)))


class BatchWatch:
    """One watcher's view of a batch, as `Watch` is of a job."""

    def __init__(self, watches: Sequence[Watch], stirred: asyncio.Event) -> None:
        self._watches = watches
        self._stirred = stirred

    @property
    def job(self) -> Batch:
        """The newest state of all."""
        return whole_of([each.job for each in self._watches])

    def take(self) -> Batch:
        """Return the newest state; the next `change` waits for a newer one."""
        self._stirred.clear()
        return self.job

    async def change(self, seconds: float | None) -> None:
        """Wait for a change of any since the last `take`, at most so long."""
        await within(seconds, self._stirred)

    async def end(self, seconds: float | None) -> None:
        """Wait for the end of all, at most so long."""
        until = None if seconds is None else time.monotonic() + seconds
        for each in self._watches:
            await each.end(None if until is None else max(until - time.monotonic(), 0.0))


@contextmanager
def watch_batch(ledger: Ledger, batch: Batch) -> Generator[BatchWatch]:
    """Watch all jobs of a batch, from the given state on."""
    stirred = asyncio.Event()
    with ExitStack() as stack:
        watches = [stack.enter_context(ledger.watch(each, stirred)) for each in batch.jobs]
        yield BatchWatch(watches, stirred)
