"""The jobs as they are now: every change goes through here, to the store and to whoever watches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import replace

from gateway.errors import GatewayError
from gateway.execution.points import Reached, pass_by
from gateway.jobs.delivery import Delivery
from gateway.jobs.job import FINISHED, Job, JobStatus, Progress
from gateway.jobs.store import JobStore, JobTaken

__all__ = ["Ledger", "Watch", "within"]

_LOOK_AGAIN = 0.25


class Watch:
    """One watcher's view of a job: its newest state, and waits for a change or for its end.

    `stirred` is set at each change, of whoever watches several jobs by it.
    """

    def __init__(self, job: Job, stirred: asyncio.Event | None = None) -> None:
        self.job = job
        self._changed = stirred or asyncio.Event()
        self._ended = asyncio.Event()
        if job.finished:
            self._ended.set()

    def tell(self, job: Job) -> None:
        """Hand over a newer state."""
        self.job = job
        self._changed.set()
        if job.finished:
            self._ended.set()

    def take(self) -> Job:
        """Return the newest state; the next `change` waits for a newer one."""
        self._changed.clear()
        return self.job

    async def change(self, seconds: float | None) -> None:
        """Wait for a change since the last `take`, at most so long."""
        await within(seconds, self._changed)

    async def end(self, seconds: float | None) -> None:
        """Wait for the end of the job, at most so long; nothing else wakes the waiter."""
        await within(seconds, self._ended)


async def within(seconds: float | None, event: asyncio.Event) -> None:
    """Wait for an event, at most so long; that the time is over is no fault."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


