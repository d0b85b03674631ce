"""A class as the editor builds its nodes: input slots, and widgets in the order in which it saves them.

`widgets_values` is a bare list, so the order is all there is. A dynamic combo brings the inputs of the
chosen option right after itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from gateway.editor.document import InputSlot, OutputSlot
from gateway.graph.json_value import Json

__all__ = [
    "MISSING",
    "Entry",
    "Layout",
    "Missing",
    "NumberRule",
    "Socket",
    "Widget",
    "walk_widgets",
]


class Missing:
    """No value at all: what JSON leaves out, unlike null."""


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Widget:
    """One widget of a node.

    Attributes:
        name: Its input's full name, `format.codec` for a child of a dynamic combo.
        type: Its slot's type; empty for a widget that the editor adds and that has no slot.
        default: What a new node holds.
        sent: Whether it goes into the prompt.
        saved: Whether it takes a place in `widgets_values`.
        options: A combo's values; None for every other kind.
        children: A dynamic combo's inputs by its value; None for every other kind.
        dynamic: Its text may hold `{a|b}` and comments.
        lines: It is a text of several lines, which is never without a text.
        number: For numbers, what a value that is written into it becomes.
    """

    name: str
    type: str = ""
    default: Json | Missing = MISSING
    sent: bool = True
    saved: bool = True
    options: tuple[Json, ...] | None = None
    children: Mapping[str, tuple[Entry, ...]] | None = None
    dynamic: bool = False
    lines: bool = False
    number: NumberRule | None = None


@dataclass(frozen=True, slots=True)
class NumberRule:
    """What the editor makes of a number that is written into a widget; without a limit it is infinite.

    Attributes:
        whole: Whole numbers only: INT.
        step: For whole numbers: they are a multiple of it above the minimum.
        round: For others: the smallest difference, 0 when nothing is rounded.
        places: For others: how many decimal places are left after that.
        rest: What else its definition says that must be the same for two to go together, as text.
    """

    whole: bool
    minimum: float
    maximum: float
    step: float
    round: float
    places: int
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Socket:
    """An input that only a link can feed.

    Attributes:
        grows: There may be any number of them under this name.
        group: Those of one group take the type of what is linked to one of them; empty for all others.
    """

    name: str
    type: str
    grows: bool = False
    group: str = ""


Entry: TypeAlias = "Widget | Socket"


@dataclass(frozen=True, slots=True)
class Layout:
    """A class as the editor builds it.

    Attributes:
        entries: Inputs in order, with the widgets that the editor adds.
        outputs: Its output slots.
        display_name: The title of a node that nobody gave one.
        forced: For each value of an old list: whether it belongs to an input that is no widget any more.
    """

    class_type: str
    entries: tuple[Entry, ...]
    outputs: tuple[OutputSlot, ...] = ()
    display_name: str = ""
    forced: tuple[bool, ...] = ()

    def slots(self) -> tuple[InputSlot, ...]:
        """Return the slots of a new node: sockets first, children before their dynamic combo."""
        sockets = [each for each in self.entries if isinstance(each, Socket)]
        widgets = [each for each in self.entries if isinstance(each, Widget) and each.type]
        found = [InputSlot(each.name, each.type) for each in sockets if not each.grows]
        return (*found, *(InputSlot(each.name, each.type, widget=each.name) for each in widgets))

    @property
    def fixed(self) -> bool:
        """Whether every node of the class has the same slots."""
        return not any(
            each.grows if isinstance(each, Socket) else each.children is not None
            for each in self.entries
        )

    def groups(self) -> Mapping[str, str]:
        """Return input → its group, for those that have one."""
        sockets = (each for each in self.entries if isinstance(each, Socket))
        return {each.name: each.group for each in sockets if each.group}

    def widget(self, name: str, held: Mapping[str, Json]) -> Widget | None:
        """Return the widget of a name while the widgets hold what they do."""
        return next((each for each in walk_widgets(self.entries, held) if each.name == name), None)

    def allows(self, name: str, held: Mapping[str, Json]) -> bool:
        """Tell whether a slot may have a name while the widgets hold what they do."""
        return _allows(self.entries, name, held)


def walk_widgets(entries: tuple[Entry, ...], held: Mapping[str, Json]) -> Iterator[Widget]:
    """Yield widgets in order, those of dynamic combos as they are chosen."""
    for entry in entries:
        if not isinstance(entry, Widget):
            continue
        yield entry
        value = held.get(entry.name)
        if entry.children is not None and isinstance(value, str):
            yield from walk_widgets(entry.children.get(value, ()), held)


def _allows(entries: tuple[Entry, ...], name: str, held: Mapping[str, Json]) -> bool:
    for entry in entries:
        if not isinstance(entry, Widget) or entry.children is None:
            continue
        if not name.startswith(f"{entry.name}."):
            continue
        value = held.get(entry.name)
        brought = entry.children.get(value, ()) if isinstance(value, str) else ()
        return any(_brings(each, name) for each in brought) and _allows(brought, name, held)
    return True


def _brings(entry: Entry, name: str) -> bool:
    """Tell whether a slot is an input's own, or one of those that grow or hang below it."""
    below = entry.grows if isinstance(entry, Socket) else entry.children is not None
    return name == entry.name or (below and name.startswith(f"{entry.name}."))
