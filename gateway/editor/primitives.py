"""PrimitiveNode: writes its value into every widget it is linked to, and is gone.

It does so whatever its mode is: muted and bypassed ones write too. One that holds no value leaves its
widget as it is, and several it makes equal the first. A number is made to fit all of them. One that feeds a host's input changes nothing, as in the editor: the nodes inside keep what
they were saved with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from gateway.editor.instances import Instance, Opened
from gateway.editor.layout import NumberRule, Widget
from gateway.editor.values import held_value, plain_number
from gateway.graph.json_value import Json, as_array

__all__ = ["apply_primitives"]

_LARGE = 2**53
"""Beyond it doubles have no decimal places."""


def apply_primitives(opened: Opened) -> None:
    """Write the values of all primitives where they lead."""
    for instance in opened.all:
        if instance.node.type == "PrimitiveNode":
            _apply(instance)


def _apply(primitive: Instance) -> None:
    targets = list(_targets(primitive))
    values = as_array(primitive.node.values) or ()
    if not targets or (not values and len(targets) == 1):
        return
    first, name = targets[0]
    value = values[0] if values else first.held[name]
    own = _common([_widget(*each) for each in targets])
    if own is not None:
        value = _within(own, value)
    for instance, widget in targets:
        instance.held[widget] = _accepted(_widget(instance, widget), value)
        if primitive.node.properties.get("Run widget replace on values"):
            instance.marked.add(widget)


def _targets(primitive: Instance) -> Iterator[tuple[Instance, str]]:
    """Yield the widgets that a primitive is linked to."""
    scope = primitive.scope
    for link in scope.graph.links.values():
        target = scope.nodes.get(link.target) if link.origin == primitive.node.id else None
        if target is None:
            continue
        slot = target.slot_of(link)
        slot = link.target_slot if slot is None else slot  # here the link's own word counts
        if not 0 <= slot < len(target.inputs):
            continue
        fed = target.inputs[slot]
        name = fed.widget if fed.widget in target.held else fed.name
        if name in target.held:
            yield target, name


def _widget(instance: Instance, name: str) -> Widget | None:
    return instance.layout.widget(name, instance.held) if instance.layout is not None else None


def _common(widgets: Sequence[Widget | None]) -> NumberRule | None:
    """Return what a primitive's own number keeps to: the rule of its first widget, and of those that fit it."""
    rules = [each.number if each is not None else None for each in widgets]
    merged = rules[0]
    if merged is None:
        return None
    for rule in rules[1:]:
        if rule is None or (merged.whole, merged.rest) != (rule.whole, rule.rest):
            continue
        minimum = max(merged.minimum, rule.minimum)
        maximum = min(merged.maximum, rule.maximum)
        if minimum <= maximum:
            step = _common_step(merged.step, rule.step)
            merged = replace(merged, minimum=minimum, maximum=maximum, step=step)
    return merged


def _common_step(one: float, other: float) -> float:
    if float(one).is_integer() and float(other).is_integer():
        return math.lcm(int(one), int(other))
    return max(one, other)


def _accepted(widget: Widget | None, value: Json) -> Json:
    """Return what a widget makes of a value that is written into it."""
    if widget is None:
        return plain_number(value)
    if widget.number is not None:
        made = _within(widget.number, value, limited=not widget.number.whole)
        return None if isinstance(made, float) and math.isnan(made) else made
    return held_value(widget, plain_number(value))


def _within(rule: NumberRule, value: Json, *, limited: bool = True) -> Json:
    """Make a number of a value; `limited` is not so where whole ones are written into a widget."""
    number = _as_number(value)
    try:
        made = _stepped(rule, number) if rule.whole else _rounded(rule, number)
        return plain_number(min(max(made, rule.minimum), rule.maximum) if limited else made)
    except (ArithmeticError, ValueError):  # no number, or too large to be rounded
        return plain_number(number)


def _as_number(value: Json) -> float:
    """Read a value as a number, as the editor's language does; NaN for what is none."""
    items = as_array(value)
    if items is not None and len(items) < 2:
        value = items[0] if items else 0
    match value:
        case None | "":
            return 0
        case bool() | int() | float():
            return int(value) if isinstance(value, bool) else value
        case str():
            try:
                return float(value)
            except ValueError:
                return math.nan
        case _:
            return math.nan


def _stepped(rule: NumberRule, value: float) -> float:
    if rule.step == 1:
        return value if isinstance(value, int) else math.floor(value + 0.5)
    offset = math.fmod(rule.minimum, rule.step) if math.isfinite(rule.minimum) else 0
    return math.floor((value - offset) / rule.step + 0.5) * rule.step + offset


def _rounded(rule: NumberRule, value: float) -> float:
    if not rule.round:
        return value
    near = Decimal(math.floor(value / rule.round + 0.5) * rule.round)
    places = Decimal(1).scaleb(-rule.places)
    return float(near if abs(near) > _LARGE else near.quantize(places, ROUND_HALF_UP))
