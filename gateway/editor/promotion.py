"""Which widget inside a subgraph an input of its host stands for."""

from __future__ import annotations

from gateway.editor.document import InputSlot
from gateway.editor.instances import Instance, Scope

__all__ = ["first_inside", "widget_inside"]


def widget_inside(scope: Scope, panel: int) -> tuple[Instance, str] | None:
    """Find the widget that an input of a subgraph leads to.

    Args:
        scope: The subgraph's inside.
        panel: Index of the input, from 0.

    Returns:
        The first plain node's widget that it feeds, through nested hosts; None when it feeds sockets only.
    """
    found = first_inside(scope, panel)
    if found is None:
        return None
    target, slot = found
    if target.inner is not None:
        return widget_inside(target.inner, slot)
    fed = target.inputs[slot]
    return target, fed.widget if fed.widget in target.held else fed.name


def first_inside(scope: Scope, panel: int) -> tuple[Instance, int] | None:
    """Find the first slot inside that an input of a subgraph feeds and that stands for a widget.

    Args:
        scope: The subgraph's inside.
        panel: Index of the input, from 0.

    Returns:
        A plain node's slot, or one of a nested host that leads to a widget further in.
    """
    links = scope.graph.links
    for link_id in scope.graph.inputs[panel].links:
        link = links.get(link_id)
        target = scope.nodes.get(link.target) if link is not None else None
        slot = target.slot_of(link) if target is not None and link is not None else None
        if target is None or slot is None:
            continue
        if target.inner is not None:
            named = target.inputs[slot].name
            # of inputs with one name the first one is meant
            slot = next(at for at, each in enumerate(target.inputs) if each.name == named)
            if widget_inside(target.inner, slot) is not None:
                return target, slot
        elif _is_widget(target, target.inputs[slot]):
            return target, slot
    return None


def _is_widget(instance: Instance, slot: InputSlot) -> bool:
    if instance.layout is None:
        return slot.widget != ""
    return slot.widget in instance.held or slot.name in instance.held
