"""From a call to a job: arguments checked, files kept, seeds drawn."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.errors import ArgumentError, ArgumentFault, GatewayError
from gateway.execution.catalog import Catalog
from gateway.execution.keep_inputs import InputKeeper, Sender
from gateway.graph.json_value import Json
from gateway.jobs.job import InputFile, Job, JobStatus
from gateway.jobs.placement import fitting_backends
from gateway.services.arguments import Accepted, accept
from gateway.services.bound import BoundService
from gateway.services.model import Service
from gateway.services.version import ServiceVersion, version_of

__all__ = ["Intake", "Made", "draw"]


@dataclass(frozen=True, slots=True)
class Made:
    """A job that is kept nowhere yet, and the names of the backends it may run on."""

    job: Job
    fitting: frozenset[str]


class Intake:
    """Makes jobs of calls."""

    def __init__(self, catalog: Catalog, keeper: InputKeeper) -> None:
        self._catalog = catalog
        self._keeper = keeper
        self._versions: dict[str, tuple[BoundService, ServiceVersion]] = {}

    async def new(self, bound: BoundService, arguments: Mapping[str, Json], sender: Sender) -> Made:
        """Make a job of a call.

        Raises:
            ArgumentError: The arguments are wrong, or no backend has what they choose.
            GatewayError: A file cannot be kept.
        """
        accepted, fitting = self._checked(bound, arguments)
        inputs = await self._keeper.keep(accepted.files, sender)
        return Made(self._job(bound, accepted, inputs, sender), fitting)

    async def again(
        self, bound: BoundService, old: Job, overrides: Mapping[str, Json], sender: Sender
    ) -> Made:
        """Make a job that does an old one again: its arguments, seeds and files, save the overrides.

        Raises:
            ArgumentError: The overrides are wrong, or a file is gone.
            GatewayError: The service changed, and does not take the old arguments any more.
        """
        try:
            accepted, fitting = self._checked(bound, _overridden(old.arguments, overrides))
        except ArgumentError as error:
            raise self._refused(bound, old, overrides, error) from error
        kept = {each.parameter: each for each in old.inputs if each.parameter not in overrides}
        kept = {name: each for name, each in kept.items() if name in accepted.files}
        await self._keeper.check(kept.values())
        files = {name: each for name, each in accepted.files.items() if name not in kept}
        inputs = (*kept.values(), *await self._keeper.keep(files, sender))
        job = self._job(bound, accepted, inputs, sender)
        return Made(replace(job, rerun_of=old.id), fitting)

    def _checked(
        self, bound: BoundService, arguments: Mapping[str, Json]
    ) -> tuple[Accepted, frozenset[str]]:
        accepted = accept(bound, arguments, draw)
        return accepted, fitting_backends(bound, accepted.arguments, self._catalog.candidates())

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
            arguments=accepted.arguments,
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
