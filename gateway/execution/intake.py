"""From a call to a job: arguments checked, files kept, seeds drawn."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.errors import ArgumentError, ArgumentFault, GatewayError, InputRefused
from gateway.execution.batches import job_id_in
from gateway.execution.catalog import Catalog
from gateway.execution.keep_inputs import InputKeeper, Sender
from gateway.graph.json_value import Json
from gateway.jobs.batch import Batch
from gateway.jobs.job import InputFile, Job, JobStatus, PartOf
from gateway.jobs.placement import fitting_backends
from gateway.services.arguments import Accepted
from gateway.services.batch import accept_all, check_text
from gateway.services.bound import BoundService
from gateway.services.model import Service
from gateway.services.values import pointer_of, shown, text_length
from gateway.services.version import ServiceVersion, version_of

__all__ = ["Intake", "Made", "draw", "together"]

_FETCHED_AT_ONCE = 16
_APART = 1e-6
"""Seconds between the jobs of a batch, so that their order is that of their times."""


@dataclass(frozen=True, slots=True)
class Made:
    """A job that is kept nowhere yet, and the names of the backends it may run on."""

    job: Job
    fitting: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Again:
    """What does an old job again, but for the files that are to be fetched: `kept` are there still."""

    old: Job
    accepted: Accepted
    fitting: frozenset[str]
    kept: tuple[InputFile, ...]

    @property
    def files(self) -> Mapping[str, str]:
        """Parameter → reference of each file that is to be fetched."""
        there = {each.parameter for each in self.kept}
        return {name: each for name, each in self.accepted.files.items() if name not in there}


class Intake:
    """Makes jobs of calls."""

    def __init__(self, catalog: Catalog, keeper: InputKeeper) -> None:
        self._catalog = catalog
        self._keeper = keeper
        self._versions: dict[str, tuple[BoundService, ServiceVersion]] = {}

    async def new(
        self, bound: BoundService, arguments: Mapping[str, Json], sender: Sender
    ) -> Sequence[Made]:
        """Make the jobs of a call: one, or all of a batch in their order.

        Raises:
            ArgumentError: The arguments are wrong, or no backend has what they choose.
            GatewayError: A file cannot be kept.
        """
        checked = self._checked(bound, arguments)
        kept = await self._kept([each.files for each, _ in checked], sender)
        return together(
            [
                Made(self._job(bound, accepted, inputs, sender), fitting)
                for (accepted, fitting), inputs in zip(checked, kept, strict=True)
            ]
        )

    async def again(
        self, bound: BoundService, old: Job, overrides: Mapping[str, Json], sender: Sender
    ) -> Sequence[Made]:
        """Make what does an old job or batch again: its arguments, seeds and files, save the overrides.

        Raises:
            ArgumentError: The overrides are wrong, or a file is gone.
            GatewayError: The service changed, and does not take the old arguments any more.
        """
        several = isinstance(old, Batch)
        olds = old.jobs if isinstance(old, Batch) else (old,)
        if several:
            held = {f"/overrides{pointer_of(name)}": each for name, each in overrides.items()}
            check_text({at: text_length(each) * len(olds) for at, each in held.items()}, len(olds))
        asked: list[_Again] = []
        for each in olds:
            more = await self._once_more(bound, each, overrides)
            if several and len(more) > 1:
                said = (
                    "a batch is done again job by job: give one value for all, or call the service"
                )
                raise ArgumentError([ArgumentFault("/overrides", said)])
            asked += more
        fetched = await self._kept([each.files for each in asked], sender)
        return together(
            [
                Made(
                    replace(
                        self._job(bound, each.accepted, (*each.kept, *files), sender),
                        rerun_of=each.old.id,
                    ),
                    each.fitting,
                )
                for each, files in zip(asked, fetched, strict=True)
            ]
        )

    async def _once_more(
        self, bound: BoundService, old: Job, overrides: Mapping[str, Json]
    ) -> list[_Again]:
        try:
            checked = self._checked(bound, _overridden(old.arguments, overrides))
        except ArgumentError as error:
            raise self._refused(bound, old, overrides, error) from error
        kept = {each.parameter: each for each in old.inputs if each.parameter not in overrides}
        kept = {name: each for name, each in kept.items() if name in checked[0][0].files}
        await self._keeper.check(kept.values())
        return [
            _Again(old, accepted, fitting, tuple(kept.values())) for accepted, fitting in checked
        ]

    async def _kept(
        self, files: Sequence[Mapping[str, str]], sender: Sender
    ) -> list[tuple[InputFile, ...]]:
        """Keep the files of each job; one that several name is fetched once."""
        named = list(dict.fromkeys(pair for each in files for pair in each.items()))
        found: dict[tuple[str, str], InputFile] = {}
        faults: list[ArgumentFault] = []
        for start in range(0, len(named), _FETCHED_AT_ONCE):
            some = dict(_numbered(named[start : start + _FETCHED_AT_ONCE]))
            try:
                for kept in await self._keeper.keep(
                    {key: pair[1] for key, pair in some.items()}, sender
                ):
                    name = some[kept.parameter][0]
                    found[some[kept.parameter]] = replace(kept, parameter=name)
            except InputRefused as refused:
                faults += [_plainly(each, some) for each in refused.faults]
                if len(named) <= _FETCHED_AT_ONCE:
                    raise InputRefused(faults, code=refused.code) from refused
        if faults:
            raise InputRefused(faults)
        return [tuple(found[pair] for pair in each.items()) for each in files]

    def _checked(
        self, bound: BoundService, arguments: Mapping[str, Json]
    ) -> list[tuple[Accepted, frozenset[str]]]:
        candidates = self._catalog.candidates()
        return [
            (accepted, fitting_backends(bound, accepted.arguments, candidates))
            for accepted in accept_all(bound, arguments, draw)
        ]

    def _job(
        self,
        bound: BoundService,
        accepted: Accepted,
        inputs: tuple[InputFile, ...],
        sender: Sender,
    ) -> Job:
        service, version = bound.service, self._version(bound)
        return Job(
            id=str(uuid.uuid4()),
            service=service.name,
            caller=sender.caller,
            arguments=_kept_arguments(accepted.arguments, inputs),
            created_at=time.time(),
            priority=service.priority,
            seeds=accepted.seeds,
            inputs=inputs,
            warnings=accepted.warnings,
            graph_hash=version.graph,
            service_version=version.service,
            tells=_tells(service),
        )

    def _version(self, bound: BoundService) -> ServiceVersion:
        """Return what a service is now, worked out at its first call."""
        known = self._versions.get(bound.name)
        if (
            known is None
            or known[0].service is not bound.service
            or known[0].prompt is not bound.prompt
        ):
            known = self._versions[bound.name] = (bound, version_of(bound))
        return known[1]

    def _refused(
        self, bound: BoundService, old: Job, overrides: Mapping[str, Json], error: ArgumentError
    ) -> GatewayError:
        """Return what to tell of arguments that were good once, or of overrides that are not."""
        given = [each for each in error.faults if _name(each) in overrides]
        version = self._version(bound)
        same = (old.graph_hash, old.service_version) == (version.graph, version.service)
        if given or same:
            faults = [
                ArgumentFault(f"/overrides{each.pointer}", each.message) for each in error.faults
            ]
            return ArgumentError(faults, code=error.code, mend=error.mend)
        return GatewayError(
            f"The service {old.service} changed since job {old.id}: {error.message}",
            code="service-changed",
            where=old.service,
            mend="Override what it refuses, or call the service as it is now.",
        )


def together(made: Sequence[Made]) -> Sequence[Made]:
    """Return the jobs of one call as the batch that they are; a single one is none."""
    if len(made) == 1:
        return made
    batch, size, began = str(uuid.uuid4()), len(made), made[0].job.created_at
    return [
        replace(
            each,
            job=replace(
                each.job,
                id=job_id_in(batch, index),
                created_at=began + index * _APART,
                batch=PartOf(batch, index, size),
            ),
        )
        for index, each in enumerate(made)
    ]


def _numbered(named: Sequence[tuple[str, str]]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield (parameter, reference) under names that tell them apart where a parameter has several."""
    several = len({name for name, _ in named}) < len(named)
    for index, pair in enumerate(named):
        yield (f"{pair[0]}/{index}" if several else pair[0]), pair


