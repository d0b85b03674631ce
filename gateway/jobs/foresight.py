"""Where a job would go if it came now, decided by what decides it for those that come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.jobs.job import Job
from gateway.jobs.line import Line, Slots, Waiting
from gateway.jobs.models import models_of
from gateway.jobs.placement import Candidate, fitting_backends, is_chosen, reason_for
from gateway.services.bound import BoundService

__all__ = ["Foresight", "Surroundings", "foresee"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How the backends are.

    Attributes:
        candidates: Every declared one.
        slots: Of each, by name.
        loaded: Name → models that it has loaded.
        out: Name → why it takes no runs, of those that take none.
    """

    candidates: Sequence[Candidate]
    slots: Mapping[str, Slots]
    loaded: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    out: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Foresight:
    """What would become of a job.

    Attributes:
        backend: Where it would run at once; None: it would wait, or fail.
        because: Why, in a few words for people.
        reasons: Of every backend: why it is that one, or not.
        models: The model files that the run loads.
        waits: Whether it would stand in line until a slot is free.
    """

    backend: str | None
    because: str
    reasons: Mapping[str, str]
    models: frozenset[str]
    waits: bool = False


def foresee(bound: BoundService, job: Job, around: Surroundings) -> Foresight:
    """Tell where a job would go.

    Raises:
        ArgumentError: No declared backend has the file that an argument chooses.
    """
    fitting = fitting_backends(bound, job.arguments, around.candidates)
    models = models_of(bound, job.arguments)
    line = Line()
    line.add(Waiting(-job.priority, 0, job.created_at, job.id, fitting, models))
    taking = {name: each for name, each in around.slots.items() if name not in around.out}
    placed = line.place(taking, around.loaded)
    if placed is None:
        because, backend = _why_nowhere(fitting, around), None
    else:
        because, backend = (
            reason_for(bound.service.backend, around.candidates, placed),
            placed.backend,
        )
    reasons = {
        each.name: because if each.name == backend else _reason(bound, each, fitting, around)
        for each in around.candidates
    }
    waits = backend is None and any(name not in around.out for name in fitting)
    return Foresight(backend, because, reasons, models, waits)


def _why_nowhere(fitting: frozenset[str], around: Surroundings) -> str:
    if not fitting:
        return "no backend may run it"
    if all(name in around.out for name in fitting):
        return "no backend that may run it takes runs now"
    return "it would wait for a free slot"


def _reason(
    bound: BoundService, candidate: Candidate, fitting: frozenset[str], around: Surroundings
) -> str:
    name = candidate.name
    if not is_chosen(candidate, bound.service.backend):
        return "the service's `backend` leaves it out"
    if name not in fitting:
        return "it lacks what the arguments choose"
    if name in around.out:
        return around.out[name]
    if around.slots[name].free <= 0:
        return "it has no free slot"
    return "it could run it as well"
