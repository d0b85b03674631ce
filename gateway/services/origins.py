"""Where each value that a call sets in the graph comes from, in a few words for people."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.graph.json_value import Json
from gateway.services.arguments import Accepted
from gateway.services.bound import BoundParameter, BoundService, WidgetKey
from gateway.services.changes import changes_of
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
    """
    found: dict[WidgetKey, str] = dict.fromkeys(bound.prefixes, "a folder of the run's own")
    for parameter in bound.parameters:
        origin = _origin(parameter, given, accepted)
        if origin:
            found.update((widget.key, origin) for widget in parameter.all_widgets)
    changes = changes_of(bound, accepted.arguments, {})
    for node_id, widget in bound.dynamic_texts:
        key = (node_id, widget)
        text = changes.get(key, bound.prompt[node_id].inputs.get(widget))
        if isinstance(text, str) and "{" in text:
            found[key] = f"{found[key]}; {{…}} drawn" if key in found else "{…} drawn at each call"
    return found


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