def _plainly(fault: ArgumentFault, some: Mapping[str, tuple[str, str]]) -> ArgumentFault:
    """Return a fault of a file under its parameter's own name; a list's value is shown itself."""
    name, reference = some.get(fault.pointer.removeprefix("/"), ("", ""))
    if not name or fault.pointer == f"/{name}":
        return fault
    return ArgumentFault(f"/{name}", f"{shown(reference)}: {fault.message}")


def _kept_arguments(arguments: Mapping[str, Json], inputs: Sequence[InputFile]) -> dict[str, Json]:
    """Return what a job keeps of its arguments: of a file that came within one, what it is.

    The file itself is kept once, and the job's record is written often and answered.
    """
    kept = dict(arguments)
    for each in inputs:
        given = kept.get(each.parameter)
        if isinstance(given, str) and given.lstrip()[:5].lower() == "data:":
            kept[each.parameter] = f"<{each.mime_type}, {each.size} bytes, sha256 {each.digest}>"
    return kept


def _tells(service: Service) -> tuple[JobStatus, ...]:
    """Return the ends of its jobs that a service's webhook is told of."""
    return () if service.webhook is None else tuple(sorted(service.webhook.events))


def _overridden(old: Mapping[str, Json], overrides: Mapping[str, Json]) -> dict[str, Json]:
    """Return the old arguments with the overrides in their place; null leaves an old one out."""
    left_out = {name for name, value in overrides.items() if value is None and name in old}
    return {name: each for name, each in {**old, **overrides}.items() if name not in left_out}


def draw(low: int, high: int) -> int:
    """Return an integer at random, both ends included."""
    return low + secrets.randbelow(high - low + 1)


def _name(fault: ArgumentFault) -> str:
    return fault.pointer.removeprefix("/").partition("/")[0]
