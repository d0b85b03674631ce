"""Where an input's value really comes from: through reroutes, bypassed nodes and the walls of subgraphs.

Every step leads to exactly one next step, so this is a loop and no recursion: a chain may be as long as
it likes. Source: ExecutableNodeDTO of the official frontend, as seen from outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gateway.editor.document import (
    BYPASSED,
    INPUT_PANEL,
    MUTED,
    InputSlot,
)
from gateway.editor.instances import Instance, Scope
from gateway.editor.promotion import first_named, widget_inside
from gateway.graph.prompt import Link

__all__ = ["Promoted", "Source", "Sources", "fits"]


@dataclass(frozen=True, slots=True)
class Promoted:
    """Widgets of hosts that feed the input, innermost first: (host, index of its input)."""

    widgets: tuple[tuple[Instance, int], ...]


Source: TypeAlias = "Link | Promoted | None"


@dataclass(slots=True)
class _Walk:
    """Where the search stands: at an input slot, or (`leaving`) at an output slot."""

    instance: Instance
    slot: int
    leaving: bool = False


class Sources:
    """Finds what feeds inputs, for one opened workflow.

    What a search came through is known to the next ones, or rows of reroutes in front of many nodes would
    take the product of both.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, str], Source] = {}

    def of(self, instance: Instance, slot: int) -> Source:
        """Find what feeds an input.

        Args:
            instance: The node.
            slot: Index of its input, from 0.

        Returns:
            The output of a real node; or the hosts' widgets it was promoted to; or None: nothing.

        Raises:
            PromptFault: `workflow-link-broken`.
        """
        passed: list[tuple[int, int, str]] = []
        found = self._search(_Walk(instance, slot), instance.inputs[slot].type, passed)
        self._known.update(dict.fromkeys(passed, found))
        return found

    def _search(self, start: _Walk, wanted: str, passed: list[tuple[int, int, str]]) -> Source:
        seen: set[tuple[int, int, bool]] = set()
        hosts: list[tuple[Instance, int]] = []
        at: _Walk | None = start
        while at is not None:
            here = (id(at.instance), at.slot, at.leaving)
            if here in seen:  # a reroute that feeds itself
                return None
            seen.add(here)
            if not at.leaving:
                entered = _enter(at, hosts)
                if isinstance(entered, Promoted):
                    return entered
                at = entered
                continue
            if _is_real(at.instance):
                return Link(at.instance.id, at.slot)
            if not hosts:  # what is found from inside a host depends on how it was entered
                key = (id(at.instance), at.slot, wanted)
                if key in self._known:
                    return self._known[key]
                passed.append(key)
            at = self._leave(at.instance, at.slot, wanted)
        return None

    def _leave(self, instance: Instance, slot: int, wanted: str) -> _Walk | None:
        """Go on from an output that is no real node's."""
        if instance.node.mode == MUTED:
            return None
        if instance.node.mode == BYPASSED:
            through = _pass_through(instance, slot, wanted)
            return None if through is None else _Walk(instance, through)
        if instance.inner is not None:
            return self._inward(instance.inner, slot)
        if instance.node.type == "Reroute":
            return _Walk(instance, 0)
        return None

    def _inward(self, scope: Scope, panel: int) -> _Walk | None:
        """Step from a host's output to the node inside that makes it."""
        graph = scope.graph
        if not 0 <= panel < len(graph.outputs):
            return None
        links = graph.links
        named = (links[each] for each in graph.outputs[panel].links if each in links)
        link = next(named, None)
        if link is None:
            return None
        if link.origin == INPUT_PANEL:  # straight through the subgraph
            return _outward(scope, link.origin_slot, [])
        return _Walk(scope.origin(link), link.origin_slot, leaving=True)


def _is_real(instance: Instance) -> bool:
    return instance.node.active and not instance.virtual and instance.inner is None


def _enter(at: _Walk, hosts: list[tuple[Instance, int]]) -> _Walk | Promoted | None:
    """Follow an input's link to where it begins."""
    if not 0 <= at.slot < len(at.instance.inputs):
        return None
    link_id = at.instance.inputs[at.slot].link
    if link_id is None:
        return _promoted(at, hosts)
    scope = at.instance.scope
    link = scope.link(link_id)
    if link.origin == INPUT_PANEL and scope.host is not None:
        return _outward(scope, link.origin_slot, hosts)
    return _Walk(scope.origin(link), link.origin_slot, leaving=True)


def _promoted(at: _Walk, hosts: list[tuple[Instance, int]]) -> Promoted | None:
    """Return the widgets of the hosts, when an input of the outermost stands for a widget inside."""
    inner = at.instance.inner
    if inner is None or not hosts or hosts[-1][0] is not at.instance:
        return None
    return Promoted(tuple(hosts)) if widget_inside(inner, hosts[-1][1]) is not None else None


def _outward(scope: Scope, panel: int, hosts: list[tuple[Instance, int]]) -> _Walk | None:
    """Step from a subgraph's input panel to the host's own input."""
    host = scope.host
    if host is None or not 0 <= panel < len(host.inputs):
        return None
    hosts.append((host, first_named(host, scope, panel)))
    return _Walk(host, panel)


def _pass_through(instance: Instance, slot: int, wanted: str) -> int | None:
    """Return which input a bypassed node's output passes on, or None."""
    inputs = instance.inputs
    made = instance.outputs[slot].type if 0 <= slot < len(instance.outputs) else "*"
    if wanted == "*":
        return slot if 0 <= slot < len(inputs) else 0
    if 0 <= slot < len(inputs) and _passes(inputs[slot], made, wanted):
        return slot
    return _first(inputs, made, wanted)


def _first(inputs: Sequence[InputSlot], made: str, wanted: str) -> int | None:
    for at, each in enumerate(inputs):
        if each.type == wanted:
            return at
    return next((at for at, each in enumerate(inputs) if _passes(each, made, wanted)), None)


def _passes(slot: InputSlot, made: str, wanted: str) -> bool:
    return fits(slot.type, made) and fits(slot.type, wanted)


def fits(one: str, other: str) -> bool:
    """Tell whether a link may join two types; `*` and "" fit all, lists fit when any members do."""
    if one in ("", "*") or other in ("", "*") or one == other:
        return True
    ones = {each.strip() for each in one.lower().split(",")}
    others = {each.strip() for each in other.lower().split(",")}
    return not ones.isdisjoint(others) or "*" in ones | others
