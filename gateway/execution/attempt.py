"""One attempt of a job on one backend: upload, patch, submit, follow, collect."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from gateway.errors import (
    BackendError,
    GatewayError,
    NodeFailed,
    PromptRejected,
    RunLost,
    RunTimedOut,
)
from gateway.execution.collect import Collector, Shelves
from gateway.execution.follow import Deleted, Ended, FollowEnd, Follower, Forgotten, Limits
from gateway.execution.ledger import Ledger
from gateway.execution.prepare import prompt_for, upload_inputs
from gateway.graph.json_value import JsonObject
from gateway.jobs import transitions
from gateway.jobs.backend import Accepted, Backend, Submission, Unknown
from gateway.jobs.files import InputStore
from gateway.jobs.job import Job, NodeSpan, Output, OutputFile, Progress, Run
from gateway.services.bound import BoundService
from gateway.wire.history import Interrupted, NodeFailure, Succeeded
from gateway.wire.run import RunState

__all__ = ["Attempt", "Done", "Failed", "Outcome", "Stopped", "TryAgain", "Work", "Workshop"]

_DOUBT_PAUSE = 0.3
_DOUBT_LONGEST_PAUSE = 2.0
_PARTIAL_WAIT = 5.0


@dataclass(frozen=True, slots=True)
class Work:
    """A job with the service it calls, as that was when the call was accepted.

    Attributes:
        queue_until: When its run must have started, on the monotonic clock; None: any time.
        again: Nodes whose cached outputs are gone: they must run again.
    """

    job_id: str
    bound: BoundService
    queue_until: float | None = None
    again: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Workshop:
    """What attempts share; `grace` is how many seconds a backend may be out of reach."""

    ledger: Ledger
    inputs: InputStore
    shelves: Shelves
    grace: float


@dataclass(frozen=True, slots=True)
class Done:
    """The run ended well."""

    outputs: tuple[Output, ...]
    spans: tuple[NodeSpan, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The run ended badly, and another attempt would not help."""

    error: GatewayError
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody stopped the run, here or in ComfyUI."""

    reason: str
    outputs: tuple[Output, ...] = ()


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The backend let us down before there was a result.

    Attributes:
        submitted: ComfyUI may have got the prompt: the attempt counts.
        again: Nodes that must run again although ComfyUI holds their results.
    """

    error: GatewayError
    submitted: bool
    again: frozenset[str] = frozenset()


Outcome: TypeAlias = Done | Failed | Stopped | TryAgain


