"""Telling how a run goes on: from what its follower sees to the job that everybody watches."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.execution.collect import Collector
from gateway.execution.ledger import Ledger
from gateway.graph.json_value import JsonObject
from gateway.graph.prompt import Prompt
from gateway.jobs import transitions
from gateway.jobs.job import Job, Progress
from gateway.wire.run import RunState

__all__ = ["Teller"]


@dataclass(frozen=True, slots=True)
class Teller:
    """Keeps one job's progress in the ledger; implements `Observer`."""

    ledger: Ledger
    job_id: str
    prompt: Prompt
    collector: Collector

    @property
    def job(self) -> Job:
        """The job as it is now; unfinished as long as its attempt goes on."""
        job = self.ledger.live(self.job_id)
        if job is None:
            raise AssertionError("an attempt's job is unfinished while the attempt goes on")
        return job

    async def record(self, job: Job) -> None:
        """Keep a newer state for good."""
        await self.ledger.record(job)

    def queued(self, position: int | None) -> None:
        """Show the place in ComfyUI's queue."""
        note = self.job.progress.note
        self._show(Progress(queue_position=position, note=note, timestamp=time.time()))

    async def started(self) -> None:
        """Record that the run began; ComfyUI knows it too, so nobody waits for the store."""
        self.ledger.record_soon(transitions.start(self.job, time.time()))
        self.ledger.reached("started", self.job_id)

    def progressed(self, state: RunState) -> None:
        """Show which node runs and how far it is."""
        node = self.prompt.get(state.node or "")
        title = (node.title or node.class_type) if node is not None else ""
        self._show(
            Progress(
                current=state.value,
                maximum=state.maximum,
                node=state.node,
                title=title,
                cached_nodes=state.cached,
                timestamp=time.time(),
            )
        )

    def left(self, outputs: Mapping[str, JsonObject]) -> None:
        """Begin to fetch what a node left while the others run."""
        self.collector.begin(outputs)

    def noted(self, text: str) -> None:
        """Show a note."""
        self.ledger.show(transitions.note(self.job, text, time.time()))

    def _show(self, progress: Progress) -> None:
        self.ledger.show(replace(self.job, progress=progress))
