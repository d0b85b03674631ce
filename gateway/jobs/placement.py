"""Which backends a job may run on: by name or labels, and by the files its arguments choose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from gateway.errors import ArgumentError, ArgumentFault
from gateway.graph.definitions import Combo, Definitions
from gateway.graph.json_value import Json, as_array, as_object
from gateway.jobs.line import Placed
from gateway.services.arrange import arranged
from gateway.services.bound import BoundParameter, BoundService
from gateway.services.model import AnyBackend, BackendChoice, LabelledBackend, NamedBackend

__all__ = ["Candidate", "choices_on", "fitting_backends", "is_chosen", "reason_for"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A backend as placement sees it; `definitions` is None until it told them."""

    name: str
    labels: frozenset[str]
    definitions: Definitions | None = None


def fitting_backends(
    bound: BoundService, arguments: Mapping[str, Json], candidates: Iterable[Candidate]
) -> frozenset[str]:
    """Return the names of the backends that may run this call.

    A backend that has not told its definitions is given the benefit of the doubt.

    Raises:
        ArgumentError: No declared backend has the file that an argument chooses, or the graph that
            the arguments make cannot run.
    """
    fitting = [each for each in candidates if is_chosen(each, bound.service.backend)]
    # What goes into nodes that this call takes out need be nowhere.
    for parameter in arranged(bound, arguments).parameters:
        for pointer, part, value in _chosen(parameter, arguments):
            having = [each for each in fitting if _has(each, part, value)]
            if fitting and not having:
                raise ArgumentError([_nowhere(pointer, part, value, fitting)])
            fitting = having
    return frozenset(each.name for each in fitting)


def _chosen(
    parameter: BoundParameter, arguments: Mapping[str, Json]
) -> Iterator[tuple[str, BoundParameter, Json]]:
    """Yield (pointer, parameter or field of an item, value) of each file that a call chooses."""
    value = arguments.get(parameter.name)
    pointer = f"/{parameter.name}"
    if parameter.lives_on_backend and value is not None:
        yield pointer, parameter, value
    fields = parameter.repeat.fields if parameter.repeat is not None else ()
    items = as_array(value) or ()
    for field in fields:
        for number, item in enumerate(items if field.lives_on_backend else ()):
            row = as_object(item)
            within = "" if row is None else f"/{field.name}"
            chosen = item if row is None else row.get(field.name)
            if chosen is not None:
                yield f"{pointer}/{number}{within}", field, chosen


def choices_on(
    parameter: BoundParameter, candidates: Iterable[Candidate]
) -> tuple[Json, ...] | None:
    """Return the union of what a parameter may be over these backends, in their order.

    None when a backend that told its definitions leaves the choice open, or none told them.
    """
    known = [each for each in candidates if each.definitions is not None]
    options: dict[Json, None] = {}
    for each in known:
        found = _options(each, parameter)
        if found is None:
            return None
        options.update(dict.fromkeys(found))
    return tuple(options) if known else None


def is_chosen(candidate: Candidate, choice: BackendChoice) -> bool:
    """Tell whether a service's choice of backends allows this one."""
    match choice:
        case AnyBackend():
            return True
        case NamedBackend(name):
            return candidate.name == name
        case LabelledBackend(labels):
            return labels <= candidate.labels
        case _:
            assert_never(choice)


def reason_for(choice: BackendChoice, candidates: Iterable[Candidate], placed: Placed) -> str:
    """Return why a job goes to its backend, in a few words for people.

    Args:
        choice: What the service says.
        candidates: Every declared backend.
        placed: The job, on its backend.
    """
    if isinstance(choice, NamedBackend):
        return "named by the service"
    if sum(is_chosen(each, choice) for each in candidates) == 1:
        return _only(choice)
    if placed.loaded:
        name, *more = sorted(placed.loaded)
        return f"has {name} loaded" if not more else f"has {name} and {len(more)} more loaded"
    if len(placed.waiting.fitting) == 1:
        return "the only one that can run it"
    return f"least busy of {placed.free}" if placed.free > 1 else "the only one with a free slot"


def _only(choice: BackendChoice) -> str:
    if not isinstance(choice, LabelledBackend):
        return "the only backend"
    return f"the only one with {'label' if len(choice.labels) == 1 else 'labels'} {', '.join(sorted(choice.labels))}"


def _has(candidate: Candidate, parameter: BoundParameter, value: Json) -> bool:
    options = _options(candidate, parameter)
    return options is None or value in options


def _options(candidate: Candidate, parameter: BoundParameter) -> tuple[Json, ...] | None:
    """Return what every widget of the parameter takes there; None when that is not known."""
    common: tuple[Json, ...] | None = None
    for widget in parameter.widgets:
        definition = (candidate.definitions or {}).get(widget.class_type)
        known = definition.inputs.get(widget.widget) if definition is not None else None
        if known is None or not isinstance(known.kind, Combo) or known.kind.options is None:
            continue
        options = known.kind.options
        common = options if common is None else tuple(each for each in common if each in options)
    return common


def _nowhere(
    pointer: str, parameter: BoundParameter, value: Json, candidates: Iterable[Candidate]
) -> ArgumentFault:
    there = choices_on(parameter, candidates) or ()
    shown = ", ".join(str(each) for each in there[:20]) + (", …" if len(there) > 20 else "")
    return ArgumentFault(
        pointer,
        f"no backend of this service has {value!r}; there are: {shown or 'none'}",
    )
