"""What the live backends would refuse of a project: `gateway validate --online`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gateway.comfy.survey import Survey, survey
from gateway.errors import BackendError, Finding, GatewayError
from gateway.graph.json_value import as_object
from gateway.graph.object_info import parse_definitions
from gateway.graph.packs import pack_of, packs_in_editor_workflow
from gateway.jobs.placement import Candidate, is_chosen
from gateway.project.definitions_file import DEFINITIONS_FILE, class_types_of
from gateway.project.json_file import FileFault, read_json
from gateway.project.load import Project
from gateway.project.pinning import pinned_entry
from gateway.services.bound import BoundService
from gateway.services.closest import closest
from gateway.services.model import BackendDeclaration
from gateway.services.objections import Told
from gateway.services.online import (
    differing_backends,
    service_findings,
    stale_definitions,
    unchecked,
)

__all__ = ["check_online", "chosen_backends", "survey_all"]

_QUIET = 2.0
_LARGEST = 16 << 20


def check_online(project: Project, names: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Ask backends about their nodes, all at once, and return what they would refuse.

    Args:
        project: Without errors.
        names: Of the backends that are asked; none: all of them.

    Raises:
        GatewayError: There is no backend of such a name.
    """
    backends = chosen_backends(project, names)
    asked = asyncio.run(survey_all(backends, class_types_of(project.services)))
    answered = {name: each for name, each in asked.items() if isinstance(each, Survey)}
    told = _with_packs(project, answered)
    checked = [
        (bound, [told[each.name] for each in fitting if each.name in told])
        for bound in project.services
        if (fitting := [each for each in backends if _may_run(bound, each)])
    ]
    return (
        *_silent(backends, asked),
        *_stale(project, answered),
        *(each for bound, seen in checked if seen for each in service_findings(bound, seen)),
        *differing_backends(checked),
        *(unchecked(bound for bound, seen in checked if not seen) if told else ()),
    )


def chosen_backends(project: Project, names: Sequence[str]) -> tuple[BackendDeclaration, ...]:
    """Return the declared backends of these names, or all when none is named.

    Raises:
        GatewayError: There is no backend of such a name.
    """
    declared = {each.name: each for each in project.declaration.backends}
    for name in names:
        if name not in declared:
            near = closest(name, declared)
            mend = f"Did you mean {near}?" if near else f"There are: {', '.join(declared)}."
            raise GatewayError(f"there is no backend {name!r}", code="wrong-use", mend=mend)
    return tuple(each for name, each in declared.items() if not names or name in names)


async def survey_all(
    backends: Sequence[BackendDeclaration], class_types: frozenset[str]
) -> dict[str, Survey | BackendError]:
    """Ask every one at the same time; who waits at a terminal is told for whom."""
    asking = {each.name: asyncio.create_task(_survey(each, class_types)) for each in backends}
    _, waiting = await asyncio.wait(asking.values(), timeout=_QUIET)
    if waiting and sys.stderr.isatty():
        names = ", ".join(name for name, task in asking.items() if task in waiting)
        sys.stderr.write(f"waiting for {names}…\n")
    return {name: await task for name, task in asking.items()}


async def _survey(
    backend: BackendDeclaration, class_types: frozenset[str]
) -> Survey | BackendError:
    try:
        return await survey(backend, class_types)
    except BackendError as error:
        return error


def _may_run(bound: BoundService, backend: BackendDeclaration) -> bool:
    return is_chosen(Candidate(backend.name, backend.labels), bound.service.backend)


def _silent(
    backends: Sequence[BackendDeclaration], asked: Mapping[str, Survey | BackendError]
) -> Iterator[Finding]:
    for backend in backends:
        error = asked[backend.name]
        if isinstance(error, BackendError):
            yield Finding(
                code=error.code,
                message=error.message,
                place=backend.place,
                found=backend.name,
                mend=error.mend or None,
            )


def _stale(project: Project, answered: Mapping[str, Survey]) -> tuple[Finding, ...]:
    live = {
        name: parse_definitions(
            {
                class_type: pinned_entry(entry)
                for class_type in project.definitions
                if (entry := as_object(each.raw.get(class_type))) is not None
            }
        )
        for name, each in answered.items()
    }
    return stale_definitions(project.definitions, live, DEFINITIONS_FILE)


def _with_packs(project: Project, answered: Mapping[str, Survey]) -> dict[str, Told]:
    """Return what each told, with what is known elsewhere of the packs of classes that it lacks."""
    elsewhere = {
        class_type: pack
        for each in answered.values()
        for class_type, known in each.told.definitions.items()
        if (pack := pack_of(known.python_module))
    }
    return {
        name: replace(
            each.told, packs={**each.told.packs, **elsewhere, **_packs_in_workflows(project)}
        )
        for name, each in answered.items()
    }


def _packs_in_workflows(project: Project) -> dict[str, str]:
    """Return class → pack as those workflow files say it that the editor saved."""
    found: dict[str, str] = {}
    for file in dict.fromkeys(each.service.workflow for each in project.services):
        try:
            raw = read_json(project.root / "workflows" / file, _LARGEST)
        except FileFault:
            continue  # it was loaded a moment ago
        found = {**packs_in_editor_workflow(raw), **found}
    return found
