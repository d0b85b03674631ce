"""A job: one accepted tool call; a run: one attempt of it on a backend. Values and transitions.

Times are seconds since the epoch. Status: `pending → running → completed | failed | timeout | cancelled`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from gateway.graph.json_value import Json
from gateway.services.model import Kind

__all__ = [
    "FINISHED",
    "Failure",
    "InputFile",
    "Job",
    "JobStatus",
    "NodeSpan",
    "Output",
    "OutputFile",
    "OutputText",
    "PartOf",
    "Progress",
    "Run",
]

JobStatus = Literal["pending", "running", "completed", "failed", "timeout", "cancelled"]

FINISHED: frozenset[JobStatus] = frozenset({"completed", "failed", "timeout", "cancelled"})


@dataclass(frozen=True, slots=True)
class InputFile:
    """A caller's file in the content-addressed input store.

    Attributes:
        parameter: The parameter it was given for.
        digest: Lower-case hex SHA-256 of its bytes: its key in the store.
        filename: A safe name for ComfyUI, with a fitting extension.
        size: Bytes.
    """

    parameter: str
    digest: str
    filename: str
    mime_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt on a backend; `attempt` counts from 1, `prompt_id` is ours and unique to it.

    Attributes:
        because: Why this backend, in a few words for people.
    """

    attempt: int
    backend: str
    prompt_id: str
    submitted_at: float
    started_at: float | None = None
    ended_at: float | None = None
    end: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class NodeSpan:
    """When a node ran, in milliseconds from the run's start."""

    node_id: str
    title: str
    cached: bool
    started_ms: float | None = None
    ended_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        current: Steps done of the node that runs, of `maximum`.
        queue_position: How many are before it, here or in ComfyUI; None once it runs.
        note: Something worth saying, such as a backend that died.
        seconds_left: How much longer it should take, from what earlier runs took; None: who knows.
    """

    current: float = 0
    maximum: float = 0
    node: str | None = None
    title: str = ""
    cached_nodes: tuple[str, ...] = ()
    queue_position: int | None = None
    note: str = ""
    timestamp: float = 0.0
    seconds_left: float | None = None

    @property
    def left(self) -> str:
        """How much longer it should take, in words; nothing in the last second and when nobody knows."""
        if self.seconds_left is None or self.seconds_left < 1:
            return ""
        if self.seconds_left < 100:
            return f"about {self.seconds_left:.0f} s left"
        return f"about {self.seconds_left / 60:.0f} min left"


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file a run left.

    Attributes:
        name: The YAML's name, or `node_<id>`.
        index: Place in its node's batch, from 0.
        type: ComfyUI's `output` or `temp` (a preview).
        key: Where it is in the output store; empty when it could not be fetched (`missing`).
        missing: Why it is not here, or empty.
        unsent: Why it could not be brought to its bucket when its run ended, or empty.
    """

    name: str
    index: int
    node_id: str
    kind: Kind
    type: str
    mime_type: str
    filename: str
    size_bytes: int
    key: str
    width: int | None = None
    height: int | None = None
    missing: str = ""
    unsent: str = ""


@dataclass(frozen=True, slots=True)
class OutputText:
    """A text a run left."""

    name: str
    index: int
    node_id: str
    text: str


Output: TypeAlias = OutputFile | OutputText


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job did not end well, in the words of its error."""

    code: str
    message: str
    where: str = ""
    found: str = ""
    mend: str = ""
    node_errors: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class PartOf:
    """Which place a job has in a call that made several; `index` counts from 0, of `size`."""

    id: str
    index: int
    size: int


@dataclass(frozen=True, slots=True)
class Job:
    """One accepted tool call.

    Attributes:
        id: Unguessable.
        caller: Name of the key that made it, or `local`.
        arguments: As accepted, defaults filled in, files as their references.
        seeds: Parameter → drawn or given value, for integers with `default: random`.
        inputs: The caller's files, kept.
        graph_hash: Of the workflow's graph as it was when the call was accepted.
        service_version: Of the service as services.yaml had it then.
        key: The caller's idempotency key, or empty: the same key is the same job.
        asked: What tells the call from any other, where there is a key.
        rerun_of: Id of the job that this one does again, or empty.
        tells: The ends that its service's webhook is told of.
        batch: The call that it is a part of, when that made several jobs.
    """

    id: str
    service: str
    caller: str
    arguments: Mapping[str, Json]
    created_at: float
    status: JobStatus = "pending"
    priority: int = 0
    seeds: Mapping[str, int] = field(default_factory=dict[str, int])
    inputs: tuple[InputFile, ...] = ()
    runs: tuple[Run, ...] = ()
    started_at: float | None = None
    completed_at: float | None = None
    progress: Progress = Progress()
    spans: tuple[NodeSpan, ...] = ()
    outputs: tuple[Output, ...] = ()
    failure: Failure | None = None
    warnings: tuple[str, ...] = ()
    graph_hash: str = ""
    service_version: str = ""
    key: str = ""
    asked: str = ""
    rerun_of: str = ""
    tells: tuple[JobStatus, ...] = ()
    batch: PartOf | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINISHED

    @property
    def run(self) -> Run | None:
        """The newest attempt."""
        return self.runs[-1] if self.runs else None

    def with_run(self, run: Run) -> Job:
        """Return the job with `run` added, or put in the place of the same attempt."""
        kept = tuple(each for each in self.runs if each.attempt != run.attempt)
        return replace(self, runs=(*kept, run))
