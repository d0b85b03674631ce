"""The model files that a project names, so that a simulated ComfyUI can have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from gateway.graph.json_value import Json, as_object
from gateway.services.bound import BoundParameter, BoundService
from gateway.services.model import Defaulted, Fixed
from gateway.simulator.catalog import node_classes
from gateway.simulator.node import NodeClass
from gateway.simulator.settings import DEFAULT_MODELS, Models, is_modern

__all__ = ["models_for"]

_MODELS = "models/"


def models_for(services: Iterable[BoundService], version: str) -> Models:
    """Return the simulator's own model files and those that the services' graphs or YAML name."""
    classes = node_classes(is_modern(version))
    found = {folder: dict.fromkeys(names) for folder, names in DEFAULT_MODELS.items()}
    for bound in services:
        for folder, name in _named(bound, classes):
            found.setdefault(folder, {})[name] = None
    return {folder: tuple(names) for folder, names in found.items()}


def _named(bound: BoundService, classes: Mapping[str, NodeClass]) -> Iterator[tuple[str, str]]:
    for node in bound.prompt.values():
        for widget, value in node.inputs.items():
            folder = _folder(classes, node.class_type, widget)
            if folder and isinstance(value, str):
                yield folder, value
    for parameter in bound.parameters:
        for widget in parameter.widgets:
            folder = _folder(classes, widget.class_type, widget.widget)
            if folder:
                yield from ((folder, each) for each in _values(bound, parameter))


def _values(bound: BoundService, parameter: BoundParameter) -> Iterator[str]:
    """Return what the YAML itself gives a parameter."""
    given: list[Json] = [each.arguments.get(parameter.name) for each in bound.service.examples]
    given += parameter.parameter.choices or ()
    if isinstance(parameter.parameter.supply, Defaulted | Fixed):
        given.append(parameter.parameter.supply.value)
    return (each for each in given if isinstance(each, str))


def _folder(classes: Mapping[str, NodeClass], class_type: str, widget: str) -> str:
    """Return the model folder whose files a widget of the simulator offers, or ''."""
    face = classes[class_type].face if class_type in classes else None
    spec = face.required.get(widget, face.optional.get(widget)) if face else None
    for part in spec or ():
        options = as_object(part) or {}
        source = (as_object(options.get("options")) or options).get("live")
        if isinstance(source, str) and source.startswith(_MODELS):
            return source.removeprefix(_MODELS)
    return ""
