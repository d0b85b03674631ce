"""From what the YAML says of a node and a widget to the ones in the graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gateway.errors import Finding, Place
from gateway.graph.definitions import Combo, Definition, InputDefinition
from gateway.graph.json_value import Json
from gateway.graph.object_info import choosers_of, input_of
from gateway.graph.patch import unwrapped
from gateway.graph.prompt import Prompt, link_of
from gateway.services.bound import BoundWidget
from gateway.services.closest import closest
from gateway.services.model import (
    ById,
    ByTitle,
    NodeReference,
    Parameter,
    ShortTarget,
    Target,
)
from gateway.services.surroundings import Surroundings
from gateway.services.unbindable import (
    Missed,
    hidden_input,
    is_a_link,
    link_only,
    not_only,
    not_there,
    unknown_node,
)
from gateway.services.widget_types import is_link_only

__all__ = ["find_node", "find_widget", "targets_of"]


def find_node(reference: NodeReference, prompt: Prompt, place: Place) -> str | Finding:
    """Return the id of the only node that a reference means, or why there is none."""
    if isinstance(reference, ById):
        if reference.id in prompt:
            return reference.id
        return unknown_node(f"there is no node {reference.id}", reference.id, prompt, place)
    if isinstance(reference, ByTitle):
        titles = {node_id: node.title for node_id, node in prompt.items() if node.title}
        return _only(f"the title `{reference.title}`", reference.title, titles, prompt, place)
    class_type = reference.class_type
    classes = {node_id: node.class_type for node_id, node in prompt.items()}
    return _only(f"the class_type `{class_type}`", class_type, classes, prompt, place)


def find_widget(target: Target, around: Surroundings) -> BoundWidget | Finding:
    """Return the widget that a target means, or why it cannot be set."""
    if isinstance(target, ShortTarget):
        pair = _split(target.path, around.prompt)
        if pair is None:
            head = target.path.partition(".")[0]
            message = f"no node id is the beginning of `{target.path}`"
            return unknown_node(message, head, around.prompt, target.place)
        node_id, name = pair
    else:
        found = find_node(target.node, around.prompt, target.place)
        if isinstance(found, Finding):
            return found
        node_id, name = found, target.widget
    return _widget(node_id, name, around, target.place)


def targets_of(parameter: Parameter) -> Iterator[Target]:
    """Yield every target of a parameter, those of its choices and of its items too."""
    yield from parameter.targets
    for field in parameter.repeat.fields if parameter.repeat else ():
        yield from field.targets
    for choice in parameter.choice_map:
        for target, _ in choice.settings:
            yield target


def _only(
    what: str, word: str, words: Mapping[str, str], prompt: Prompt, place: Place
) -> str | Finding:
    matches = [node_id for node_id, each in words.items() if each == word]
    if len(matches) == 1:
        return matches[0]
    return not_only(matches, what, closest(word, words.values()), prompt, place)


def _split(path: str, prompt: Prompt) -> tuple[str, str] | None:
    """Split `id.widget` where the longest existing node id ends."""
    at = path.rfind(".")
    while at > 0:
        if path[:at] in prompt:
            return path[:at], path[at + 1 :]
        at = path.rfind(".", 0, at)
    return None


def _widget(node_id: str, name: str, around: Surroundings, place: Place) -> BoundWidget | Finding:
    node = around.prompt[node_id]
    value = node.inputs.get(name)
    missed = Missed(node_id, name, place, around)
    if value is not None and (link := link_of(value)) is not None:
        return is_a_link(missed, link)
    definition = around.definitions.get(node.class_type)
    if definition is not None and name in definition.hidden:
        return hidden_input(missed)
    known = _definition_of(definition, node_id, name, around) if definition else None
    if known is None and name not in node.inputs:
        return not_there(missed, choosers_of(definition, name) if definition else ())
    widget = BoundWidget(node_id, name, node.class_type, unwrapped(value), known)
    return link_only(missed, widget) if is_link_only(widget) else widget


def _definition_of(
    definition: Definition, node_id: str, name: str, around: Surroundings
) -> InputDefinition | None:
    if "." not in name:
        return definition.inputs.get(name)
    under = [
        known
        for combo, _, known in choosers_of(definition, name)
        if _is_set((node_id, combo), around)
    ]
    if under:  # the caller chooses: what any of the choices brings counts
        return _merged(name, under)
    return input_of(definition, name, around.prompt[node_id].inputs)


def _merged(name: str, under: Sequence[InputDefinition]) -> InputDefinition:
    options: dict[Json, None] = {}
    for each in under:
        if not isinstance(each.kind, Combo) or each.kind.options is None:
            return InputDefinition(name, under[0].kind, required=False, tooltip=under[0].tooltip)
        options.update(dict.fromkeys(each.kind.options))
    return InputDefinition(name, Combo(tuple(options)), required=False, tooltip=under[0].tooltip)


def _is_set(key: tuple[str, str], around: Surroundings) -> bool:
    return any(
        _key(target, around.prompt) == key
        for parameter in around.parameters
        for target in targets_of(parameter)
    )


def _key(target: Target, prompt: Prompt) -> tuple[str, str] | None:
    if isinstance(target, ShortTarget):
        return _split(target.path, prompt)
    found = find_node(target.node, prompt, target.place)
    return None if isinstance(found, Finding) else (found, target.widget)
