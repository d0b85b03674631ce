"""Which models a run loads, and which were loaded last: what makes a backend warm for a job."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gateway.errors import ArgumentError
from gateway.graph.json_value import Json
from gateway.jobs.job import Job
from gateway.services.arrange import arranged
from gateway.services.bound import BoundService
from gateway.services.changes import changes_of

__all__ = ["last_models", "models_of"]


def models_of(bound: BoundService, arguments: Mapping[str, Json]) -> frozenset[str]:
    """Return the model files that a call's graph names.

    A template that cannot be rendered with these arguments is an ArgumentError, `template-failed`; a
    graph that cannot run with them is one as well, `graph-not-runnable`.

    Args:
        bound: The service.
        arguments: As `accept` returned them.
    """
    if not bound.models:
        return frozenset()
    bound = arranged(bound, arguments)
    changes = changes_of(bound, arguments, {}) if _sets_models(bound) else {}
    own = ((key, bound.prompt[key[0]].inputs.get(key[1])) for key in bound.models)
    named = (changes.get(key, value) for key, value in own)
    return frozenset(each for each in named if isinstance(each, str))


def last_models(
    newest: Iterable[Job], services: Mapping[str, BoundService]
) -> Mapping[str, frozenset[str]]:
    """Return the models of the last completed job of each backend.

    Args:
        newest: Jobs, newest first.
        services: As they are now, by name; a job of another one tells nothing.
    """
    found: dict[str, frozenset[str]] = {}
    for job in newest:
        bound = services.get(job.service)
        run = job.run
        if bound is None or run is None or job.status != "completed" or run.backend in found:
            continue
        try:
            models = models_of(bound, job.arguments)
        except ArgumentError:
            continue  # the service has changed since
        if models:
            found[run.backend] = models
    return found


def _sets_models(bound: BoundService) -> bool:
    return any(
        widget.key in bound.models for each in bound.parameters for widget in each.all_widgets
    )
