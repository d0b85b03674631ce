"""Working out what a call would do, with nothing run and nothing kept."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.cli.online import survey_all
from gateway.comfy.survey import Survey
from gateway.database.opening import is_url, open_job_store
from gateway.errors import ArgumentFault, BackendError, InputRefused
from gateway.execution.expectations import Expectations
from gateway.execution.intake import draw
from gateway.execution.prepare import prompt_for
from gateway.fetch.references import GuardedReferences
from gateway.graph.check import check_prompt
from gateway.graph.comparison import Change, changes_between
from gateway.graph.definitions import Definitions
from gateway.graph.json_value import Json, as_array, as_object
from gateway.graph.naming import node_named
from gateway.graph.prompt import Node, Prompt
from gateway.jobs.foresight import Foresight, Surroundings, foresee
from gateway.jobs.job import Job, Run
from gateway.jobs.line import Slots
from gateway.jobs.models import last_models
from gateway.jobs.names import safe_name
from gateway.jobs.placement import Candidate
from gateway.jobs.standing import runs_on
from gateway.jobs.store import JobStore
from gateway.project.definitions_file import class_types_of
from gateway.project.load import Project
from gateway.services.arguments import Accepted
from gateway.services.arrange import arranged
from gateway.services.batch import accept_all
from gateway.services.bound import BoundService, WidgetKey
from gateway.services.objections import Told
from gateway.services.origins import origins_of
from gateway.services.values import shown

__all__ = ["Explained", "Upload", "explain"]

_RECALLED = 200
"""Jobs that are looked at for what the backends have loaded."""

_LOOKED_INTO = frozenset({"file", "data"})
"""Schemes of references that are opened, as paths are, to see what they are: no other machine is asked."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a call would send; `size` is None where it would have to be fetched first."""

    parameter: str
    filename: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Explained:
    """What a call would do, or one of the jobs that it would start.

    Attributes:
        job: What it would be.
        drawn: Parameters whose value was drawn, as each call draws another.
        changes: What it would set in the graph.
        origins: (node id, input) → where that comes from.
        objections: Backend → what it would refuse, of those that answered.
        paid: Nodes that call a paid partner service, named for people.
        expected: Backend → seconds that the run should take, as far as is known.
    """

    bound: BoundService
    accepted: Accepted
    job: Job
    drawn: frozenset[str]
    uploads: tuple[Upload, ...]
    changes: tuple[Change, ...]
    origins: Mapping[WidgetKey, str]
    foresight: Foresight
    objections: Mapping[str, tuple[str, ...]]
    paid: tuple[str, ...]
    expected: Mapping[str, float]

    @property
    def runs(self) -> bool:
        """Whether some backend would take it, now or later."""
        return self.foresight.waits or (self.foresight.backend is not None and not self.refused)

    @property
    def refused(self) -> tuple[str, ...]:
        """What the backend that it would be placed on would refuse."""
        return self.objections.get(self.foresight.backend or "", ())


@dataclass(frozen=True, slots=True)
class _History:
    """What the store tells; nothing where there is none yet."""

    drained: frozenset[str] = frozenset()
    runs: Mapping[str, int] = field(default_factory=dict[str, int])
    loaded: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    expected: Mapping[str, float] = field(default_factory=dict[str, float])


