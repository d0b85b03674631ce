"""What the widgets of subgraph hosts hold, in both forms they were ever saved in.

A host has a widget for each of its inputs that leads to a widget inside, and `widgets_values` in that order.
Older files name the widgets in `properties.proxyWidgets` too (see `entries`), and their values by that list
as well: it goes after, and over the other.
"""

from __future__ import annotations

from gateway.editor.entries import apply_entries, has_entries
from gateway.editor.instances import Instance, Scope
from gateway.editor.promotion import first_named, widget_inside
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
    widgets = [
        (at, found)
        for at in range(len(host.inputs))
        if (found := widget_inside(inner, at)) is not None
    ]
    for (at, found), value in zip(widgets, listed, strict=False):
        host.given[first_named(host, inner, at)] = _chosen(found, plain_number(value))
    if has_entries(host):
        apply_entries(host, inner, listed)
    else:
        _set_aside(host)


def _chosen(found: tuple[Instance, str], value: Json) -> Json:
    """Return what a host's widget makes of null: a combo is never without a choice."""
    instance, name = found
    if value is not None or instance.layout is None:
        return value
    widget = instance.layout.widget(name, instance.held)
    return widget.options[0] if widget is not None and widget.options else None


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
