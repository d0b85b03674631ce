"""Backends that do not answer: since when, what they said last, and asking them until they are back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from gateway.errors import BackendUnreachable
from gateway.jobs.backend import Backend

__all__ = ["Outage", "Outages"]

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


@dataclass(frozen=True, slots=True)
class Outage:
    """One backend's silence: since when, on the monotonic clock, and its error."""

    since: float
    error: BackendUnreachable


class Outages:
    """The backends that do not answer now.

    Each is asked again, more and more seldom: `still` is called after each question that was not
    answered, `back` after the one that was.
    """

    def __init__(
        self,
        backends: Mapping[str, Backend],
        still: Callable[[], None],
        back: Callable[[], None],
    ) -> None:
        self._backends = backends
        self._still = still
        self._back = back
        self._outages: dict[str, Outage] = {}
        self._probes: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._outages

    def all_of(self, names: Collection[str]) -> bool:
        """Tell whether every one of these backends is silent."""
        return all(name in self._outages for name in names)

    def mark(self, name: str, error: BackendUnreachable) -> bool:
        """Note that a backend does not answer, and begin to ask it; False when that was known."""
        if name in self._outages:
            return False
        self._outages[name] = Outage(time.monotonic(), error)
        self._probes[name] = asyncio.create_task(self._probe(name))
        return True

    def newest(self, names: Collection[str]) -> Outage:
        """Return the outage of the one of these backends that fell silent last."""
        return max((self._outages[name] for name in names), key=lambda each: each.since)

    def told(self, names: Collection[str]) -> str:
        """Return a sentence about these backends for whoever waits for them."""
        return "; ".join(
            f"backend {name} does not answer: {self._outages[name].error.reason}"
            for name in sorted(names)
        )

    async def close(self) -> None:
        """Stop asking."""
        probes = tuple(self._probes.values())
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)

    async def _probe(self, name: str) -> None:
        pause = _FIRST_PAUSE
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            if (await self._backends[name].health()).reachable:
                break
            self._still()
        del self._outages[name]
        del self._probes[name]
        self._back()
