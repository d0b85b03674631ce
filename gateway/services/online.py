"""What live backends would refuse of a service, and how they differ: each thing told once, for all of them.

An error on some of the backends that may run a service is a warning: it runs elsewhere. That placement
looks only at the files that arguments choose is told with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from gateway.errors import Finding
from gateway.graph.definitions import Definition, Definitions
from gateway.graph.prompt import link_of
from gateway.services.bound import BoundService
from gateway.services.definition_differences import differences
from gateway.services.objections import Objection, Told, objections_to
from gateway.wire.clean import clean_text

__all__ = ["differing_backends", "service_findings", "stale_definitions", "unchecked"]

_LISTED = 4
_MAY_FAIL = (
    "Until then calls that are placed there fail: `backend:` of the service keeps them away."
)


def service_findings(bound: BoundService, backends: Sequence[Told]) -> tuple[Finding, ...]:
    """Return what backends would refuse of a service.

    Args:
        bound: The service.
        backends: Those that may run it and that answered.
    """
    by_backend = {each.name: objections_to(bound, each) for each in backends}
    found_on: dict[tuple[str, ...], dict[str, None]] = {}
    first: dict[tuple[str, ...], Objection] = {}
    for name, refused in by_backend.items():
        for each in refused:
            key = (each.code, *each.about)
            first.setdefault(key, each)
            found_on.setdefault(key, {})[name] = None
    where = {key: list(names) for key, names in found_on.items()}
    told = {key: each for key, each in first.items() if _counts(each, where[key], backends)}
    failing = {
        name for key, each in told.items() if each.severity == "error" for name in where[key]
    }
    runs = len(failing) < len(backends)
    return tuple(
        _finding(bound, each, where[key], names=list(by_backend), runs=runs)
        for key, each in told.items()
    )


def _counts(refused: Objection, where: Sequence[str], backends: Sequence[Told]) -> bool:
    """Tell whether calls can meet it: those that choose a file are placed where that file is."""
    return not refused.avoided or len(where) == len(backends)


def _finding(
    bound: BoundService,
    refused: Objection,
    where: Sequence[str],
    *,
    names: Sequence[str],
    runs: bool,
) -> Finding:
    avoidable = refused.severity == "error" and runs
    mend = f"{refused.mend} {_MAY_FAIL}" if avoidable else refused.mend
    return Finding(
        code=refused.code,
        # Names of classes and inputs are the packs' own: nothing hidden in them reaches a terminal.
        message=clean_text(f"{_on(where, names)}: {refused.message}", None),
        place=refused.place,
        severity="warning" if avoidable else refused.severity,
        service=bound.name,
        parameter=refused.parameter,
        found=refused.found,
        mend=clean_text(mend, None) or None,
    )


def _on(where: Sequence[str], names: Sequence[str]) -> str:
    if len(names) > 1 and len(where) == len(names):
        return f"on every backend that may run it ({', '.join(where)})"
    return f"on {'backend' if len(where) == 1 else 'backends'} {', '.join(where)}"


def unchecked(bound: Iterable[BoundService]) -> tuple[Finding, ...]:
    """Return what to tell of services none of whose backends answered, while others did."""
    return tuple(
        Finding(
            code="service-not-checked",
            message="none of the backends that may run it answered, so it was not checked",
            place=each.service.place,
            severity="warning",
            service=each.name,
            mend="Start one of them and validate again.",
        )
        for each in bound
    )


def differing_backends(
    services: Iterable[tuple[BoundService, Sequence[Told]]],
) -> tuple[Finding, ...]:
    """Return which node classes are not the same on backends that may run the same service.

    Args:
        services: Each with the backends that may run it and that answered.
    """
    found: dict[tuple[str, tuple[str, ...]], tuple[Finding, list[str]]] = {}
    for bound, backends in services:
        for class_type, told in _differing(bound, backends):
            key = (class_type, told)
            if key in found:
                found[key][1].append(bound.name)
            else:
                found[key] = (_difference(bound, class_type, told), [])
    return tuple(_shared(finding, more) for finding, more in found.values())


def _differing(
    bound: BoundService, backends: Sequence[Told]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    linked = _linked_classes(bound)
    for class_type in dict.fromkeys(node.class_type for node in bound.prompt.values()):
        sides = {
            each.name: each.definitions[class_type]
            for each in backends
            if class_type in each.definitions
        }
        if class_type not in linked:  # what nobody takes from it does no harm
            sides = {name: replace(each, outputs=()) for name, each in sides.items()}
        if len(sides) > 1 and (told := differences(sides)):
            yield class_type, told


def _linked_classes(bound: BoundService) -> frozenset[str]:
    links = (link_of(each) for node in bound.prompt.values() for each in node.inputs.values())
    sources = {each.node_id for each in links if each is not None}
    return frozenset(node.class_type for key, node in bound.prompt.items() if key in sources)


def _difference(bound: BoundService, class_type: str, told: Sequence[str]) -> Finding:
    service = bound.service
    return Finding(
        code="backends-differ",
        message=clean_text(
            f"node class {class_type} is not the same on its backends: {_cut(told)}", None
        ),
        place=service.places.get("workflow", service.place),
        severity="warning",
        service=bound.name,
        found=class_type,
        mend="Bring the backends to the same version, or give the service's `backend` a label.",
    )


def _shared(finding: Finding, more: Sequence[str]) -> Finding:
    if not more:
        return finding
    return replace(finding, message=f"{finding.message} (so for {', '.join(more)})")


def stale_definitions(
    pinned: Definitions, live: Mapping[str, Definitions], file: str
) -> tuple[Finding, ...]:
    """Return which pinned definitions are those of no live backend.

    Args:
        pinned: As the project has them; {} when it has none.
        live: Backend → its definitions, as they would be pinned.
        file: Where they are pinned, as people are told.
    """
    changed: dict[str, str] = {}
    for class_type, definition in pinned.items():
        sides = {name: each[class_type] for name, each in live.items() if class_type in each}
        told = [_since(definition, name, side) for name, side in sides.items()]
        if told and all(told):
            changed[class_type] = told[0]
    if not changed:
        return ()
    listed = [f"{name} ({what})" for name, what in list(changed.items())[:_LISTED]]
    rest = len(changed) - len(listed)
    return (
        Finding(
            code="definitions-stale",
            message=clean_text(
                f"{file} is not what the backends have now: {'; '.join(listed)}"
                f"{f'; and {rest} more' if rest else ''}",
                None,
            ),
            severity="warning",
            found=", ".join(changed),
            mend="Pin them anew: gateway definitions pull.",
        ),
    )


def _since(pinned: Definition, name: str, live: Definition) -> str:
    return _cut(differences({"the pinned one": pinned, name: live}), 2)


def _cut(told: Sequence[str], most: int = _LISTED) -> str:
    more = len(told) - most
    return "; ".join(told[:most]) + (f"; and {more} more" if more > 0 else "")
