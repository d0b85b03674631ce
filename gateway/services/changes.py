"""Accepted arguments → the widgets to set: plain values, choices, fixed values, files, templates."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.errors import ArgumentError, ArgumentFault
from gateway.graph.json_value import Json
from gateway.services.bound import BoundParameter, BoundService, WidgetKey
from gateway.services.model import Defaulted, Fixed
from gateway.services.templates import TemplateFailed, render
from gateway.services.values import FILE_TYPES, pointer_of

__all__ = ["changes_of", "rendered_texts", "value_of"]


def changes_of(
    bound: BoundService, arguments: Mapping[str, Json], files: Mapping[str, str]
) -> dict[WidgetKey, Json]:
    """Return what a call sets in the graph; what it leaves out keeps the graph's own value.

    A template that cannot be rendered with these arguments is an ArgumentError, `template-failed`.

    Args:
        bound: The service.
        arguments: As `accept` returned them.
        files: Parameter → the text that names the uploaded file on the backend it runs on.

    Returns:
        (node id, widget) → value.
    """
    texts = rendered_texts(bound, arguments)
    changes: dict[WidgetKey, Json] = {}
    for each in bound.parameters:
        name = each.name
        if each.settings:
            label = value_of(each, arguments)
            settings = each.settings[label] if isinstance(label, str) else ()
            changes.update((widget.key, value) for widget, value in settings)
        elif name in texts:
            changes.update(dict.fromkeys(_keys(each), texts[name]))
        elif name in files:
            changes.update(dict.fromkeys(_keys(each), files[name]))
        elif _is_written(each, arguments):
            changes.update(dict.fromkeys(_keys(each), value_of(each, arguments)))
    return changes


def rendered_texts(bound: BoundService, arguments: Mapping[str, Json]) -> dict[str, str]:
    """Render every template, whether its own argument was given or not.

    Args:
        bound: The service.
        arguments: As `accept` returned them.

    Returns:
        Parameter → text.

    Raises:
        ArgumentError: `template-failed`, listing every template that cannot be rendered.
    """
    sources = {
        each.name: each.parameter.template
        for each in bound.parameters
        if each.parameter.template is not None
    }
    if not sources:
        return {}
    values = {each.name: value_of(each, arguments) for each in bound.parameters}
    texts: dict[str, str] = {}
    faults: list[ArgumentFault] = []
    for name, source in sources.items():
        try:
            texts[name] = render(source, values)
        except TemplateFailed as error:
            faults.append(ArgumentFault(pointer_of(name), str(error)))
    if faults:
        raise ArgumentError(
            faults,
            code="template-failed",
            mend="Give other arguments, or tell the author of the service.",
        )
    return texts


def _keys(each: BoundParameter) -> tuple[WidgetKey, ...]:
    return tuple(widget.key for widget in each.widgets)


def value_of(each: BoundParameter, arguments: Mapping[str, Json]) -> Json:
    """Return what a parameter is in a call: given, fixed or its default; None when it is left out."""
    match each.parameter.supply:
        case Fixed(value):
            return value
        case Defaulted(value):
            return arguments.get(each.name, value)
        case _:
            return arguments.get(each.name)


def _is_written(each: BoundParameter, arguments: Mapping[str, Json]) -> bool:
    match each.parameter.supply:
        case Fixed() | Defaulted():
            return True
        case _:  # a file is written by the name its upload got, never by a caller's text
            return each.name in arguments and each.type not in FILE_TYPES