class Attempt:
    """One attempt; implements `Observer` for its run."""

    def __init__(self, work: Work, backend: Backend, workshop: Workshop) -> None:
        self._work = work
        self._backend = backend
        self._workshop = workshop
        self._collector = Collector(work.bound, work.job_id, backend, workshop.shelves)
        self._prompt_id = ""
        self._posting: asyncio.Task[Accepted] | None = None
        self._follower: Follower | None = None
        self._stopping = ""
        self._task: asyncio.Task[object] | None = None

    # --- from outside ---

    def stop(self, reason: str) -> None:
        """Have the run stopped; `run` then returns `Stopped`."""
        if not self._stopping:
            self._stopping = reason
            if self._task is not None:
                self._task.cancel()

    async def run(self) -> Outcome:
        """Make the attempt and return what came of it."""
        self._task = asyncio.current_task()
        try:
            if self._stopping:
                return Stopped(self._stopping)
            return await self._run()
        except asyncio.CancelledError:
            if not self._stopping or self._task is None:
                await self._collector.abandon()
                raise
            self._task.uncancel()
            return Stopped(self._stopping, await self._wind_up())
        except PromptRejected as error:
            return Failed(error)
        except RunTimedOut as error:
            return Failed(error, await self._wind_up())
        except BackendError as error:
            return await self._let_down(error)

    # --- the steps ---

    async def _run(self) -> Outcome:
        job = self._job()
        files = await upload_inputs(job, self._backend, self._workshop.inputs)
        attempt = len(job.runs) + 1
        prompt_id = str(uuid.uuid5(uuid.UUID(job.id), str(attempt)))
        prompt = prompt_for(
            self._work.bound, job, files, prompt_id=prompt_id, again=self._work.again
        )
        async with self._backend.follow(prompt_id) as following:
            run = Run(attempt, self._backend.name, prompt_id, time.time())
            await self._workshop.ledger.record(transitions.submit(job, run))
            self._prompt_id = prompt_id
            accepted = await self._post(Submission(prompt_id, prompt, {}))
            if accepted is None:
                return TryAgain(self._lost("never got the prompt"), submitted=True)
            if accepted.node_errors:
                return await self._refuse(accepted)
            if accepted.prompt_id == prompt_id:
                self._follower = self._new_follower(prompt_id)
                return await self._conclude(await self._follower.until_end(following))
        return await self._follow_renamed(accepted.prompt_id)

    async def _follow_renamed(self, prompt_id: str) -> Outcome:
        """Go on under the id that ComfyUI gave in place of ours."""
        job = self._job()
        if job.run is not None:
            await self._workshop.ledger.record(
                transitions.submit(job, replace(job.run, prompt_id=prompt_id))
            )
        self._prompt_id = prompt_id
        async with self._backend.follow(prompt_id) as following:
            self._follower = self._new_follower(prompt_id)
            self._follower.blind()
            return await self._conclude(await self._follower.until_end(following))

    async def _post(self, submission: Submission) -> Accepted | None:
        """Submit once; after any doubt ask. None: ComfyUI has never heard of it."""
        self._posting = asyncio.create_task(self._backend.submit(submission))
        try:
            # Shielded: once the request is on its way, only its answer tells what to stop.
            return await asyncio.shield(self._posting)
        except BackendError as doubt:
            known = await self._is_known(submission.prompt_id, doubt)
            return Accepted(submission.prompt_id, {}) if known else None

    async def _is_known(self, prompt_id: str, doubt: BackendError) -> bool:
        self.noted(f"backend {self._backend.name} did not confirm the run: {doubt.message}")
        give_up = time.monotonic() + self._workshop.grace
        pause = _DOUBT_PAUSE
        unknown = 0
        while unknown < 2:
            try:
                where = await self._backend.whereabouts(prompt_id)
            except BackendError:
                if time.monotonic() >= give_up:
                    raise
                pause = min(pause * 2, _DOUBT_LONGEST_PAUSE)
            else:
                if not isinstance(where, Unknown):
                    return True
                unknown += 1
                pause = _DOUBT_PAUSE
            await asyncio.sleep(pause)
        return False

    async def _refuse(self, accepted: Accepted) -> Outcome:
        """Withdraw a prompt of which ComfyUI would run only a part."""
        await self._backend.cancel(accepted.prompt_id)
        nodes = ", ".join(
            f"{node} ({each.class_type})" for node, each in accepted.node_errors.items()
        )
        first = next(
            (fault for each in accepted.node_errors.values() for fault in each.faults), None
        )
        said = f": {first.message} {first.details}".rstrip() if first else ""
        return Failed(
            PromptRejected(
                f"ComfyUI would leave out a part of the workflow{said}",
                node_errors=accepted.node_errors,
                where=nodes,
                mend="Correct the arguments or the workflow; the rest was not run either.",
            )
        )

    async def _conclude(self, end: FollowEnd) -> Outcome:
        match end:
            case Deleted():
                return Stopped("The prompt was deleted from ComfyUI's queue.")
            case Forgotten():
                return TryAgain(self._lost("restarted and forgot the run"), submitted=True)
            case Ended(ending=Succeeded()):
                return await self._succeed(end)
            case Ended(ending=Interrupted()):
                return Stopped(
                    "The run was interrupted in ComfyUI.", await self._partial(end.outputs)
                )
            case Ended(ending=NodeFailure() as failure):
                return Failed(_node_failed(failure), await self._partial(end.outputs))

    async def _succeed(self, end: Ended) -> Outcome:
        outputs = await self._collector.finish(end.outputs, end.parents)
        gone = frozenset(
            each.node_id for each in outputs if isinstance(each, OutputFile) and each.missing
        )
        if gone & set(end.cached) and not self._work.again:
            error = RunLost("ComfyUI answered from its cache, and the files are gone.")
            return TryAgain(error, submitted=True, again=gone)
        return Done(outputs, self._spans())

    async def _let_down(self, error: BackendError) -> Outcome:
        if not self._prompt_id:
            return TryAgain(error, submitted=False)
        return Failed(error, await self._partial(self._left()))

    async def _wind_up(self) -> tuple[Output, ...]:
        """Stop the prompt in ComfyUI, if it may have it, and keep what it left so far."""
        if not self._prompt_id:
            return ()
        if self._posting is not None:
            await asyncio.wait([self._posting])
            if not self._posting.cancelled() and self._posting.exception() is None:
                self._prompt_id = self._posting.result().prompt_id
        try:
            await self._backend.cancel(self._prompt_id)
        except BackendError as error:
            self.noted(f"backend {self._backend.name} could not be told to stop: {error.message}")
        return await self._partial(self._left())

    async def _partial(self, outputs: Mapping[str, JsonObject]) -> tuple[Output, ...]:
        """Return what a run that did not end well left, as far as it comes home in a few seconds."""
        try:
            async with asyncio.timeout(_PARTIAL_WAIT):
                return await self._collector.finish(outputs, {})
        except (BackendError, TimeoutError):
            await self._collector.abandon()
            return ()

    # --- Observer ---

    def queued(self, position: int | None) -> None:
        """Show the place in ComfyUI's queue."""
        self._show(Progress(queue_position=position, note=self._job().progress.note))

    async def started(self) -> None:
        """Record that the run began."""
        await self._workshop.ledger.record(transitions.start(self._job(), time.time()))

    def progressed(self, state: RunState) -> None:
        """Show which node runs and how far it is."""
        node = self._work.bound.prompt.get(state.node or "")
        title = (node.title or node.class_type) if node is not None else ""
        self._show(
            Progress(
                current=state.value,
                maximum=state.maximum,
                node=state.node,
                title=title,
                cached_nodes=state.cached,
            )
        )

    def left(self, outputs: Mapping[str, JsonObject]) -> None:
        """Begin to fetch what a node left while the others run."""
        self._collector.begin(outputs)

    def noted(self, text: str) -> None:
        """Show a note."""
        self._workshop.ledger.show(transitions.note(self._job(), text, time.time()))

    # --- parts ---

    def _job(self) -> Job:
        job = self._workshop.ledger.live(self._work.job_id)
        if job is None:
            raise AssertionError("an attempt's job is unfinished while the attempt goes on")
        return job

    def _show(self, progress: Progress) -> None:
        stamped = replace(progress, timestamp=time.time())
        self._workshop.ledger.show(replace(self._job(), progress=stamped))

    def _left(self) -> Mapping[str, JsonObject]:
        return self._follower.state.outputs if self._follower is not None else {}

    def _new_follower(self, prompt_id: str) -> Follower:
        limits = Limits(
            self._work.queue_until, self._work.bound.service.timeout, self._workshop.grace
        )
        return Follower(self._backend, prompt_id, self, limits)

    def _lost(self, what: str) -> RunLost:
        return RunLost(
            f"Backend {self._backend.name} {what}.",
            where=self._backend.name,
            mend="Call again; look at ComfyUI's log if it happens often.",
        )

    def _spans(self) -> tuple[NodeSpan, ...]:
        if self._follower is None:
            return ()
        began = self._follower.began or 0.0
        return tuple(
            NodeSpan(
                node_id=each.node_id,
                title=node.title or node.class_type,
                cached=each.cached,
                started_ms=_ms(each.started_at, began),
                ended_ms=_ms(each.ended_at, began),
            )
            for each in self._follower.times.values()
            if (node := self._work.bound.prompt.get(each.node_id)) is not None
        )


def _ms(at: float | None, began: float) -> float | None:
    return None if at is None else round((at - began) * 1000, 1)


def _node_failed(failure: NodeFailure) -> NodeFailed:
    memory = "OutOfMemory" in failure.exception_type
    return NodeFailed(
        f"Node {failure.node_id} ({failure.class_type}) failed: {failure.message}",
        code="out-of-memory" if memory else "node-failed",
        where=f"{failure.node_id} ({failure.class_type})",
        found=failure.exception_type,
        mend="Ask for a smaller size or batch."
        if memory
        else "Correct the arguments, or mend the workflow in ComfyUI.",
    )
