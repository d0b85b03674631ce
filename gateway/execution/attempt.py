"""One attempt of a job on one backend: upload, patch, submit, follow, collect."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace

from gateway.errors import (
    BackendError,
    BackendRefused,
    BackendUnreachable,
    NodeFailed,
    PromptRejected,
    RunLost,
    RunTimedOut,
)
from gateway.execution.collect import Collector
from gateway.execution.follow import Deleted, Ended, FollowEnd, Follower, Forgotten, Limits
from gateway.execution.outcome import Done, Failed, Lost, Outcome, Stopped, TryAgain, Work, Workshop
from gateway.execution.prepare import prompt_for, upload_inputs
from gateway.execution.telling import Teller
from gateway.graph.json_value import JsonObject
from gateway.jobs import transitions
from gateway.jobs.backend import Accepted, Backend, Submission, Unknown
from gateway.jobs.job import NodeSpan, Output, OutputFile, Run
from gateway.wire.history import Interrupted, NodeFailure, Succeeded

__all__ = ["Attempt"]

_DOUBT_PAUSE = 0.3
_DOUBT_LONGEST_PAUSE = 2.0
_PARTIAL_WAIT = 5.0


class Attempt:
    """One attempt at running a job.

    `taken` is told when ComfyUI has the prompt, `over` when it is done, before files come home.
    """

    def __init__(
        self,
        work: Work,
        backend: Backend,
        workshop: Workshop,
        taken: Callable[[], None],
        over: Callable[[], None],
    ) -> None:
        self._work = work
        self._backend = backend
        self._taken = taken
        self._over = over
        self._workshop = workshop
        self._reached = workshop.ledger.reached
        self._collector = Collector(
            work.bound,
            _home(work.job_id, workshop),
            backend,
            workshop.shelves,
            lambda: self._reached("collected", work.job_id),
        )
        self._teller = Teller(workshop.ledger, work.job_id, work.bound.prompt, self._collector)
        self._prompt_id = ""
        self._posting: asyncio.Task[Accepted] | None = None
        self._doubt: BackendError | None = None
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
        job = self._teller.job
        self._reached("placed", job.id)
        if self._work.resuming and job.run is not None:
            return await self._take_up(job.run)
        files = await upload_inputs(job, self._backend, self._workshop.inputs)
        self._reached("uploaded", job.id)
        attempt = len(job.runs) + 1
        prompt_id = str(uuid.uuid5(uuid.UUID(job.id), str(attempt)))
        prompt = prompt_for(
            self._work.bound, job, files, prompt_id=prompt_id, again=self._work.again
        )
        self._reached("patched", job.id)
        async with self._backend.follow(prompt_id) as following:
            run = Run(
                attempt, self._backend.name, prompt_id, time.time(), because=self._work.because
            )
            await self._teller.record(transitions.submit(job, run))
            self._prompt_id = prompt_id
            self._reached("recorded", job.id)
            try:
                accepted = await self._post(Submission(prompt_id, prompt, {}))
            except BackendRefused as refused:
                self._prompt_id = ""  # it was turned away at the door
                return TryAgain(refused, submitted=False, fault=refused)
            if accepted is None:
                lost = self._lost("never got the prompt")
                return TryAgain(lost, submitted=True, fault=self._doubt)
            self._taken()
            if accepted.node_errors:
                return await self._refuse(accepted)
            if accepted.prompt_id == prompt_id:
                self._follower = self._new_follower(prompt_id)
                return await self._conclude(await self._follower.until_end(following))
        return await self._follow_renamed(accepted.prompt_id)

    async def _take_up(self, run: Run) -> Outcome:
        """Go on with a run that another gateway submitted, or was about to submit, before it died."""
        self._prompt_id = run.prompt_id
        if not await self._is_known(run.prompt_id):
            # Its process died before the prompt went out, or ComfyUI restarted as well.
            return TryAgain(self._lost("knows nothing of the run"), submitted=True)
        self._taken()
        async with self._backend.follow(run.prompt_id) as following:
            self._follower = self._new_follower(run.prompt_id)
            self._follower.blind()
            return await self._conclude(await self._follower.until_end(following))

    async def _follow_renamed(self, prompt_id: str) -> Outcome:
        """Go on under the id that ComfyUI gave in place of ours."""
        job = self._teller.job
        if job.run is not None:
            await self._teller.record(
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
            accepted = await asyncio.shield(self._posting)
        except BackendRefused:
            raise
        except BackendError as doubt:
            self._doubt = doubt
            self._teller.noted(
                f"backend {self._backend.name} did not confirm the run: {doubt.reason}"
            )
            self._reached("doubted", self._work.job_id)
            known = await self._is_known(submission.prompt_id)
            return Accepted(submission.prompt_id, {}) if known else None
        self._reached("posted", self._work.job_id)
        return accepted

    async def _is_known(self, prompt_id: str) -> bool:
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
            case Ended():
                return await self._finish(end)

    async def _finish(self, end: Ended) -> Outcome:
        self._reached("ended", self._work.job_id)
        self._over()
        match end.ending:
            case Succeeded():
                return await self._succeed(end)
            case Interrupted():
                said = "The run was interrupted in ComfyUI."
                return Stopped(said, await self._partial(end.outputs))
            case NodeFailure() as failure:
                return Failed(_node_failed(failure), await self._partial(end.outputs))

    async def _succeed(self, end: Ended) -> Outcome:
        outputs = await self._collector.finish(end.outputs, end.parents)
        self._reached("brought-home", self._work.job_id)
        if self._collector.trouble is not None:
            return Failed(self._collector.trouble, outputs)
        gone = frozenset(
            each.node_id for each in outputs if isinstance(each, OutputFile) and each.missing
        )
        if gone & set(end.cached) and not self._work.again:
            error = RunLost("ComfyUI answered from its cache, and the files are gone.")
            return TryAgain(error, submitted=True, again=gone)
        return Done(outputs, self._spans())

    async def _let_down(self, error: BackendError) -> Outcome:
        if not self._prompt_id:
            return TryAgain(error, submitted=False, fault=error)
        if isinstance(error, BackendUnreachable):
            return Lost(error, await self._partial(self._left()))
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
            self._teller.noted(
                f"backend {self._backend.name} could not be told to stop: {error.reason}"
            )
        return await self._partial(self._left())

    async def _partial(self, outputs: Mapping[str, JsonObject]) -> tuple[Output, ...]:
        """Return what a run that did not end well left, as far as it comes home in a few seconds."""
        try:
            async with asyncio.timeout(_PARTIAL_WAIT):
                return await self._collector.finish(outputs, {})
        except TimeoutError:
            await self._collector.abandon()
            return ()

    # --- parts ---

    def _left(self) -> Mapping[str, JsonObject]:
        return self._follower.state.outputs if self._follower is not None else {}

    def _new_follower(self, prompt_id: str) -> Follower:
        limits = Limits(
            self._work.queue_until, self._work.bound.service.timeout, self._workshop.grace
        )
        return Follower(self._backend, prompt_id, self._teller, limits)

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


def _home(job_id: str, workshop: Workshop) -> str:
    job = workshop.ledger.live(job_id)
    if job is None:
        raise AssertionError("an attempt's job is unfinished before the attempt begins")
    return workshop.shelves.outputs.home(job_id, job.created_at)


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
