"""Which widget inside a subgraph an input of its host stands for."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.editor.document import InputSlot
from gateway.editor.instances import Instance, Scope

__all__ = ["first_inside", "first_named", "widget_inside"]


def widget_inside(scope: Scope, panel: int) -> tuple[Instance, str] | None:
    """Find the widget that an input of a subgraph leads to.

    Args:
        scope: The subgraph's inside.
        panel: Index of the input, from 0.

    Returns:
        The first plain node's widget that it feeds, through nested hosts; None when it feeds sockets only.
    """
    found = _find(scope, panel)
    return found.widget if found is not None else None


def first_inside(scope: Scope, panel: int) -> tuple[Instance, int] | None:
    """Find the first slot inside that an input of a subgraph feeds and that stands for a widget.

    Args:
        scope: The subgraph's inside.
        panel: Index of the input, from 0.

    Returns:
        A plain node's slot, or one of a nested host that leads to a widget further in.
    """
    found = _find(scope, panel)
    return found.slot if found is not None else None


@dataclass(frozen=True, slots=True)
class _Found:
    """The slot next inside, and the widget at the end."""

    slot: tuple[Instance, int]
    widget: tuple[Instance, str]


def _find(scope: Scope, panel: int) -> _Found | None:
    links = scope.graph.links
    for link_id in scope.graph.inputs[panel].links:
        link = links.get(link_id)
        target = scope.nodes.get(link.target) if link is not None else None
        at = target.slot_of(link) if target is not None and link is not None else None
        if target is None or at is None:
            continue
        if target.inner is not None:
            at = _first(target, at)
            if found := _find(target.inner, at):
                return _Found((target, at), found.widget)
            continue
        slot = target.inputs[at]
        if _is_widget(target, slot):
            name = slot.widget if slot.widget in target.held else slot.name
            return _Found((target, at), (target, name))
    return None


def first_named(host: Instance, inner: Scope, at: int) -> int:
    """Return which of a host's inputs with one name is meant: the first that leads to a widget.

    Args:
        host: The host.
        inner: Its inside.
        at: Index of one of them, returned when none of them leads to a widget.
    """
    same = (each for each, slot in enumerate(host.inputs) if slot.name == host.inputs[at].name)
    return next((each for each in same if widget_inside(inner, each) is not None), at)


def _first(host: Instance, at: int) -> int:
    name = host.inputs[at].name
    return next(each for each, slot in enumerate(host.inputs) if slot.name == name)


def _is_widget(instance: Instance, slot: InputSlot) -> bool:
    if instance.layout is None:
        return slot.widget != ""
    return slot.widget in instance.held or slot.name in instance.held
