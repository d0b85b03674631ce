"""Taking over what gateways that are gone left unfinished, and stopping what others ask to be stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

from gateway.errors import GatewayError
from gateway.execution.executor import Executor
from gateway.jobs.job import Job
from gateway.jobs.store import LastingJobStore, Owners
from gateway.services.bound import BoundService

__all__ = ["Recovery"]

_LOOK_EVERY = 1.0
_ADOPTED_AT_ONCE = 200


class Recovery:
    """Looks after the jobs of a store that several gateways share.

    Args:
        executor: Goes on with the jobs.
        store: Keeps them.
        owners: Tells which gateways are still there.
        services: Returns the services as they are now, by name.
        report: Is told of a job that could not be taken up, and why; the others are all the same.
    """

    def __init__(
        self,
        executor: Executor,
        store: LastingJobStore,
        owners: Owners,
        services: Callable[[], Mapping[str, BoundService]],
        report: Callable[[str, BaseException], None],
    ) -> None:
        self._executor = executor
        self._store = store
        self._owners = owners
        self._services = services
        self._report = report
        self._stopping: set[asyncio.Task[object]] = set()

    async def look(self) -> int:
        """Look once, also for backends that were drained or resumed; return how many jobs were taken over."""
        await self._owners.beat()
        with suppress(GatewayError):  # an end that cannot be kept yet keeps nobody from going on
            await self._executor.ledger.keep_again()
        self._executor.fleet.drain(await self._store.drained())
        taken = 0
        for owner in await self._store.owners():
            if await self._owners.is_gone(owner):
                taken += await self._take_over_from(owner)
        for job_id, reason in (await self._store.asked_to_stop()).items():
            job = self._executor.ledger.live(job_id)
            if job is not None:
                task = asyncio.create_task(self._executor.stop(job, reason))
                self._stopping.add(task)
                task.add_done_callback(self._stopping.discard)
        return taken

    async def _take_over_from(self, owner: str) -> int:
        """Take over all that a gateway left; callers' own calls come in between."""
        taken = 0
        while jobs := await self._store.adopt(owner, _ADOPTED_AT_ONCE):
            for job in jobs:
                await self._take_over(job)
                await asyncio.sleep(0)
            taken += len(jobs)
        return taken

    async def _take_over(self, job: Job) -> None:
        self._executor.ledger.reached("adopted", job.id)
        try:
            await self._executor.resume(self._services().get(job.service), job)
        except Exception as fault:  # noqa: BLE001 (one job's fault must not leave the others lying)
            self._report(job.id, fault)

    async def look_for_ever(self) -> None:
        """Look now and then, until cancelled; a database that is away is looked at again."""
        while True:
            with suppress(GatewayError):  # calls tell of it; this only tries again
                await self.look()
            await asyncio.sleep(_LOOK_EVERY)
