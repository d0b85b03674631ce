"""Which texts of a graph say what to make, and which what to leave out: their links tell.

From every input called `positive` or `negative`, and from every guider, links are followed upwards
through whatever passes conditioning or text on, to the widgets that people write in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

from gateway.graph.definitions import TextWidget
from gateway.intake.wiring import Wiring, last_part
from gateway.services.bound import BoundWidget, WidgetKey

__all__ = ["Texts", "find_texts", "is_text"]

Role: TypeAlias = Literal["positive", "negative"]
Texts: TypeAlias = dict[Role, list[tuple[BoundWidget, ...]]]
"""Role → its texts, each with all the widgets that hold the very same one."""

_TYPES = frozenset({"CONDITIONING", "GUIDER", "STRING"})
_PASSING = re.compile(
    r"cond|guider|text|prompt|string|value|any|input|clip_l|t5xxl|tags|lyrics|on_true|on_false"
)
_NOT_PASSING = re.compile(r"clip$|clip_vision|model|vae|image|latent|mask|control_net")
_TEXT_NAMES = re.compile(
    r"(text|.*_text|text_.*|prompt|.*_prompt|string|string_[ab]|value|clip_[lgh]|t5xxl|llama|tags"
    r"|lyrics)\d*"
)
_INSTRUCTIONS = re.compile(r"system|template|instruction")
_INPUTS: dict[Role, frozenset[str]] = {
    "positive": frozenset({"prompt", "text"}),
    "negative": frozenset({"negative_prompt"}),
}
_OF_A_GUIDER = frozenset({"conditioning", "cond1", "cond2"})


def find_texts(wiring: Wiring) -> Texts:
    """Return the texts of both roles; one that plays both is positive."""
    positive = _reached(wiring, "positive")
    negative = {key: None for key in _reached(wiring, "negative") if key not in positive}
    return {"positive": _grouped(wiring, positive), "negative": _grouped(wiring, negative)}


def is_text(widget: BoundWidget) -> bool:
    """Tell whether a widget holds text that people write; separators and file names are none."""
    if not isinstance(widget.current, str):
        return False
    if widget.definition is not None and not isinstance(widget.definition.kind, TextWidget):
        return False
    return _TEXT_NAMES.fullmatch(last_part(widget.widget)) is not None


def _is_instruction(wiring: Wiring, widget: BoundWidget) -> bool:
    """Tell whether a text is there for a language model that writes the prompt, as its names say."""
    names = f"{widget.widget} {wiring.own_title(widget.node_id)}"
    return _INSTRUCTIONS.search(names) is not None


def _reached(wiring: Wiring, role: Role) -> dict[WidgetKey, None]:
    found: dict[WidgetKey, None] = {}
    seen: set[str] = set()
    # Where nothing is sampled, nodes that call a service take the text itself.
    rest = (list(_starts(wiring, role)) or list(_told(wiring, role)))[::-1]
    while rest:
        node_id = rest.pop()
        # Zeroed conditioning says nothing, whatever text it was made from.
        if node_id in seen or "ZeroOut" in wiring.prompt[node_id].class_type:
            continue
        seen.add(node_id)
        found.update(dict.fromkeys(each.key for each in wiring.widgets(node_id) if is_text(each)))
        above = [
            link.node_id
            for name, link in wiring.links(node_id)
            if _is_followed(wiring, node_id, name, role)
        ]
        rest.extend(reversed(above))
    return found


def _starts(wiring: Wiring, role: Role) -> Iterator[str]:
    for node_id, node in wiring.prompt.items():
        for name, link in wiring.links(node_id):
            guides = "Guider" in node.class_type and name in _OF_A_GUIDER
            if name == role or (guides and role == "positive"):
                yield link.node_id


def _told(wiring: Wiring, role: Role) -> Iterator[str]:
    for node_id in wiring.prompt:
        for name, link in wiring.links(node_id):
            if last_part(name) in _INPUTS[role]:
                yield link.node_id


def _is_followed(wiring: Wiring, node_id: str, name: str, role: Role) -> bool:
    if name in {"positive", "negative"}:
        return name == role
    known = wiring.is_socket(node_id, name, _TYPES)
    if known is not None:
        return known
    return _PASSING.search(name) is not None and _NOT_PASSING.search(name) is None


def _grouped(wiring: Wiring, keys: dict[WidgetKey, None]) -> list[tuple[BoundWidget, ...]]:
    """Put together the widgets of one node that hold the same text: they are meant as one."""
    groups: dict[tuple[str, object], tuple[BoundWidget, ...]] = {}
    for key in keys:
        widget = wiring.widget(key)
        same = (widget.node_id, widget.current)
        groups[same] = (*groups.get(same, ()), widget)
    # What people write comes before what was written for a machine around it.
    return sorted(groups.values(), key=lambda each: _is_instruction(wiring, each[0]))
