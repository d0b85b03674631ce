"""What the widgets of subgraph hosts hold, in both forms they were ever saved in.

Today a host has a widget for each of its inputs that leads to a widget inside, and `widgets_values` in
that order. Older files name the widgets in `properties.proxyWidgets`, `[[inner id, widget], …]`, and value
number i belongs to entry number i, whatever the inputs' order is; there null is the inner node's own value, while today's lists mean it.
"""

from __future__ import annotations

import json

from gateway.editor.document import INPUT_PANEL, InputSlot
from gateway.editor.instances import Instance, Scope
from gateway.editor.promotion import widget_inside
from gateway.editor.sources import Promoted
from gateway.editor.values import plain_number
from gateway.graph.json_value import Json, as_array, as_object

__all__ = ["give_hosts_their_values", "value_of"]


def give_hosts_their_values(scope: Scope) -> None:
    """Hand every host inside a scope its saved values, innermost first, so that outer ones win."""
    for instance in scope.nodes.values():
        if instance.inner is None:
            continue
        give_hosts_their_values(instance.inner)
        _give(instance, instance.inner)


def _give(host: Instance, inner: Scope) -> None:
    values = host.node.values
    if (named := as_object(values)) is not None:
        for at, slot in enumerate(host.inputs):
            _set_input(host, at, named.get(slot.name))
        return
    listed = as_array(values) or ()
    entries = _proxies(host)
    if entries:
        for entry, value in zip(entries, listed, strict=False):
            _set_proxy(host, inner, entry, value)
        return
    widgets = [at for at in range(len(host.inputs)) if widget_inside(inner, at) is not None]
    for at, value in zip(widgets, listed, strict=False):
        host.given[at] = plain_number(value)
    _set_aside(host)


def _set_aside(host: Instance) -> None:
    """Hand a host what an earlier load could not place and kept for later."""
    for each in as_array(host.node.properties.get("proxyWidgetErrorQuarantine")) or ():
        fields = as_object(each) or {}
        entry = as_array(fields.get("originalEntry")) or ()
        if len(entry) >= 2 and str(entry[0]) == "-1" and "hostValue" in fields:
            _set_named(host, str(entry[1]), fields["hostValue"])


def _set_named(host: Instance, name: str, value: Json) -> None:
    at = next((at for at, slot in enumerate(host.inputs) if slot.name == name), None)
    if at is not None:
        _set_input(host, at, value)


def _set_input(host: Instance, at: int, value: Json) -> None:
    if value is not None:
        host.given[at] = plain_number(value)


def _proxies(host: Instance) -> list[tuple[str, str]]:
    """Return the old form's entries; a broken one keeps its place and names nothing."""
    raw = host.node.properties.get("proxyWidgets")
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except ValueError:
            return []
    parts = (as_array(each) or () for each in as_array(raw) or ())
    return [(str(each[0]), str(each[1])) if len(each) >= 2 else ("", "") for each in parts]


def _set_proxy(host: Instance, inner: Scope, entry: tuple[str, str], value: Json) -> None:
    if value is None:
        return
    node_id, name = entry
    if node_id == "-1":
        _set_named(host, name, value)
        return
    # An inner widget that is an input of the subgraph is the host's own widget; any other one is set there.
    while True:
        instance = inner.nodes.get(node_id)
        if instance is None:
            return
        if instance.inner is None:
            break
        found = _through(instance, name)
        if found is None:
            return
        at, node_id, name = found
        if at is not None:
            _set_slot(host, instance, at, value)
            return
        inner = instance.inner
    _set_widget(instance, name, value)


def _through(host: Instance, name: str) -> tuple[int | None, str, str] | None:
    """Find a nested host's widget by name: an input of its own, or `<inner id>: <widget>` further in."""
    for at, slot in enumerate(host.inputs):
        if slot.name == name:
            return at, "", name
    node_id, colon, rest = name.partition(":")
    if colon:
        return None, node_id.strip(), rest.strip()
    for node_id, widget in _proxies(host):
        if widget == name:
            return None, node_id, widget
    return None


def _set_slot(host: Instance, nested: Instance, at: int, value: Json) -> None:
    panel = _panel_of(nested, nested.inputs[at])
    if panel is not None and nested.scope.host is host:
        _set_input(host, panel, value)
    else:
        _set_input(nested, at, value)


def _set_widget(instance: Instance, name: str, value: Json) -> None:
    slot = next((each for each in instance.inputs if each.name == name), None)
    panel = _panel_of(instance, slot) if slot is not None else None
    if panel is not None and instance.scope.host is not None:
        _set_input(instance.scope.host, panel, value)
    elif name in instance.held:
        instance.held[name] = plain_number(value)
        instance.raw.add(name)


def _panel_of(instance: Instance, slot: InputSlot) -> int | None:
    """Return the input of the subgraph that feeds a slot inside, if one does."""
    link = instance.scope.graph.links.get(slot.link) if slot.link is not None else None
    return link.origin_slot if link is not None and link.origin == INPUT_PANEL else None


def value_of(promoted: Promoted) -> Json:
    """Return what an input gets from the widgets of the hosts around it.

    The outermost host that holds a value wins; when none does, it is the value of the first widget that the
    outermost host's input leads to.
    """
    for host, at in reversed(promoted.widgets):
        if at in host.given:
            return host.given[at]
    host, at = promoted.widgets[-1]
    found = widget_inside(host.inner, at) if host.inner is not None else None
    return None if found is None else found[0].held.get(found[1])
