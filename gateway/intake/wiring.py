"""A prompt as something to walk through: where values come from, and what feeds what."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.graph.definitions import Definitions, Socket, TextWidget, UnionWidget
from gateway.graph.json_value import Json
from gateway.graph.object_info import input_of
from gateway.graph.patch import unwrapped
from gateway.graph.prompt import Link, Prompt, link_of
from gateway.intake.names import slug
from gateway.services.bound import BoundWidget, WidgetKey

__all__ = ["SHOWS", "Wiring", "is_number", "last_part", "running"]

SHOWS = re.compile(r"Preview|Show|Compare")
"""Classes of nodes that only show what they are given."""

_PASSED_ON = ("value", "seed", "number", "int", "float", "string", "text", "boolean")
_DEEPEST = 20
_WILDCARDS = frozenset({"*", "COMFY_MATCHTYPE_V3"})
_PARTING = re.compile(r"[(\[:|–-]")
_VERB = re.compile(r"(?:load|save|preview)_(?=[a-z])")


def running(prompt: Prompt, definitions: Definitions) -> Prompt:
    """Return the nodes that ComfyUI would run, which are its outputs and what feeds them.

    All of them where there is no output, or a class that nobody knows: it could be one.
    """
    if any(node.class_type not in definitions for node in prompt.values()):
        return prompt
    wiring = Wiring(prompt, definitions)
    kept: set[str] = set()
    for node_id, node in prompt.items():
        if definitions[node.class_type].output_node:
            kept |= {node_id} | wiring.ancestors(node_id)
    return {each: node for each, node in prompt.items() if each in kept} or prompt


def last_part(name: str) -> str:
    """Return what an input is called where it stands: `duration` of `model.duration`."""
    return name.rpartition(".")[2]


class Wiring:
    """One prompt and what is known of its nodes."""

    def __init__(self, prompt: Prompt, definitions: Definitions) -> None:
        self.prompt = prompt
        self.definitions = definitions
        self._ancestors: dict[str, frozenset[str]] = {}

    def links(self, node_id: str) -> Iterator[tuple[str, Link]]:
        """Yield the inputs of a node that are links."""
        for name, value in self.prompt[node_id].inputs.items():
            if (link := link_of(value)) is not None:
                yield name, link

    def widgets(self, node_id: str) -> Iterator[BoundWidget]:
        """Yield the inputs of a node that hold a value."""
        for name, value in self.prompt[node_id].inputs.items():
            if value is not None and link_of(value) is None:
                yield self.widget((node_id, name))

    def widget(self, key: WidgetKey) -> BoundWidget:
        """Return a widget with what is known of it."""
        node_id, name = key
        node = self.prompt[node_id]
        definition = self.definitions.get(node.class_type)
        known = input_of(definition, name, node.inputs) if definition else None
        return BoundWidget(node_id, name, node.class_type, unwrapped(node.inputs.get(name)), known)

    def source(self, node_id: str, name: str) -> BoundWidget | None:
        """Return the widget that an input's value really stands in, through nodes that pass it on.

        None when it is made by a node that does more than that.
        """
        for _ in range(_DEEPEST):
            value = self.prompt[node_id].inputs.get(name)
            link = link_of(value)
            if link is None:
                return None if value is None else self.widget((node_id, name))
            inputs = self.prompt[link.node_id].inputs
            own = [each for each in (*_PASSED_ON, name) if each in inputs]
            if not own or len(inputs) > 3:
                return None
            node_id, name = link.node_id, own[0]
        return None

    def ancestors(self, node_id: str) -> frozenset[str]:
        """Return the ids of all nodes that feed a node, however far up."""
        if node_id not in self._ancestors:
            found: set[str] = set()
            rest = [node_id]
            while rest:
                above = {link.node_id for _, link in self.links(rest.pop())} - found
                found |= above
                rest.extend(above)
            self._ancestors[node_id] = frozenset(found)
        return self._ancestors[node_id]

    def consumers(self, node_id: str) -> Iterator[tuple[str, str]]:
        """Yield (node id, input name) of what a node feeds."""
        for other in self.prompt:
            for name, link in self.links(other):
                if link.node_id == node_id:
                    yield other, name

    def slots_used(self, node_id: str) -> frozenset[int]:
        """Return which outputs of a node feed anything, counted from 0."""
        links = (link for other in self.prompt for _, link in self.links(other))
        return frozenset(link.slot for link in links if link.node_id == node_id)

    def own_title(self, node_id: str) -> str:
        """Return the name that people gave a node as a name here; "" when it has its class's.

        Of a title that begins with its class's only the rest is a name: `steps` of `Int (Steps)`.
        """
        node = self.prompt[node_id]
        definition = self.definitions.get(node.class_type)
        if definition is None:
            return ""
        title = slug(node.title)
        usual = {slug(node.class_type), slug(definition.display_name)}
        # Editors of other languages title a node as its class is called there: then it is no name.
        if title in usual or not node.title.isascii():
            return ""
        words = {word for each in usual for word in each.split("_")}
        for parting in reversed(list(_PARTING.finditer(node.title))):
            head, rest = slug(node.title[: parting.start()]), slug(node.title[parting.end() :])
            if rest and words.issuperset(head.split("_")):
                title = rest
                break
        return _VERB.sub("", title, count=1)

    def is_socket(self, node_id: str, name: str, types: frozenset[str]) -> bool | None:
        """Tell whether an input takes one of these types; None when nobody knows."""
        known = self.widget((node_id, name)).definition
        if known is None:
            return None
        match known.kind:
            case Socket(type_name):
                return type_name in _WILDCARDS or not types.isdisjoint(type_name.split(","))
            case UnionWidget(()):
                return True
            case TextWidget():
                return "STRING" in types
            case _:
                return False


def is_number(value: Json) -> bool:
    """Tell whether a widget holds a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)
