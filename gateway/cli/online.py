"""What the live backends would refuse of a project: `gateway validate --online`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from gateway.comfy.backend import ComfyBackend
from gateway.errors import BackendError, Finding
from gateway.graph.check import Problem, check_prompt
from gateway.graph.definitions import Definitions
from gateway.graph.object_info import parse_definitions
from gateway.jobs.placement import Candidate, is_chosen
from gateway.project.definitions_file import class_types_of
from gateway.project.load import Project
from gateway.services.bound import BoundService, WidgetKey
from gateway.services.model import BackendDeclaration, GraphFile, LeftOut

__all__ = ["check_online"]


def check_online(project: Project) -> tuple[Finding, ...]:
    """Ask every backend for its node definitions and return what it would refuse."""
    backends = project.declaration.backends
    class_types = class_types_of(project.services)
    asked = asyncio.run(_ask_all(backends, class_types))
    findings = [each for each in asked.values() if isinstance(each, Finding)]
    for backend in backends:
        definitions = asked[backend.name]
        if not isinstance(definitions, Finding):
            findings += _refusals(project.services, backend, definitions)
    return tuple(findings)


async def _ask_all(
    backends: Sequence[BackendDeclaration], class_types: frozenset[str]
) -> dict[str, Definitions | Finding]:
    answers = await asyncio.gather(*(_ask(each, class_types) for each in backends))
    return {backend.name: answer for backend, answer in zip(backends, answers, strict=True)}


async def _ask(backend: BackendDeclaration, class_types: frozenset[str]) -> Definitions | Finding:
    asking = ComfyBackend(backend)
    try:
        return parse_definitions(await asking.definitions(class_types))
    except BackendError as error:
        return Finding(
            code=error.code, message=error.message, place=backend.place, mend=error.mend or None
        )
    finally:
        await asking.close()


def _refusals(
    services: Iterable[BoundService], backend: BackendDeclaration, definitions: Definitions
) -> list[Finding]:
    candidate = Candidate(backend.name, backend.labels)
    return [
        _finding(bound, backend, problem)
        for bound in services
        if is_chosen(candidate, bound.service.backend)
        for problem in check_prompt(bound.prompt, definitions)
        if (problem.node_id, problem.input_name) not in _always_set(bound)
    ]


def _always_set(bound: BoundService) -> frozenset[WidgetKey]:
    """Return the widgets whose value in the graph is replaced at each call."""
    return frozenset(
        widget.key
        for parameter in bound.parameters
        if not isinstance(parameter.parameter.supply, LeftOut | GraphFile)
        for widget in parameter.widgets
    )


def _finding(bound: BoundService, backend: BackendDeclaration, problem: Problem) -> Finding:
    service = bound.service
    return Finding(
        code=problem.code,
        message=f"on backend {backend.name}: {problem.message}",
        place=service.places.get("workflow", service.place),
        service=bound.name,
        mend=f"Install what is missing on {backend.name}, or change {service.workflow}.",
    )
