"""The old form of a host's widgets: `properties.proxyWidgets`, `[[inner id, widget], …]`.

On load the editor makes each entry an input of the subgraph, unless it is one already: what fed that widget
before, a link inside or a primitive, feeds it no more. Value number i of the host belongs to entry number i;
null, or no value, is what the widget inside holds. Entries of `-1` name an input of the host and come last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from gateway.editor.document import INPUT_PANEL, EditorLink, InputSlot, LinkId, PanelSlot
from gateway.editor.instances import Instance, Scope
from gateway.editor.promotion import first_inside, widget_inside
from gateway.editor.values import plain_number
from gateway.graph.json_value import Json, as_array

__all__ = ["apply_entries", "has_entries"]

_OWN = "-1"
"""The node id of an entry that names an input of the host itself."""
_PREFIX = re.compile(r"\s*(\d+)\s*:\s*(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Slot:
    """An input of a node inside."""

    node: Instance
    at: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry with its value; `goal` is what it leads to: an input of the host, or a slot inside."""

    node_id: str
    name: str
    value: Json
    goal: int | _Slot | None


def has_entries(host: Instance) -> bool:
    """Tell whether a host has the old form."""
    return bool(_read(host))


def apply_entries(host: Instance, inner: Scope, values: Sequence[Json]) -> None:
    """Make the old entries of a host inputs of its own, and hand them their values.

    Args:
        host: The host; its hosts inside have been through this.
        inner: Its inside.
        values: `widgets_values` as saved.
    """
    shown = _shown(inner)
    entries = [
        _Entry(
            node_id,
            name,
            values[at] if at < len(values) else None,
            _goal(inner, shown, node_id, name),
        )
        for at, (node_id, name) in enumerate(_read(host))
    ]
    for entry in entries:
        match entry.goal:
            case int(at):
                _give(host, at, entry.value)
            case _Slot() as slot:
                _give(host, _promote(host, inner, entry.name, [slot]), entry.value)
            case _:
                pass
    for node_id in dict.fromkeys(entry.node_id for entry in entries):
        node = inner.nodes.get(node_id)
        if node is not None and node.node.type == "PrimitiveNode":
            _replace(host, inner, node, [each for each in entries if each.node_id == node_id])
    for entry in entries:
        if entry.node_id == _OWN:
            _give_named(host, inner, entry)


def _read(host: Instance) -> list[tuple[str, str]]:
    """Return the entries; a broken one keeps its place and names nothing."""
    raw = host.node.properties.get("proxyWidgets")
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except ValueError:
            return []
    parts = (as_array(each) or () for each in as_array(raw) or ())
    return [(str(each[0]), str(each[1])) if len(each) >= 2 else ("", "") for each in parts]


def _shown(inner: Scope) -> dict[tuple[str, int], int]:
    """Return node id and slot → the input of the subgraph that stands for it."""
    found: dict[tuple[str, int], int] = {}
    for panel in range(len(inner.graph.inputs)):
        if (first := first_inside(inner, panel)) is not None:
            found.setdefault((first[0].node.id, first[1]), panel)
    return found


def _goal(
    inner: Scope, shown: Mapping[tuple[str, int], int], node_id: str, name: str
) -> int | _Slot | None:
    node = inner.nodes.get(node_id)
    if node is None or node.virtual:
        return None
    at = _slot_named(node, name)
    if at is None:
        return None
    return shown.get((node_id, at), _Slot(node, at))


def _slot_named(node: Instance, name: str) -> int | None:
    """Return the slot of a widget by its name."""
    if node.inner is None:
        return next((at for at, slot in enumerate(node.inputs) if slot.widget == name), None)
    inside = [widget_inside(node.inner, at) for at in range(len(node.inputs))]
    shown = [
        (at, slot.name, found)
        for at, (slot, found) in enumerate(zip(node.inputs, inside, strict=True))
        if found is not None
    ]
    deepest = ""
    if not any(name in (own, found[1]) for _, own, found in shown):
        while parts := _PREFIX.fullmatch(name):  # `<id>: <id>: <widget>`, the deepest node last
            deepest, name = parts[1], parts[2]
    for at, own, found in shown:
        if (
            found[1] == name
            if found[0].node.id == deepest
            else not deepest and name in (own, found[1])
        ):
            return at
    return next((at for at, own, _ in shown if own == name), None)


def _promote(host: Instance, inner: Scope, name: str, slots: Sequence[_Slot]) -> int:
    """Make a new input of the subgraph feed slots inside, and nothing else feed them; return its index."""
    graph = inner.graph
    panel = len(graph.inputs)
    names = {each.name for each in graph.inputs}
    name = next(each for each in _numbered(name) if each not in names)
    links = dict(graph.links)
    made: list[LinkId] = []
    for slot in slots:
        old = slot.node.inputs[slot.at]
        if old.link is not None:
            links.pop(old.link, None)
        key = f"entry {panel} {len(made)}"
        links[key] = EditorLink(key, INPUT_PANEL, panel, slot.node.node.id, slot.at)
        slot.node.inputs = (
            *slot.node.inputs[: slot.at],
            replace(old, link=key),
            *slot.node.inputs[slot.at + 1 :],
        )
        made.append(key)
    kind = slots[0].node.inputs[slots[0].at].type
    inputs = (*graph.inputs, PanelSlot(name, kind, tuple(made)))
    inner.graph = replace(graph, links=links, inputs=inputs)
    host.inputs = (*host.inputs, InputSlot(name, kind, None, name))
    return panel


def _numbered(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}_{at}" for at in count(1))


def _replace(host: Instance, inner: Scope, primitive: Instance, entries: Sequence[_Entry]) -> None:
    """Make an input take a primitive's place; the editor does not when entries name two of its widgets."""
    slots = [
        _Slot(target, at)
        for link in inner.graph.links.values()
        if link.origin == primitive.node.id
        and (target := inner.nodes.get(link.target)) is not None
        and (at := target.slot_of(link)) is not None
    ]
    if not slots or len({each.name for each in entries}) > 1:
        return
    made = primitive.outputs[0].type if primitive.outputs else ""
    kinds = {slot.node.inputs[slot.at].type for slot in slots}
    if not made or (made != "*" and not kinds <= {made, "*"}):
        return
    own = (as_array(primitive.node.values) or (None,))[:1]
    given = [each.value for each in entries if each.value is not None]
    panel = _promote(host, inner, entries[0].name, slots)
    values = [*given, *(own if entries[0].name == "value" else ())]
    if values:
        _give(host, panel, values[0])


def _give(host: Instance, at: int, value: Json) -> None:
    if value is not None:
        host.given[at] = plain_number(value)


def _give_named(host: Instance, inner: Scope, entry: _Entry) -> None:
    for at, slot in enumerate(host.inputs):
        if slot.name == entry.name:
            if widget_inside(inner, at) is not None:
                _give(host, at, entry.value)
            return
