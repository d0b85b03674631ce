"""What a node's widgets hold, read from its `widgets_values`: by position from a list, by name from an object.

Nothing is repaired, as the editor repairs nothing: too few values leave the rest at its default, more are
ignored, and a value of the wrong kind is sent as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from gateway.editor.layout import MISSING, Entry, Layout, Missing, Widget
from gateway.graph.json_value import Json, as_array, as_object

__all__ = ["Held", "held_value", "plain_number", "read_values", "sendable"]

Held = dict[str, Json]
"""Widget name → its value, in the order of the widgets."""

_CUSTOM_COMBO = "CustomCombo"
_CHOICE = "choice"


class _Saved:
    """The saved values, taken one by one or by name."""

    def __init__(self, values: Sequence[Json] | Mapping[str, Json] | None) -> None:
        self._named = values if isinstance(values, Mapping) else None
        self._rest = iter(()) if isinstance(values, Mapping) or values is None else iter(values)

    def take(self, widget: Widget) -> Json | Missing:
        """Return the value saved for a widget, or MISSING."""
        if self._named is not None:
            return self._named.get(widget.name, MISSING)
        return next(self._rest, MISSING) if widget.saved else MISSING

    def rest(self) -> list[Json]:
        """Return what nobody took from the list."""
        return list(self._rest)


def read_values(
    layout: Layout, values: Sequence[Json] | Mapping[str, Json] | None
) -> tuple[Held, frozenset[str]]:
    """Return what the widgets of a node hold, and the names of those that are sent.

    Args:
        layout: The node's class.
        values: `widgets_values` as saved.
    """
    if layout.forced and not isinstance(values, Mapping) and values is not None:
        values = _without_forced(layout.forced, values)
    saved = _Saved(values)
    held: Held = {}
    sent: set[str] = set()
    for widget, value in _walk(layout.entries, saved):
        if isinstance(value, Missing) or widget.name in held:
            continue
        held[widget.name] = plain_number(value)
        if widget.sent:
            sent.add(widget.name)
    if layout.class_type == _CUSTOM_COMBO:
        options = _custom_options(saved.rest(), held)
        held.update(options)
        sent.update(options)
    if layout.class_type in ("KSampler", "KSamplerAdvanced"):
        name = held.get("sampler_name")
        if isinstance(name, str):  # as the very first versions saved it
            held["sampler_name"] = name.removeprefix("sample_")
    return held, frozenset(sent)


def sendable(value: Json) -> Json:
    """Return a widget's value as the prompt holds it: a bare list would be a link."""
    return {"__value__": value} if as_array(value) is not None else value


def plain_number(value: Json) -> Json:
    """Return a value with whole floats as integers, as the editor's JSON has them."""
    if isinstance(value, float):
        whole = math.isfinite(value) and value.is_integer() and abs(value) < 2**53
        return int(value) if whole else value
    if (items := as_array(value)) is not None:
        return [plain_number(each) for each in items]
    if (fields := as_object(value)) is not None:
        return {key: plain_number(each) for key, each in fields.items()}
    return value


def _walk(entries: Sequence[Entry], saved: _Saved) -> Iterator[tuple[Widget, Json | Missing]]:
    for entry in entries:
        if not isinstance(entry, Widget):
            continue
        value = _or_default(entry, saved.take(entry))
        yield entry, value
        if entry.children is not None and isinstance(value, str):
            yield from _walk(entry.children.get(value, ()), saved)


def _or_default(widget: Widget, value: Json | Missing) -> Json | Missing:
    return widget.default if isinstance(value, Missing) else held_value(widget, value)


def held_value(widget: Widget, value: Json) -> Json:
    """Return what a widget holds of a value: a combo is never without a choice, several lines never null."""
    if value is not None:
        return value
    return widget.options[0] if widget.options else "" if widget.lines else None


def _without_forced(forced: Sequence[bool], values: Sequence[Json]) -> Sequence[Json]:
    """Leave out the values of inputs that were widgets when the file was saved, and are slots now."""
    if len(values) != len(forced):
        return values
    return [value for value, gone in zip(values, forced, strict=True) if not gone]


def _custom_options(rest: Sequence[Json], held: Held) -> Held:
    """Return the widgets that people add to a custom combo: its index, and one per option.

    The options end at the first empty one, which the editor always offers; the index is where the choice is.
    """
    offered = list(takewhile(bool, rest[1:]))
    after = rest[len(offered) + 1 : len(offered) + 2]
    options: list[Json] = [*offered, *(after or [""])]
    if _CHOICE in held and held[_CHOICE] is None:
        held[_CHOICE] = options[0]
    index = options.index(held[_CHOICE]) if held.get(_CHOICE) in options else -1
    return {"index": index, **{f"option{at}": each for at, each in enumerate(options, 1)}}
