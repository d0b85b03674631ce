"""Whether a service's graph can run whatever its arguments make of its shape: tried out at load.

Each parameter that changes the shape has a few states (a label, a file that is there or not, no item,
some). Every one is tried, and all of them together as long as they are not too many; what only those
beyond would tell is told at the call.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from math import prod

from gateway.errors import Finding, Place
from gateway.graph.json_value import Json
from gateway.graph.slots import DefinitionNeeded
from gateway.services.arrange import Arrangement, arrangement_of, flaw_of
from gateway.services.bind_edits import definition_needed
from gateway.services.bound import BoundParameter, BoundService
from gateway.services.model import Fixed, LeftOut, Required
from gateway.services.surroundings import node_named

__all__ = ["check_edits"]

_MOST_TRIED = 512


@dataclass(frozen=True, slots=True)
class _State:
    """What one parameter may be.

    Attributes:
        arguments: What a call would bring of it; {} when it is left out.
        said: It in words.
        changes: It changes the graph's shape.
    """

    bound: BoundParameter
    arguments: Mapping[str, Json]
    said: str
    changes: bool = False


def check_edits(bound: BoundService) -> Iterator[Finding]:
    """Yield what keeps a service's graph from running, for some of the arguments it takes."""
    edits = [each for each in bound.parameters if each.edits]
    if bound.editing is None:
        return
    yield from _repeated_twice(edits)
    yield from _shared(edits, bound)
    states = [tuple(_states_of(each)) for each in edits]
    resting = [each[0] for each in states]
    wrong = False
    for index, own in enumerate(states):
        for state in own:
            tried = [*resting[:index], state, *resting[index + 1 :]]
            faults = list(_faults(bound, tried, state))
            wrong = wrong or bool(faults)
            yield from faults or _outputs_gone(bound, tried, resting, state)
    if not wrong and len(states) > 1 and prod(len(each) for each in states) <= _MOST_TRIED:
        together = (fault for tried in product(*states) for fault in _faults(bound, tried, None))
        yield from islice(together, 1)


def _states_of(each: BoundParameter) -> list[_State]:
    """Return the states of a parameter, one that changes nothing first where there is one."""
    found = [*_labels_of(each), *_files_of(each), *_lists_of(each)]
    return sorted(found, key=lambda state: state.changes)


def _labels_of(each: BoundParameter) -> Iterator[_State]:
    if not each.settings:
        return
    match each.parameter.supply:
        case Fixed(value):
            yield _State(each, {}, f"`{each.name}` is {value}", changes=value in each.cuts)
        case supply:
            if isinstance(supply, LeftOut):
                yield _State(each, {}, f"`{each.name}` is left out")
            for label in each.settings:
                said = f"`{each.name}` is {label}"
                yield _State(each, {each.name: label}, said, changes=label in each.cuts)


def _files_of(each: BoundParameter) -> Iterator[_State]:
    if each.absence is not None:
        yield _State(each, {each.name: "a file"}, f"`{each.name}` is given")
        yield _State(each, {}, f"`{each.name}` is left out", changes=True)


def _lists_of(each: BoundParameter) -> Iterator[_State]:
    if each.repeat is None:
        return
    supply = each.parameter.supply
    if not isinstance(supply, Required):
        changes = not isinstance(supply, LeftOut)
        yield _State(each, {}, f"`{each.name}` is left out", changes=changes)
    if not isinstance(supply, Fixed):
        row: Json = "" if each.repeat.plain else {}
        some: list[Json] = [row] * min(2, each.repeat.max_items)
        nothing: list[Json] = []
        yield _State(each, {each.name: some}, f"`{each.name}` has {len(some)} items", changes=True)
        yield _State(each, {each.name: nothing}, f"`{each.name}` is empty", changes=True)


def _faults(
    bound: BoundService, states: Sequence[_State], cause: _State | None
) -> Iterator[Finding]:
    """Yield what is wrong with the graph of some states; `cause` is the one that is looked at."""
    about = cause or states[-1]
    place = _place_of(about)
    said = " and ".join(each.said for each in states if each is cause or each.changes)
    try:
        found = arrangement_of(bound, _arguments(states), bound.editing or {})
    except DefinitionNeeded as needed:
        yield _of(about, definition_needed(needed.class_type, place))
        return
    if flaw := flaw_of(found, bound.prompt):
        yield _of(
            about,
            Finding(
                code="edit-input-missing" if found.lost else "edit-nothing-runs",
                message=f"when {said}, the graph cannot run: {flaw}",
                place=place,
                found=found.lost[0].node_id if found.lost else about.bound.name,
                mend=_mend(found),
            ),
        )


