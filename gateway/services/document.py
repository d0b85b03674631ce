"""The text of a YAML file → a tree of typed, positioned values, and findings about the YAML itself.

Built from the parser's events, not from `yaml.compose`: as fast, and 50,000 opening brackets are a
finding, where compose ends the process (docs/decisions/001-one-model-for-services-yaml.md).
Knows nothing of what the file means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeAlias

import yaml
from yaml.reader import ReaderError

from gateway.services.findings import Findings
from gateway.services.interpolate import VARIABLE, Fill, fill_variables
from gateway.services.scalars import type_scalar
from gateway.services.structure import (
    Spot,
    report_alias_cycle,
    report_alias_flood,
    report_alias_unknown,
    report_depth,
    report_duplicate,
    report_empty,
    report_key,
    report_merge,
    report_second_document,
    report_tag,
    report_variable_in_key,
)
from gateway.services.syntax import report_character, report_syntax
from gateway.services.tree import Entry, MappingNode, Node, Origin, ScalarNode, SequenceNode

__all__ = ["LOADER", "Loader", "Parser", "read_document"]


class Parser(Protocol):
    """What is used of either of PyYAML's parsers."""

    def get_event(self) -> yaml.Event | None:
        """Return the next event, or None after the last."""
        ...


Loader: TypeAlias = Callable[[str], Parser]

LOADER: Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_DEEPEST = 50
_MOST_REPEATED = 100_000


def read_document(
    text: str, findings: Findings, environment: Mapping[str, str], loader: Loader = LOADER
) -> Node | None:
    """Return the file's tree, or None when it cannot be read at all; faults go to `findings`."""
    text = text.removeprefix("\ufeff")
    try:
        events = iter(loader(text).get_event, None)
        return _Composer(events, Fill(environment, findings)).document()
    except _TooMuch:
        return None
    except yaml.MarkedYAMLError as error:
        report_syntax(error, text, findings)
    except (ReaderError, ValueError, OverflowError):
        # The latter two: a lone surrogate, and PyYAML's own parser on "\UFFFFFFFF".
        report_character(text, findings)
    return None


class _TooMuch(Exception):
    """The file is nested too deeply or repeats itself too often; that has been reported."""


class _Composer:
    """Puts one document together from the parser's events."""

    def __init__(self, events: Iterator[yaml.Event], fill: Fill) -> None:
        self._events = events
        self._fill = fill
        self._findings = fill.findings
        # Anchor → its node and how many nodes that is; None while the node is being read.
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._built = 0
        self._repeated = 0

    def document(self) -> Node | None:
        """Return the first document's root; a second one is reported."""
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    report_second_document(_spot(event), self._findings)
                    break
                root = self._node(next(self._events), 0)
        if root is None or (isinstance(root, ScalarNode) and root.text == "" and not root.origin):
            report_empty(self._findings)
            return None
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent) and event.anchor is None:
            return self._scalar(event)
        if isinstance(event, yaml.AliasEvent):
            return self._aliased(event.anchor, _spot(event))
        anchor: str | None = getattr(event, "anchor", None)
        if anchor is None:
            return self._collection(event, depth + 1)
        return self._anchored(event, anchor, depth)

    def _anchored(self, event: yaml.Event, anchor: str, depth: int) -> Node:
        self._anchors[anchor] = None
        before = self._built
        is_scalar = isinstance(event, yaml.ScalarEvent)
        node = self._scalar(event) if is_scalar else self._collection(event, depth + 1)
        self._anchors[anchor] = (node, self._built - before)
        return node

    def _scalar(self, event: yaml.ScalarEvent) -> ScalarNode:
        self._built += 1
        text: str = event.value
        mark = event.start_mark
        if event.tag is not None:
            report_tag(event.tag, _spot(event), self._findings)
        if VARIABLE in text:
            return fill_variables(text, _spot(event), self._fill)
        value = type_scalar(text) if event.implicit[0] else text
        return ScalarNode(text, value, mark.line + 1, mark.column + 1)

    def _collection(self, event: yaml.Event, depth: int) -> Node:
        self._built += 1
        spot = _spot(event)
        if depth > _DEEPEST:
            report_depth(_DEEPEST, spot, self._findings)
            raise _TooMuch
        tag: str | None = getattr(event, "tag", None)
        if tag is not None:
            report_tag(tag, spot, self._findings)
        if isinstance(event, yaml.MappingStartEvent):
            return MappingNode(self._entries(depth), *spot)
        items: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth))
        return SequenceNode(tuple(items), *spot)

    def _entries(self, depth: int) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            before = len(self._findings)
            name = self._name(event, depth)
            node = self._node(next(self._events), depth)
            if name in entries:
                report_duplicate(_spot(event), entries[name], self._findings)
            elif name is not None:
                mark = event.start_mark
                entries[name] = Entry(name, node, mark.line + 1, mark.column + 1)
            if len(self._findings) > before:
                self._findings.within(before, name)
        return entries

    def _name(self, event: yaml.Event, depth: int) -> str | None:
        """Return the name that a key is, or None when it is none, which is reported."""
        if isinstance(event, yaml.ScalarEvent) and event.anchor is None and event.tag is None:
            text: str = event.value
            if VARIABLE in text:
                report_variable_in_key(text, _spot(event), self._findings)
                return None
            if text == "<<" and event.implicit[0]:
                report_merge(_spot(event), self._findings)
                return None
            if not event.implicit[0] or type_scalar(text) is text:
                return text
        key = self._node(event, depth)
        if isinstance(key, ScalarNode) and isinstance(key.value, str):
            return key.value
        report_key(key, _spot(event), self._findings)
        return None

    def _aliased(self, anchor: str, spot: Spot) -> Node:
        known = self._anchors.get(anchor)
        if known is None:
            report = report_alias_cycle if anchor in self._anchors else report_alias_unknown
            report(anchor, spot, self._findings)
            return ScalarNode("", None, *spot, Origin(f"*{anchor}", missing=True))
        node, size = known
        self._built += size
        self._repeated += size
        if self._repeated > _MOST_REPEATED:
            report_alias_flood(anchor, _MOST_REPEATED, spot, self._findings)
            raise _TooMuch
        return node


def _spot(event: yaml.Event) -> Spot:
    return Spot(event.start_mark.line + 1, event.start_mark.column + 1)
