"""Which backends have a job's models loaded, as far as the jobs that ended last on them tell."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from gateway.errors import ArgumentError, GatewayError
from gateway.jobs.job import Job
from gateway.jobs.models import last_models, models_of
from gateway.jobs.store import LastingJobStore
from gateway.services.bound import BoundService

__all__ = ["Warmth"]

_LOOK_EVERY = 3.0
_RECALLED = 50


class Warmth:
    """Learned from the store, now and then: workers on other machines ran those jobs.

    Args:
        store: The jobs.
        services: Returns the services as they are now, by name.
    """

    def __init__(
        self, store: LastingJobStore, services: Callable[[], Mapping[str, BoundService]]
    ) -> None:
        self._store = store
        self._services = services
        self._models: Mapping[str, frozenset[str]] = {}
        self._drained: frozenset[str] = frozenset()

    def choose(self, bound: BoundService, job: Job, fitting: Collection[str]) -> str | None:
        """Return a backend that has all of a job's models loaded; None when none has, or every one."""
        try:
            wanted = models_of(bound, job.arguments)
        except ArgumentError:
            return None  # its end will say so
        usable = [each for each in sorted(fitting) if each not in self._drained]
        warm = [each for each in usable if wanted and wanted <= self._models.get(each, frozenset())]
        return random.choice(warm) if 0 < len(warm) < len(usable) else None  # noqa: S311

    async def look(self) -> None:
        """Learn what ran last.

        Raises:
            GatewayError: The store cannot be asked.
        """
        self._drained = frozenset(await self._store.drained())
        self._models = last_models(await self._store.newest(_RECALLED), self._services())

    async def look_for_ever(self) -> None:
        """Learn it now and then, until cancelled."""
        while True:
            with suppress(GatewayError):
                await self.look()
            await asyncio.sleep(_LOOK_EVERY)
