"""The backends as this gateway finds them: which do their part, which are drained, what they have loaded."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from gateway.errors import BackendError, BackendUnreachable
from gateway.jobs.backend import Backend, Health
from gateway.jobs.circuit import Circuit, half_opened, let_down, pause_before
from gateway.jobs.placement import Candidate
from gateway.jobs.standing import Standing

__all__ = ["Fleet"]

_IDLE = 15.0


class Fleet:
    """What is known of the backends; one that is `idle` for so many seconds is asked how it is.

    A backend whose circuit opens is asked how it is, more and more seldom, until it answers; then one
    job may try it. `listen` says who hears of that and places jobs; where nobody does, an answer closes it.

    Attributes:
        backends: All of them, by name.
        candidates: The same as placement sees them, without what files they have.
        news: Set when a backend may have something else than before: it restarted, or is another version.
    """

    def __init__(self, backends: Mapping[str, Backend], idle: float = _IDLE) -> None:
        self.backends = backends
        self.candidates = tuple(Candidate(name, each.labels) for name, each in backends.items())
        self._idle_after = idle
        self.news = asyncio.Event()
        self._circuits = dict.fromkeys(backends, Circuit())
        self._probes: dict[str, asyncio.Task[None]] = {}
        self._drained: frozenset[str] = frozenset()
        self._models: dict[str, frozenset[str]] = {}
        self._runs: Counter[str] = Counter()
        self._trials: set[str] = set()
        self._heard: dict[str, float] = {}
        self._versions: dict[str, str | None] = {}
        self._worse: Callable[[], None] = _nothing
        self._still: Callable[[], None] = _nothing
        self._better: Callable[[], None] = _nothing

    def listen(
        self, worse: Callable[[], None], still: Callable[[], None], better: Callable[[], None]
    ) -> None:
        """Say who hears how the backends are.

        Args:
            worse: Called when one takes no more runs.
            still: Called after each question that one left unanswered.
            better: Called when one takes runs again.
        """
        self._worse, self._still, self._better = worse, still, better

    # --- for whoever places jobs ---

    def takes_runs(self, name: str) -> bool:
        """Tell whether a run may begin there now; a half-open circuit lets one in at a time."""
        if name in self._drained:
            return False
        state = self._circuits[name].state
        return state == "closed" or (state == "half-open" and name not in self._trials)

    def is_open(self, names: Collection[str]) -> bool:
        """Tell whether every one of these backends does not do its part."""
        return all(self._circuits[name].state == "open" for name in names)

    def is_out(self, names: Collection[str]) -> bool:
        """Tell whether none of these backends takes runs: its circuit is open, or it is drained."""
        return all(name in self._drained or self._circuits[name].state == "open" for name in names)

    def newest(self, names: Collection[str]) -> tuple[float, BackendError]:
        """Return since when the one of these open circuits is open that opened last, and why."""
        last = max((self._circuits[name] for name in names), key=lambda each: each.since)
        return last.since, last.error or BackendUnreachable("it does not answer")

    def told(self, names: Collection[str]) -> str:
        """Return a sentence about backends that take no runs, for whoever waits for them."""
        return "; ".join(self._told(name) for name in sorted(names))

    def models(self) -> Mapping[str, frozenset[str]]:
        """Return what the backends have loaded, by name, as far as it is known."""
        return self._models

    def begin(self, name: str) -> bool:
        """Note that a run begins; tell whether it is the one that tries a half-open circuit."""
        self._runs[name] += 1
        trial = self._circuits[name].state == "half-open"
        if trial:
            self._trials.add(name)
        return trial

    def took(self, name: str, models: frozenset[str]) -> None:
        """Note that ComfyUI took a run, with the models that it loads for it: the circuit closes."""
        self._heard[name] = time.monotonic()
        if models:
            self._models[name] = models
        was = self._circuits[name]
        if was != Circuit():
            self._circuits[name] = Circuit()
            self._stop_asking(name)
            if was.state != "closed":
                self._better()

    def end(self, name: str, *, trial: bool) -> None:
        """Note that a run is over there, however; `trial` is what `begin` told of it."""
        self._runs[name] -= 1
        if trial:
            self._trials.discard(name)

    def let_down(self, name: str, error: BackendError) -> None:
        """Note that a backend did not do its part."""
        was = self._circuits[name]
        circuit = self._circuits[name] = let_down(was, time.monotonic(), error)
        if circuit.state != "open" or was.state == "open":
            return
        if isinstance(error, BackendUnreachable):
            self._models.pop(name, None)  # it may well come back as a new process
        self._probes[name] = asyncio.create_task(self._ask_until_answered(name))
        self._worse()

    # --- for whoever looks after them ---

    def drain(self, names: Collection[str]) -> None:
        """Let these backends take no new runs, and all others take them."""
        before, self._drained = self._drained, frozenset(names)
        if self._drained - before:
            self._worse()
        if before - self._drained:
            self._better()

    def learn(self, models: Mapping[str, frozenset[str]]) -> None:
        """Take over what ran last on backends of which nothing is known yet."""
        self._models = {**models, **self._models}

    def standing(self, name: str) -> Standing:
        """Return how a backend stands."""
        circuit = self._circuits[name]
        standing = Standing(
            drained=name in self._drained, models=self._models.get(name, frozenset())
        )
        if circuit.state == "closed":
            return standing
        ago = time.monotonic() - circuit.since
        reason = circuit.error.reason if circuit.error is not None else ""
        return replace(standing, state=circuit.state, since=time.time() - ago, reason=reason)

    async def look_for_ever(self) -> None:
        """Ask idle backends now and then, until cancelled: a dead one is known before a job meets it."""
        while True:
            await asyncio.sleep(self._idle_after / 3)
            await asyncio.gather(*(self._look(name) for name in self._idle()))

    async def close(self) -> None:
        """Stop asking."""
        probes = tuple(self._probes.values())
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)

    # --- asking ---

    def _idle(self) -> list[str]:
        due = time.monotonic() - self._idle_after
        return [
            name
            for name, circuit in self._circuits.items()
            if circuit.state != "open" and not self._runs[name] and self._heard.get(name, 0) < due
        ]

    async def _look(self, name: str) -> None:
        health = await self.backends[name].health()
        self._hear(name, health)
        if not health.reachable:
            self.let_down(name, health.fault or BackendUnreachable(health.error, where=name))

    async def _ask_until_answered(self, name: str) -> None:
        questions = 0
        silent = isinstance(self._circuits[name].error, BackendUnreachable)
        while True:
            await asyncio.sleep(pause_before(self._circuits[name], questions))
            health = await self.backends[name].health()
            if health.reachable:
                break
            questions += 1
            self._still()
        self._hear(name, health)
        del self._probes[name]
        if self._better is _nothing:
            self._circuits[name] = Circuit()  # no job will try it here: its answer must do
        else:
            self._circuits[name] = half_opened(self._circuits[name])
        if silent:
            self.news.set()
        self._better()

    def _hear(self, name: str, health: Health) -> None:
        self._heard[name] = time.monotonic()
        if health.reachable:
            known = self._versions.get(name)
            self._versions[name] = health.version
            if known is not None and known != health.version:
                self._models.pop(name, None)
                self.news.set()

    def _stop_asking(self, name: str) -> None:
        probe = self._probes.pop(name, None)
        if probe is not None:
            probe.cancel()

    def _told(self, name: str) -> str:
        circuit = self._circuits[name]
        if circuit.state != "open" or circuit.error is None:
            return f"backend {name} is drained: it takes no new runs until it is resumed"
        said = "does not answer" if isinstance(circuit.error, BackendUnreachable) else "is left out"
        return f"backend {name} {said}: {circuit.error.reason}"


def _nothing() -> None:
    """Do nothing: nobody listens."""
