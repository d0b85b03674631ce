"""Where each value that a call sets in the graph comes from, in a few words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.graph.cut import Cut
from gateway.graph.json_value import Json, as_array
from gateway.graph.prompt import link_of
from gateway.services.arguments import Accepted
from gateway.services.arrange import Arrangement, arranged, arrangement_of
from gateway.services.bound import BoundParameter, BoundService, WidgetKey
from gateway.services.changes import changes_of, value_of
from gateway.services.model import Defaulted, Drawn, Fixed
from gateway.services.values import FILE_TYPES

__all__ = ["origins_of"]


def origins_of(
    bound: BoundService, given: Mapping[str, Json], accepted: Accepted
) -> dict[WidgetKey, str]:
    """Return (node id, widget) → where what it is set to comes from.

    Args:
        bound: The service.
        given: The arguments as the caller gave them.
        accepted: What became of them.

    Why a node goes or comes stands under an input named "".
    """
    shaped = arranged(bound, accepted.arguments)
    found: dict[WidgetKey, str] = dict.fromkeys(shaped.prefixes, "a folder of the run's own")
    for parameter in shaped.parameters:
        origin = _origin(parameter, given, accepted)
        if origin:
            found.update((widget.key, origin) for widget in parameter.all_widgets)
    found.update(_of_shape(bound, accepted.arguments))
    changes = changes_of(shaped, accepted.arguments, {})
    dynamic = shaped.dynamic_texts if shaped.texts is None else shaped.texts.dynamic
    for node_id, widget in dynamic:
        key = (node_id, widget)
        text = changes.get(key, shaped.prompt[node_id].inputs.get(widget))
        if isinstance(text, str) and "{" in text:
            found[key] = f"{found[key]}; {{…}} drawn" if key in found else "{…} drawn at each call"
    return found


def _of_shape(bound: BoundService, arguments: Mapping[str, Json]) -> dict[WidgetKey, str]:
    """Return why nodes go and come, under an input named "", and why links lead elsewhere."""
    if bound.editing is None:
        return {}
    shape = arrangement_of(bound, arguments, bound.editing)
    found: dict[WidgetKey, str] = {
        (node_id, name): "the graph's new shape"
        for node_id, node in shape.prompt.items()
        if (before := bound.prompt.get(node_id)) is not None
        for name, value in before.inputs.items()
        if link_of(value) is not None and node.inputs.get(name) != value
    }
    absent = [
        each.name
        for each in bound.parameters
        if each.absence is not None and each.name not in arguments
    ]
    for node_id in (*shape.absence.gone, *shape.absence.bypassed):
        found[node_id, ""] = f"{' and '.join(absent)} left out"
    for each in bound.parameters:
        found.update(_of_edit(each, arguments, shape))
    return found


def _of_edit(
    each: BoundParameter, arguments: Mapping[str, Json], shape: Arrangement
) -> Iterator[tuple[WidgetKey, str]]:
    """Yield what one parameter does to the shape."""
    label = value_of(each, arguments)
    if isinstance(label, str) and label in each.cuts:
        yield from _of_cut(each.cuts[label], f"{each.name} ({label})")
    if each.absence is not None and each.name not in arguments:
        why = f"{each.name} left out"
        yield from _of_cut(each.absence.cut or Cut(), why)
        yield from (((node_id, ""), why) for node_id in each.absence.loaders)
    if each.repeat is None:
        return
    node_id = each.repeat.node_id
    if as_array(label) == []:
        yield (node_id, ""), f"bypassed: {each.name} is empty"
    for number, place in enumerate(shape.chains.get(node_id, ()), 1):
        yield (place, ""), f"item {number} of {each.name}"
        for field in each.repeat.fields:
            for widget in field.widgets:
                yield (place, widget.widget), f"item {number} of {each.name}"


def _of_cut(out: Cut, why: str) -> Iterator[tuple[WidgetKey, str]]:
    yield from (((node_id, ""), f"bypassed: {why}") for node_id in out.bypassed)
    yield from (((node_id, ""), f"muted: {why}") for node_id in out.muted)


def _origin(parameter: BoundParameter, given: Mapping[str, Json], accepted: Accepted) -> str:
    name, own = parameter.name, parameter.parameter
    taken = name in given and given[name] == accepted.arguments.get(name)
    match own.supply:
        case _ if own.template is not None:
            return f"template of {name}"
        case Fixed():
            return f"fixed by {name}"
        case Drawn() if not taken:
            return f"{name}, drawn at random"
        case Defaulted() if name not in given or given[name] is None:
            return f"{name}, by default{_label(parameter, accepted)}"
        case _ if name in accepted.arguments:
            of = "file of " if parameter.type in FILE_TYPES else ""
            return f"{of}{name}{_label(parameter, accepted)}"
        case _:
            return ""


def _label(parameter: BoundParameter, accepted: Accepted) -> str:
    return f" ({accepted.arguments.get(parameter.name)})" if parameter.settings else ""
