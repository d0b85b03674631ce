"""A service as one call shapes its graph: nodes bypassed, muted and repeated, by the arguments alone.

Nodes are taken out first, then what hangs on absent files, and nodes are repeated last; widgets are set
afterwards, in every node of a chain. So the same arguments make the same graph at any time, and a job
needs to keep nothing but them. A node that is taken out is not repeated, and what would be set in it
is not set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from gateway.errors import ArgumentError, ArgumentFault
from gateway.graph.absence import Absence, absence_of, runs_for
from gateway.graph.cut import Cut, Lost, cut, lost_inputs
from gateway.graph.definitions import Definitions
from gateway.graph.json_value import Json, as_array
from gateway.graph.patch import wrapped
from gateway.graph.prompt import Node, Prompt
from gateway.graph.repeat import clone_ids, repeat
from gateway.graph.slots import DefinitionNeeded
from gateway.services.bound import (
    BoundParameter,
    BoundRepeat,
    BoundService,
    BoundWidget,
    WidgetKey,
)
from gateway.services.changes import value_of
from gateway.services.items import fields_of
from gateway.services.model import Fixed
from gateway.services.surroundings import node_named, nodes_named
from gateway.services.values import pointer_of

__all__ = ["Arrangement", "always_arranged", "arranged", "arrangement_of", "flaw_of"]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The graph that some arguments make.

    Attributes:
        chains: Repeated node → the ids of its chain, its own first.
        absence: What went with absent files.
        lost: Required inputs of nodes that ComfyUI would run, which have no source any more.
        runs: The nodes that ComfyUI runs.
    """

    prompt: Prompt
    chains: Mapping[str, tuple[str, ...]]
    absence: Absence
    lost: tuple[Lost, ...]
    runs: frozenset[str]


def arranged(bound: BoundService, arguments: Mapping[str, Json]) -> BoundService:
    """Return the service with the graph that a call runs; one without such changes as it is.

    Args:
        bound: The service.
        arguments: As `accept` returned them.

    Raises:
        ArgumentError: `graph-not-runnable`: these arguments together leave nothing that can run.
    """
    definitions = bound.editing
    if definitions is None:
        return bound
    try:
        found = arrangement_of(bound, arguments, definitions)
    except DefinitionNeeded as needed:
        raise _not_runnable(
            bound, arguments, f"nothing is known of {needed.class_type}"
        ) from needed
    if flaw := flaw_of(found, bound.prompt):
        raise _not_runnable(bound, arguments, flaw)
    if not _is_changed(found.prompt, bound.prompt):
        return replace(bound, editing=None)
    return _reshaped(bound, found)


def always_arranged(bound: BoundService) -> BoundService:
    """Return the service without the nodes that fixed values take out of every call's graph."""
    if bound.editing is None:
        return bound
    out = [
        each
        for each in bound.parameters
        if isinstance(each.parameter.supply, Fixed) and not _rows(each, {})
    ]
    found = arrangement_of(replace(bound, parameters=tuple(out)), {}, bound.editing)
    return replace(_reshaped(bound, found), editing=bound.editing)


def arrangement_of(
    bound: BoundService, arguments: Mapping[str, Json], definitions: Definitions
) -> Arrangement:
    """Return the graph that arguments make, whether it can run or not.

    Raises:
        DefinitionNeeded: The class of a node is not known, and links cannot be passed on.
    """
    out, left_out = _out(bound, arguments)
    before = cut(bound.prompt, out, definitions)
    absence = absence_of(before, left_out, definitions)
    prompt = cut(before, absence.cut, definitions)
    runs = runs_for(prompt, definitions)
    lost = tuple(
        each for each in lost_inputs(bound.prompt, prompt, definitions) if each.node_id in runs
    )
    chains: dict[str, tuple[str, ...]] = {}
    for each in bound.parameters:
        rows = _rows(each, arguments)
        if each.repeat is not None and rows and each.repeat.node_id in prompt:
            node_id = each.repeat.node_id
            chains[node_id] = clone_ids(prompt, node_id, len(rows))
            prompt = repeat(prompt, node_id, each.repeat.carries, len(rows))
            prompt = _filled(prompt, chains[node_id], each.repeat, rows)
    runs = runs_for(prompt, definitions) if chains else runs
    return Arrangement(prompt, chains, absence, lost, runs)


def flaw_of(found: Arrangement, original: Prompt) -> str:
    """Say why a graph cannot run, or return ''."""
    if found.lost:
        lost = found.lost[0]
        named = node_named(lost.node_id, original[lost.node_id])
        return f"node {named} needs `{lost.input_name}`, which nothing feeds any more"
    if found.runs:
        return ""
    stops = next(((each, why) for each, why in found.absence.gone.items() if why), None)
    if stops is None:
        return "no output node is left, so that there is nothing to run"
    named = node_named(stops[0], original[stops[0]])
    rest = nodes_named([each for each in found.absence.gone if each != stops[0]], original)
    return (
        f"it stops at node {named}, which needs `{stops[1]}` and has nothing of that kind to pass "
        f"on; with it go {rest}, and no output node is left"
    )