def _mend(found: Arrangement) -> str:
    if found.lost:
        return "Take out what needs it as well, or leave the node in."
    if any(found.absence.gone.values()):
        return 'Make the file required: true, or say which nodes go: when_absent: {bypass: ["12"]}.'
    return "Keep a node that saves or previews."


def _outputs_gone(
    bound: BoundService, tried: Sequence[_State], resting: Sequence[_State], cause: _State
) -> Iterator[Finding]:
    """Yield the named outputs that a state costs, those aside that others cost anyway."""
    if not cause.changes:
        return
    others = bound.prompt if cause in resting else _nodes(bound, resting)
    here = _nodes(bound, tried)
    for output in bound.outputs:
        if output.node_id in others and output.node_id not in here:
            named = node_named(output.node_id, bound.prompt[output.node_id])
            yield _of(
                cause,
                Finding(
                    code="edit-output-gone",
                    severity="warning",
                    message=f"when {cause.said}, there is no output `{output.name}`: node {named} is "
                    "taken out",
                    place=_place_of(cause),
                    found=output.name,
                    mend="Keep the node, or leave its output without a name.",
                ),
            )


def _nodes(bound: BoundService, states: Sequence[_State]) -> Container[str]:
    """Return the ids of the nodes that are left in some states."""
    try:
        return arrangement_of(bound, _arguments(states), bound.editing or {}).prompt
    except DefinitionNeeded:
        return bound.prompt


def _arguments(states: Sequence[_State]) -> dict[str, Json]:
    return {name: value for each in states for name, value in each.arguments.items()}


def _place_of(state: _State) -> Place:
    parameter = state.bound.parameter
    label = state.arguments.get(state.bound.name)
    choice = next((each for each in parameter.choice_map if each.label == label), None)
    if choice is not None:
        return choice.place
    key = next((each for each in ("when_absent", "repeat") if each in parameter.places), "")
    return parameter.places.get(key, parameter.place)


def _of(state: _State, finding: Finding) -> Finding:
    return replace(finding, parameter=state.bound.name)


def _repeated_twice(edits: Sequence[BoundParameter]) -> Iterator[Finding]:
    owners: dict[str, str] = {}
    for each in edits:
        if each.repeat is None:
            continue
        owner = owners.setdefault(each.repeat.node_id, each.name)
        if owner != each.name:
            yield Finding(
                code="repeat-shared",
                message=f"node {each.repeat.node_id} is repeated by the parameter `{owner}` already",
                place=each.parameter.places.get("repeat", each.parameter.place),
                parameter=each.name,
                found=each.repeat.node_id,
                mend="Let one list repeat it.",
            )


def _shared(edits: Sequence[BoundParameter], bound: BoundService) -> Iterator[Finding]:
    """Yield the nodes that one parameter bypasses and another mutes: which would hold?"""
    bypassed: dict[str, str] = {}
    for each in edits:
        bypassed.update(dict.fromkeys(_taken_out(each)[0], each.name))
    for each in edits:
        for node_id in sorted(_taken_out(each)[1]):
            if bypassed.get(node_id, each.name) != each.name:
                yield Finding(
                    code="edit-shared",
                    message=f"node {node_named(node_id, bound.prompt[node_id])} is muted here, and "
                    f"bypassed by the parameter `{bypassed[node_id]}`",
                    place=each.parameter.place,
                    parameter=each.name,
                    found=node_id,
                    mend="Let both do the same.",
                )


def _taken_out(each: BoundParameter) -> tuple[frozenset[str], frozenset[str]]:
    told = each.absence.cut if each.absence is not None else None
    cuts = [*each.cuts.values(), *([told] if told is not None else [])]
    return (
        frozenset(node_id for some in cuts for node_id in some.bypassed),
        frozenset(node_id for some in cuts for node_id in some.muted),
    )
