"""Which queue a job waits in, which queues a backend's worker serves, and how urgent a job is there.

A queue is a choice of backends as services make it: any, one by name, or those with certain labels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from itertools import combinations

from gateway.jobs.placement import Candidate, is_chosen
from gateway.services.model import AnyBackend, BackendChoice, LabelledBackend, NamedBackend

__all__ = ["WARM", "own_queue", "priority_of", "queue_of", "queues_of", "warm_queue"]

_ANY = "any"
_LABELS_TOLD = 3
"""Labels in a queue's name; a worker that gets a job which asks for more than it has passes it on."""

_PLACES = 100_000
_LONGEST = 40
"""Bytes of a queue's name: with procrastinate's own words before it, it names a channel of PostgreSQL."""

WARM = "warm."
"""What the names of queues begin with in which jobs wait only for a moment."""


def own_queue(backend: str) -> str:
    """Return the queue of one backend alone."""
    return _named("backend.", backend)


def warm_queue(backend: str) -> str:
    """Return the queue of jobs that would like this backend, but wait for it only for a moment."""
    return _named(WARM, backend)


def queue_of(
    choice: BackendChoice, fitting: Collection[str], candidates: Iterable[Candidate]
) -> str:
    """Return the queue for a job.

    Args:
        choice: What its service asks for.
        fitting: Names of the backends it may run on; fewer than chosen when a file is not on all.
        candidates: Every declared backend.
    """
    chosen = {each.name for each in candidates if is_chosen(each, choice)}
    if fitting and not chosen <= set(fitting):
        return own_queue(min(fitting))
    match choice:
        case AnyBackend():
            return _ANY
        case NamedBackend(name):
            return own_queue(name)
        case LabelledBackend(labels):
            return _labelled(sorted(labels)[:_LABELS_TOLD])


def queues_of(backend: str, labels: Collection[str]) -> list[str]:
    """Return the queues that a backend's worker serves: any, its own two, and each set of its labels."""
    ordered = sorted(labels)
    sets = (
        each
        for size in range(1, min(len(ordered), _LABELS_TOLD) + 1)
        for each in combinations(ordered, size)
    )
    return [_ANY, own_queue(backend), warm_queue(backend), *(_labelled(each) for each in sets)]


def priority_of(priority: int, place: int) -> int:
    """Return how urgent a job is among all: by its service's priority, then its caller's place in line.

    Args:
        priority: −100…100, higher first.
        place: How many unfinished jobs its caller had when it came.
    """
    return priority * _PLACES - min(place, _PLACES - 1)


def _labelled(labels: Iterable[str]) -> str:
    return _named("labels.", "+".join(labels))


def _named(kind: str, what: str) -> str:
    name = kind + what
    if len(name.encode()) <= _LONGEST:
        return name
    return kind + hashlib.sha256(what.encode()).hexdigest()[: _LONGEST - len(kind)]