async def explain(
    project: Project, bound: BoundService, given: Mapping[str, Json], *, online: bool
) -> tuple[Explained, ...]:
    """Work out what a call would do: the one job that it would start, or all of them in their order.

    Args:
        project: It is left as it is.
        bound: The service.
        given: The caller's arguments.
        online: Whether the backends are asked.

    Raises:
        ArgumentError: The call would be refused.
        GatewayError: The store cannot be read.
    """
    accepted = accept_all(bound, given, draw)
    uploads = await _uploads(project, [each.files for each in accepted])
    jobs = [_job(bound, each) for each in accepted]
    backends = project.declaration.backends
    surveys = await survey_all(backends, class_types_of([bound])) if online else {}
    told = {name: each.told for name, each in surveys.items() if isinstance(each, Survey)}
    history = await _history(project, jobs[0])
    seen = _Seen(bound, told, _around(project, surveys, history), history.expected)
    return tuple(
        _explained(seen, _given_to(bound, given, one), one, job, files)
        for one, job, files in zip(accepted, jobs, uploads, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is the same for all jobs of a call."""

    bound: BoundService
    told: Mapping[str, Told]
    around: Surroundings
    expected: Mapping[str, float]


def _explained(
    seen: _Seen,
    given: Mapping[str, Json],
    accepted: Accepted,
    job: Job,
    uploads: tuple[Upload, ...],
) -> Explained:
    bound, told = seen.bound, seen.told
    files = {each.parameter: f"gateway/…-{safe_name(each.filename)}" for each in uploads}
    patched = _prompt(prompt_for(bound, job, files, prompt_id="<run>"))
    return Explained(
        bound=bound,
        accepted=accepted,
        job=job,
        drawn=frozenset(name for name, seed in accepted.seeds.items() if given.get(name) != seed),
        uploads=uploads,
        changes=changes_between(bound.prompt, patched),
        origins=origins_of(bound, given, accepted),
        foresight=foresee(bound, job, seen.around),
        objections={
            name: tuple(
                each.message
                for each in check_prompt(patched, backend.definitions, backend.replacements)
                if each.severity == "error"
            )
            for name, backend in told.items()
        },
        paid=_paid(
            arranged(bound, job.arguments), patched, [each.definitions for each in told.values()]
        ),
        expected=seen.expected,
    )


def _given_to(
    bound: BoundService, given: Mapping[str, Json], accepted: Accepted
) -> dict[str, Json]:
    """Return the arguments as they were given to one of the jobs: of a list of several, its value."""
    mine = dict(given)
    for each in bound.parameters:
        items = as_array(given.get(each.name)) if each.parameter.batch == "values" else None
        if items is not None:
            value = accepted.arguments.get(each.name)
            mine[each.name] = None if each.name in accepted.seeds and value not in items else value
    return mine


def _job(bound: BoundService, accepted: Accepted) -> Job:
    """Return the job that the call would be."""
    return Job(
        id=str(uuid.uuid4()),
        service=bound.name,
        caller="local",
        arguments=accepted.arguments,
        created_at=time.time(),
        priority=bound.service.priority,
        seeds=accepted.seeds,
        warnings=accepted.warnings,
    )


def _prompt(raw: Mapping[str, Json]) -> Prompt:
    """Return a graph in the form of `POST /prompt` as values; it was made a moment ago."""
    nodes = {node_id: as_object(each) or {} for node_id, each in raw.items()}
    return {
        node_id: Node(
            str(each["class_type"]),
            as_object(each["inputs"]) or {},
            str((as_object(each.get("_meta")) or {}).get("title", "")),
        )
        for node_id, each in nodes.items()
    }


def _paid(bound: BoundService, patched: Prompt, live: Sequence[Definitions]) -> tuple[str, ...]:
    asking = {name for each in live for name, known in each.items() if known.api_node}
    return tuple(
        node_named(node_id, node)
        for node_id, node in patched.items()
        if node_id in bound.paid or node.class_type in asking
    )


# --- files ----------------------------------------------------------------------------------------


async def _uploads(
    project: Project, files: Sequence[Mapping[str, str]]
) -> list[tuple[Upload, ...]]:
    """Look at the files of each job; one that several name is looked at once."""
    settings = project.declaration.gateway
    folders = [str(project.root / each) for each in settings.input_folders]
    references = GuardedReferences(folders, settings.input_urls)
    found: dict[tuple[str, str], Upload] = {}
    faults: list[ArgumentFault] = []
    named = list(dict.fromkeys(pair for each in files for pair in each.items()))
    several = len({parameter for parameter, _ in named}) < len(named)
    for parameter, reference in named:
        try:
            found[parameter, reference] = await _upload(references, parameter, reference)
        except InputRefused as refused:
            which = f"{shown(reference)}: " if several else ""
            faults += [
                ArgumentFault(f"/{parameter}", which + each.message) for each in refused.faults
            ]
    if faults:
        raise InputRefused(faults)
    return [tuple(found[pair] for pair in each.items()) for each in files]


async def _upload(references: GuardedReferences, parameter: str, reference: str) -> Upload:
    scheme, colon, _ = reference.strip().partition(":")
    remote = colon and len(scheme) > 1 and scheme.isalnum()  # `C:\\` is a path
    if remote and scheme.lower() not in _LOOKED_INTO:
        name = reference.partition("?")[0].rstrip("/").rpartition("/")[2]
        return Upload(parameter, name, None)
    opened = await references.open(reference, local=True)
    size = 0
    async for chunk in opened.chunks:
        size += len(chunk)
    return Upload(parameter, opened.filename, size)


# --- backends and history -------------------------------------------------------------------------


def _around(
    project: Project, surveys: Mapping[str, Survey | BackendError], history: _History
) -> Surroundings:
    backends = project.declaration.backends
    out: dict[str, str] = {}
    candidates: list[Candidate] = []
    for each in backends:
        asked = surveys.get(each.name)
        definitions = asked.told.definitions if isinstance(asked, Survey) else None
        candidates.append(Candidate(each.name, each.labels, definitions))
        if each.name in history.drained:
            out[each.name] = "it is drained: it takes no new runs until it is resumed"
        elif isinstance(asked, BackendError):
            out[each.name] = asked.reason.rstrip(".")
    return Surroundings(
        candidates,
        {each.name: Slots(each.slots, history.runs.get(each.name, 0)) for each in backends},
        history.loaded,
        out,
    )


async def _history(project: Project, job: Job) -> _History:
    async with _opened(project) as store:
        if store is None:
            return _History()
        services = {each.name: each for each in project.services}
        expectations = Expectations(store)
        await expectations.know(job.service)
        names = [each.name for each in project.declaration.backends]
        there = {name: job.with_run(Run(1, name, "", job.created_at)) for name in names}
        known = {name: expectations.seconds(each) for name, each in there.items()}
        return _History(
            drained=frozenset(await store.drained()),
            runs=runs_on(await store.under_way()),
            loaded=last_models(await store.newest(_RECALLED), services),
            expected={name: each for name, each in known.items() if each is not None},
        )


@asynccontextmanager
async def _opened(project: Project) -> AsyncGenerator[JobStore | None]:
    """Open the store where there is one: to look at it makes none."""
    store = project.declaration.jobs.store
    if not is_url(store) and not (project.root / store).expanduser().exists():
        yield None
        return
    opened = await open_job_store(store, project.root, uuid.uuid4().hex)
    try:
        yield opened
    finally:
        await opened.close()
