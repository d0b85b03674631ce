"""PrimitiveNode: writes its value into every widget it is linked to, and is gone.

It does so whatever its mode is: muted and bypassed ones write too. One that holds no value leaves the
widgets as they are. One that feeds a host's input changes nothing, as in the editor: the nodes inside keep what
they were saved with.
"""

from __future__ import annotations

import math

from gateway.editor.instances import Instance, Opened
from gateway.editor.layout import NumberRule
from gateway.editor.values import plain_number
from gateway.graph.json_value import Json, as_array

__all__ = ["apply_primitives"]


def apply_primitives(opened: Opened) -> None:
    """Write the values of all primitives where they lead."""
    for instance in opened.all:
        if instance.node.type == "PrimitiveNode":
            _apply(instance)


def _apply(primitive: Instance) -> None:
    values = as_array(primitive.node.values)
    if not values:
        return
    scope = primitive.scope
    for link in scope.graph.links.values():
        target = scope.nodes.get(link.target) if link.origin == primitive.node.id else None
        slot = target.slot_of(link) if target is not None else None
        if target is None or slot is None:
            continue
        name = target.inputs[slot].name
        if name in target.held:
            target.held[name] = _accepted(target, name, values[0])
            if primitive.node.properties.get("Run widget replace on values"):
                target.marked.add(name)


def _accepted(instance: Instance, name: str, value: Json) -> Json:
    """Return what a widget makes of a value that is written into it."""
    widget = instance.layout.widget(name, instance.held) if instance.layout is not None else None
    rule = widget.number if widget is not None else None
    if rule is None or isinstance(value, bool) or not isinstance(value, int | float):
        return plain_number(value)
    try:
        return plain_number(_stepped(rule, value) if rule.whole else _rounded(rule, value))
    except (OverflowError, ValueError):  # infinite, no number, or too large to be rounded
        return value


def _stepped(rule: NumberRule, value: float) -> float:
    if rule.step == 1:
        return value if isinstance(value, int) else math.floor(value + 0.5)
    offset = math.fmod(rule.minimum or 0, rule.step)
    return math.floor((value - offset) / rule.step + 0.5) * rule.step + offset


def _rounded(rule: NumberRule, value: float) -> float:
    if not rule.round:
        return value
    places = max(0, -math.floor(math.log10(rule.round)))
    near = round(math.floor(value / rule.round + 0.5) * rule.round, places)
    low = -math.inf if rule.minimum is None else rule.minimum
    return min(max(near, low), math.inf if rule.maximum is None else rule.maximum)
