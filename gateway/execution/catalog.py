"""What each backend has: the definitions that tell which files (checkpoints, LoRAs…) are there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.errors import BackendError
from gateway.graph.definitions import Definitions
from gateway.graph.object_info import parse_definitions
from gateway.jobs.backend import Backend
from gateway.jobs.placement import Candidate, choices_on, is_chosen
from gateway.services.bound import BoundParameter, BoundService

__all__ = ["Catalog"]


class Catalog:
    """The live backends' definitions of the classes whose choices live there."""

    def __init__(self, backends: Mapping[str, Backend]) -> None:
        self._backends = backends
        self._known: dict[str, Definitions] = {}

    def candidates(self) -> list[Candidate]:
        """Return every backend as placement sees it."""
        return [
            Candidate(name, each.labels, self._known.get(name))
            for name, each in self._backends.items()
        ]

    async def refresh(self, services: Sequence[BoundService]) -> bool:
        """Ask every backend again; tell whether anything changed. One that is silent keeps its last."""
        class_types = frozenset(
            widget.class_type
            for bound in services
            for parameter in bound.parameters
            for part in parameter.parts
            if part.lives_on_backend
            for widget in part.widgets
        )
        if not class_types:
            return False
        changed = await asyncio.gather(*(self._ask(name, class_types) for name in self._backends))
        return any(changed)

    def with_live_choices(self, bound: BoundService) -> BoundService:
        """Return the service with the choices that its backends offer now, where they told them."""
        fitting = [each for each in self.candidates() if is_chosen(each, bound.service.backend)]
        parameters = tuple(_live(parameter, fitting) for parameter in bound.parameters)
        return bound if parameters == bound.parameters else replace(bound, parameters=parameters)

    async def _ask(self, name: str, class_types: frozenset[str]) -> bool:
        try:
            raw = await self._backends[name].definitions(class_types)
        except BackendError:
            return False
        definitions = parse_definitions(raw)
        changed = self._known.get(name) != definitions
        self._known[name] = definitions
        return changed


def _live(parameter: BoundParameter, fitting: Sequence[Candidate]) -> BoundParameter:
    if parameter.repeat is not None:
        fields = tuple(_live(each, fitting) for each in parameter.repeat.fields)
        return replace(parameter, repeat=replace(parameter.repeat, fields=fields))
    if not parameter.lives_on_backend or parameter.parameter.choices is not None:
        return parameter
    options = choices_on(parameter, fitting)
    if options is None:
        return parameter
    return replace(parameter, options=options, lives_on_backend=False)