class Ledger:
    """Unfinished jobs in memory, all jobs in the store.

    Attributes:
        told: Called with each newer state that this process makes, once the store has what it keeps.
        ended: Called with each job whose end is told here, whoever ran it.
        reached: Is told how far each job has come.
        look_every: Seconds between looks at watched jobs that another gateway runs.
        webhooks_due: Set when the store has something that a webhook is to be told of.
    """

    def __init__(self, store: JobStore) -> None:
        self.store = store
        self.told: Callable[[Job], None] = _nobody
        self.ended: Callable[[Job], None] = _nobody
        self.look_every = _LOOK_AGAIN
        self.reached: Reached = pass_by
        self.webhooks_due = asyncio.Event()
        self._live: dict[str, Job] = {}
        self._watches: dict[str, set[Watch]] = {}
        self._callers: dict[str, int] = {}
        self._unkept: dict[str, Job] = {}
        self._keeping: dict[str, asyncio.Event] = {}
        self._looking: asyncio.Task[None] | None = None

    def accept(self, job: Job) -> Awaitable[None]:
        """Take in a new job; what this returns is awaited until it is as safe as the store makes it."""
        kept = self.store.begin(job)
        self.adopt(job)
        return kept

    async def claim(self, job: Job, *others: Job) -> Job:
        """Take in a new job, or return the one that its key stands for already.

        `others` are kept with it, and taken in by `adopt`.

        Raises:
            GatewayError: The store cannot take it.
        """
        kept = await self.store.claim(job, *others)
        if kept.id == job.id:
            self.adopt(job)
            return job
        return self._newest(kept)

    async def keyed(self, caller: str, key: str) -> Job | None:
        """Return a caller's job with that key in its newest state, or None."""
        kept = await self.store.keyed(caller, key)
        return None if kept is None else self._newest(kept)

    def adopt(self, job: Job) -> None:
        """Take on an unfinished job that the store has as ours."""
        self._live[job.id] = job
        self._callers[job.caller] = self._callers.get(job.caller, 0) + 1
        self._tell(job)

    async def record(self, job: Job) -> None:
        """Keep a newer state for good; a finished one leaves the memory.

        Raises:
            JobTaken: It is another gateway's by now, and goes on there.
            GatewayError: The store cannot take it. Whoever watches a finished job is told all the
                same how it ended, and `keep_again` tries again.
        """
        if job.id not in self._live:
            return
        if not job.finished:
            try:
                await self.store.save(job)
            except JobTaken:
                self.hand_over(job.id)
                raise
            self._live[job.id] = job
            self._tell(job)
            self.told(job)
            return
        # Watchers make their answers meanwhile, and give them when the end is kept (`kept`).
        self._unkept[job.id] = job
        tried = self._keeping[job.id] = asyncio.Event()
        self._let_go(job)
        try:
            await self._keep_end(job)
        finally:
            del self._keeping[job.id]
            tried.set()

    async def kept(self, job_id: str) -> None:
        """Wait until the store has the end of a job, or has failed to take it.

        Who is told of an end before that may be told a tale: a gateway that dies in between leaves
        a job that is unfinished, and a ComfyUI that restarted as well would run it again.
        """
        if (tried := self._keeping.get(job_id)) is not None:
            await tried.wait()

    async def keep_again(self) -> None:
        """Keep the finished jobs that the store could not take before.

        Raises:
            GatewayError: It still cannot.
        """
        for job in list(self._unkept.values()):
            await self._keep_end(job)

    async def _keep_end(self, job: Job) -> None:
        with suppress(JobTaken):  # its new owner comes to the same end of the same run
            await self.store.save(job)
        self._unkept.pop(job.id, None)
        self.told(job)
        if job.status in job.tells:
            self.webhooks_due.set()
        self.reached("end-kept", job.id)

    async def delivery(self, job: Job) -> Delivery | None:
        """Return how far telling a webhook the end of a job is; None when it is told to nobody."""
        if job.id in self._unkept:
            return Delivery(job.id, job.service)
        return await self.store.outbox.get(job.id)

    def _let_go(self, job: Job) -> None:
        if self._live.pop(job.id, None) is not None:
            self._callers[job.caller] -= 1
            if not self._callers[job.caller]:
                del self._callers[job.caller]
            self._tell(job)

    def hand_over(self, job_id: str) -> None:
        """Leave an unfinished job to another gateway; whoever watches it goes on watching."""
        job = self._live.get(job_id)
        if job is not None:
            self._let_go(job)
            self._look_after()

    async def end_elsewhere(self, job: Job) -> None:
        """Keep the end of a job that no gateway runs.

        Raises:
            GatewayError: The store cannot take it.
        """
        await self._keep_end(job)
        self._tell(job)

    def hear(self, job_id: str, status: JobStatus, progress: Progress) -> None:
        """Take in what another gateway tells of a job that it runs."""
        watches = self._watches.get(job_id)
        if watches and job_id not in self._live:
            job = next(iter(watches)).job
            if not job.finished and status not in FINISHED:
                self._tell(replace(job, status=status, progress=progress))

    def watched(self) -> list[Job]:
        """Return the watched jobs that another gateway runs, as they were last seen."""
        newest = [next(iter(each)).job for each in self._watches.values()]
        return [job for job in newest if not job.finished and job.id not in self._live]

    def record_soon(self, job: Job) -> None:
        """Show a newer, unfinished state, and have the store keep it when it comes to it."""
        if job.id in self._live:
            self.store.save_soon(job)
            self.show(job)

    def show(self, job: Job) -> None:
        """Show a newer state (progress) to watchers; the store need not know."""
        if job.id in self._live:
            self._live[job.id] = job
            self._tell(job)
            self.told(job)

    def live(self, job_id: str) -> Job | None:
        """Return an unfinished job, or None."""
        return self._live.get(job_id)

    def jobs(self) -> tuple[Job, ...]:
        """Return every unfinished job."""
        return tuple(self._live.values())

    def unfinished(self, caller: str) -> int:
        """Return how many unfinished jobs a caller has."""
        return self._callers.get(caller, 0)

    async def get(self, job_id: str) -> Job | None:
        """Return a job's newest state, or None."""
        known = self._live.get(job_id) or self._unkept.get(job_id)
        return known or await self.store.get(job_id)

    def _newest(self, kept: Job) -> Job:
        return self._live.get(kept.id) or self._unkept.get(kept.id) or kept

    async def look_again(self, job: Job) -> None:
        """Look in the store for what became of a job that another gateway runs; tell its watchers."""
        if job.id not in self._live:
            newest = await self.store.get(job.id)
            if newest is not None and newest != job:
                self._tell(newest)

    @contextmanager
    def watch(self, job: Job, stirred: asyncio.Event | None = None) -> Generator[Watch]:
        """Watch a job, from the given state on; the store is asked after one that runs elsewhere."""
        watch = Watch(self._live.get(job.id, job), stirred)
        watches = self._watches.setdefault(job.id, set())
        watches.add(watch)
        self._look_after()
        try:
            yield watch
        finally:
            watches.discard(watch)
            if not watches:
                self._watches.pop(job.id, None)

    def _look_after(self) -> None:
        if (self._looking is None or self._looking.done()) and self.watched():
            self._looking = asyncio.create_task(self._look_for_ever())

    async def _look_for_ever(self) -> None:
        await asyncio.sleep(self.look_every)  # whoever watches has just been told the newest
        while theirs := self.watched():
            for job in theirs:
                with suppress(GatewayError):  # a store that is away is asked again
                    await self.look_again(job)
            await asyncio.sleep(self.look_every)

    def _tell(self, job: Job) -> None:
        if job.finished:
            self.ended(job)
        for watch in self._watches.get(job.id, ()):
            watch.tell(job)


def _nobody(job: Job) -> None:
    del job