def _out(bound: BoundService, arguments: Mapping[str, Json]) -> tuple[Cut, frozenset[str]]:
    """Return what is taken out, and the loaders whose branches go as well."""
    cuts: list[Cut] = []
    left_out: set[str] = set()
    for each in bound.parameters:
        label = value_of(each, arguments) if each.cuts else None
        if isinstance(label, str) and label in each.cuts:
            cuts.append(each.cuts[label])
        if each.absence is not None and each.name not in arguments:
            if each.absence.cut is None:
                left_out |= each.absence.loaders
            else:
                told = each.absence.cut
                cuts.append(Cut(told.bypassed, told.muted | each.absence.loaders))
        if each.repeat is not None and _rows(each, arguments) == []:
            passed = {slot: name for name, slot in each.repeat.carries.items()}
            node_id = each.repeat.node_id
            cuts.append(Cut(frozenset({node_id}), carried={node_id: passed}))
    carried = {node_id: each for some in cuts for node_id, each in some.carried.items()}
    bypassed = frozenset(node_id for each in cuts for node_id in each.bypassed)
    muted = frozenset(node_id for each in cuts for node_id in each.muted)
    return Cut(bypassed, muted, carried), frozenset(left_out)


def _rows(each: BoundParameter, arguments: Mapping[str, Json]) -> list[Json] | None:
    """Return the items of a list; None when it is no such list or is left out."""
    if each.repeat is None:
        return None
    items = as_array(value_of(each, arguments))
    return None if items is None else list(items)


def _filled(
    prompt: Prompt, ids: Sequence[str], repeated: BoundRepeat, rows: Sequence[Json]
) -> Prompt:
    """Set what each item says in its node of the chain."""
    filled = dict(prompt)
    for node_id, row in zip(ids, rows, strict=True):
        node = filled[node_id]
        said = fields_of(row, repeated)
        inputs = dict(node.inputs)
        for field in repeated.fields:
            if field.name in said:
                value = wrapped(said[field.name])
                inputs.update((widget.widget, value) for widget in field.widgets)
        filled[node_id] = Node(node.class_type, inputs, node.title)
    return filled


def _is_changed(prompt: Prompt, before: Prompt) -> bool:
    return prompt.keys() != before.keys() or any(
        prompt[each] is not before[each] for each in prompt
    )


def _reshaped(bound: BoundService, found: Arrangement) -> BoundService:
    prompt = found.prompt

    def places(node_id: str) -> tuple[str, ...]:
        return found.chains.get(node_id, (node_id,) if node_id in prompt else ())

    return replace(
        bound,
        prompt=prompt,
        parameters=tuple(_moved(each, places) for each in bound.parameters),
        prefixes={
            key: prefix for old, prefix in bound.prefixes.items() for key in _keys(old, places)
        },
        dynamic_texts=_all_keys(bound.dynamic_texts, places),
        texts=None
        if bound.texts is None
        else replace(
            bound.texts,
            dynamic=_all_keys(bound.texts.dynamic, places),
            replaced=_all_keys(bound.texts.replaced, places),
        ),
        models=frozenset(key for key in _all_keys(bound.models, places) if key[0] in found.runs),
        paid=frozenset(new for old in bound.paid for new in places(old)),
        editing=None,
    )


def _keys(key: WidgetKey, places: Callable[[str], tuple[str, ...]]) -> list[WidgetKey]:
    return [(node_id, key[1]) for node_id in places(key[0])]


def _all_keys(
    keys: AbstractSet[WidgetKey], places: Callable[[str], tuple[str, ...]]
) -> frozenset[WidgetKey]:
    return frozenset(new for old in keys for new in _keys(old, places))


def _moved(each: BoundParameter, places: Callable[[str], tuple[str, ...]]) -> BoundParameter:
    """Return a parameter with its widgets where they are now; those of nodes that went are gone."""
    repeated = each.repeat
    if repeated is not None and not places(repeated.node_id):
        repeated = None
    return replace(
        each,
        widgets=tuple(new for old in each.widgets for new in _widgets(old, places)),
        settings={
            label: tuple((new, value) for old, value in settings for new in _widgets(old, places))
            for label, settings in each.settings.items()
        },
        repeat=repeated,
    )


def _widgets(widget: BoundWidget, places: Callable[[str], tuple[str, ...]]) -> list[BoundWidget]:
    return [replace(widget, node_id=node_id) for node_id in places(widget.node_id)]


def _not_runnable(bound: BoundService, arguments: Mapping[str, Json], flaw: str) -> ArgumentError:
    names = [each.name for each in bound.parameters if each.edits]
    told = [each for each in names if each in arguments] or names
    return ArgumentError(
        [ArgumentFault(pointer_of(each), f"with these arguments {flaw}") for each in told],
        code="graph-not-runnable",
        mend="Give other arguments, or tell the author of the service.",
    )
