"""Parameters as they are found: each widget is set by one of them, and each name is given once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from gateway.intake.entry import EntryTarget, ParameterEntry
from gateway.intake.names import Names
from gateway.services.bound import BoundWidget, WidgetKey
from gateway.services.model import ById

__all__ = ["Drafts"]


class Drafts:
    """What was found so far, in the order of finding."""

    def __init__(self, alike: Mapping[WidgetKey, tuple[BoundWidget, ...]] | None = None) -> None:
        """Begin with nothing found.

        Args:
            alike: Widget → those that one value was set for together with it; they stay together.
        """
        self._alike = alike or {}
        self._names = Names()
        self._claimed: set[WidgetKey] = set()
        self._found: list[ParameterEntry] = []

    def is_free(self, widget: BoundWidget) -> bool:
        """Tell whether no parameter sets a widget yet."""
        return widget.key not in self._claimed

    def has(self, name: str) -> bool:
        """Tell whether there is a parameter of this name."""
        return any(each.name == name for each in self._found)

    def add(
        self, wanted: Iterable[str], widgets: Iterable[BoundWidget], draft: ParameterEntry
    ) -> None:
        """Add a parameter for those of some widgets that are still free, if any.

        Args:
            wanted: Names for it, best first.
            widgets: What it sets.
            draft: All else about it; its name and targets are given here.
        """
        together = {
            each.key: each
            for widget in widgets
            for each in (widget, *self._alike.get(widget.key, ()))
        }
        free = [each for each in together.values() if self.is_free(each)]
        if not free:
            return
        self._claimed.update(each.key for each in free)
        targets = tuple(EntryTarget(ById(each.node_id), each.widget) for each in free)
        self._found.append(replace(draft, name=self._names.take(*wanted), targets=targets))

    def parameters(self) -> tuple[ParameterEntry, ...]:
        """Return all of them."""
        return tuple(self._found)
