"""Puts a new service into the text of services.yaml and leaves every other byte as it is.

Where it goes is read off the parser's events, which know where each value begins and ends. The
result is read again, and what is not exactly the old file and the new entry is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import yaml
from yaml.reader import ReaderError

from gateway.errors import DeclarationError, Finding, Place
from gateway.services.document import LOADER
from gateway.services.file_keys import SERVICES, VERSION
from gateway.services.findings import Findings
from gateway.services.scalars import type_scalar
from gateway.services.syntax import report_character, report_syntax

__all__ = ["indent_of_services", "insert_service"]

_BOM = "\ufeff"
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_COMMENT = re.compile("( *)#")
_STEP = 2

_Sign: TypeAlias = tuple[object, ...]
"""An event without its place."""


@dataclass(frozen=True, slots=True)
class _Site:
    """Where an entry goes.

    Attributes:
        at: Index of the beginning of a line, or the end of the text.
        column: Of the entry's name.
        before: Lines above the entry, such as `services:` where there is none yet.
        cut: What goes: an empty value.
        kept: How many events stay before and from which one on they stay again.
        opening: The events that stand before the entry's own, when `services` is made.
    """

    at: int
    column: int
    kept: tuple[int, int]
    before: tuple[str, ...] = ()
    cut: tuple[int, int] = (0, 0)
    opening: tuple[_Sign, ...] = ()


def insert_service(text: str, name: str, entry_text: str, file: str = "services.yaml") -> str:
    """Return the file's text with one more service at the end of `services`.

    Args:
        text: What stands in the file, line ends and byte order mark as they are.
        name: The new service's name.
        entry_text: `name:` in column 0 and what is under it, such as `render_entry` returns.
        file: Its name, for findings.

    Raises:
        DeclarationError: The name is taken, the file cannot be read, or its form leaves no place
            for an entry; the finding says how to make one.
    """
    body = text.removeprefix(_BOM)
    source = _Source(body, file)
    site = source.site(name)
    result = _put(body, site, entry_text)
    entry = _Source(entry_text, file)
    try:
        is_kept = _is_kept(source, site, _Source(result, file), entry)
    except DeclarationError:
        is_kept = False
    if not is_kept:
        raise source.refusal(
            None,
            "an entry cannot be put at the end of `services` without changing what stands there",
            "End the file with an empty line and write `services` as a mapping, an entry a line.",
        )
    return text[: len(text) - len(body)] + result


def indent_of_services(text: str) -> int:
    """Return how many spaces the file puts before a service's name; 2 where it has none yet.

    Raises:
        DeclarationError: The file cannot be read.
    """
    source = _Source(text.removeprefix(_BOM), "services.yaml")
    entry = source.entry_of(SERVICES.name)
    if entry is None or _is_flat(source.events[entry[1]]):
        return _STEP
    key, first = source.events[entry[0]], source.events[entry[1] + 1]
    return first.start_mark.column - key.start_mark.column


class _Source:
    """A YAML text and the parser's events of what stands in it; the first is the root's."""

    def __init__(self, body: str, file: str) -> None:
        self.body = body
        self.file = file
        self.events = _events(body, file)

    def site(self, name: str) -> _Site:
        """Return where the entry goes."""
        if not self.events or _is_nothing(self.events[0]):
            return self._in_empty_file()
        root = self.events[0]
        if _is_flat(root):
            raise self.refusal(
                root,
                "the file is no block mapping, which an entry could be put into",
                "Write every section on lines of its own: version: 1, then services:.",
            )
        entry = self.entry_of(SERVICES.name)
        if entry is None:
            return self._in_new_section()
        key, first, last = entry
        value = self.events[first]
        if _is_nothing(value) or self._is_empty_mapping(first, last):
            return self._in_empty_section(key, first, last)
        if _is_flat(value):
            raise self.refusal(
                value,
                "`services` is written in braces or is no mapping, and no entry can be put there",
                "Write each service on lines of its own under `services:`, indented by two spaces.",
            )
        self._refuse_taken(first, name)
        return self._in_section(first, last)

    def entry_of(self, name: str) -> tuple[int, int, int] | None:
        """Return the events of a section: its key, and its value's first and last one."""
        if not self.events or _is_flat(self.events[0]):
            return None
        for key, first, last in self._entries(0):
            if _word(self.events[key]) == name:
                return key, first, last
        return None

    def refusal(self, event: yaml.Event | None, message: str, mend: str) -> DeclarationError:
        """Return the error that says why nothing is put in."""
        return DeclarationError(
            [
                Finding(
                    code="services-not-insertable",
                    message=message,
                    place=self._place(event),
                    mend=mend,
                )
            ]
        )

    # --- the four kinds of places -----------------------------------------------------------------

    def _in_empty_file(self) -> _Site:
        before = (f"{VERSION.name}: {VERSION.sample}", "", f"{SERVICES.name}:")
        opening = (_scalar(VERSION.name), _scalar(VERSION.sample), _scalar(SERVICES.name))
        return _Site(
            len(self.body),
            _STEP,
            (0, len(self.events)),
            before,
            opening=(_MAPPING, *opening, _MAPPING),
        )

    def _in_new_section(self) -> _Site:
        last = _end_of(self.events, 0)
        column = self.events[0].start_mark.column
        at = self._line_end(self._last_index(0, last))
        rest = _lines(self.body[at:])
        if all(not line.strip() or line.lstrip(" \t").startswith("#") for line in rest):
            at = len(self.body)
        gap = () if self._is_after_gap(at) else ("",)
        return _Site(
            at,
            column + _STEP,
            (last, last),
            (*gap, f"{' ' * column}{SERVICES.name}:"),
            opening=(_scalar(SERVICES.name), _MAPPING),
        )

    def _in_empty_section(self, key: int, first: int, last: int) -> _Site:
        value = self.events[first]
        end = self.events[last].end_mark.index
        line_end = self._line_end(end)
        start = end if _word(value) == "" else value.start_mark.index
        if start < end and not self.body[end:line_end].strip():
            start = len(self.body[:start].rstrip(" "))
        column = self.events[key].start_mark.column
        return _Site(
            self._after_comments(line_end, column + 1),
            column + _STEP,
            (first, last + 1),
            cut=(start, end),
            opening=(("{", getattr(value, "anchor", None), getattr(value, "tag", None)),),
        )

    def _in_section(self, first: int, last: int) -> _Site:
        value = self.events[first]
        # One with an anchor or a tag begins with that, on the line of `services`.
        is_marked = getattr(value, "anchor", None) or getattr(value, "tag", None)
        column = self.events[first + 1 if is_marked else first].start_mark.column
        at = self._after_comments(self._line_end(self._last_index(first, last)), column)
        gap = ("",) if self._has_gaps(first) and not self._is_after_gap(at) else ()
        return _Site(at, column, (last, last), gap)

    # --- looking around ---------------------------------------------------------------------------

    def _refuse_taken(self, first: int, name: str) -> None:
        for key, _, _ in self._entries(first):
            event = self.events[key]
            if _word(event) == name:
                finding = Finding(
                    code="service-exists",
                    message=f"there is a service `{name}` already",
                    place=self._place(event),
                    service=name,
                    found=name,
                    mend="Choose another name, or take that service out first.",
                )
                raise DeclarationError([finding])

    def _entries(self, mapping: int) -> Iterator[tuple[int, int, int]]:
        at = mapping + 1
        while not isinstance(self.events[at], yaml.MappingEndEvent):
            first = _end_of(self.events, at) + 1
            last = _end_of(self.events, first)
            yield at, first, last
            at = last + 1

    def _is_empty_mapping(self, first: int, last: int) -> bool:
        start, end = self.events[first], self.events[last]
        if not isinstance(start, yaml.MappingStartEvent) or last != first + 1:
            return False
        return self.body[start.end_mark.index : end.start_mark.index].strip(" ") == ""

    def _has_gaps(self, first: int) -> bool:
        """Tell whether empty lines part the services; a single one says nothing against it."""
        *others, last = (key for key, _, _ in self._entries(first))
        above = _lines(self.body[: self.events[last].start_mark.index])[:-1]
        while above and _COMMENT.match(above[-1]):
            above.pop()
        return not others or (bool(above) and not above[-1].strip())

    def _last_index(self, first: int, last: int) -> int:
        """Return where the text of a value ends, before any comment."""
        index = 0
        flow: list[bool] = []
        for event in self.events[first : last + 1]:
            if isinstance(event, yaml.CollectionStartEvent):
                flow.append(bool(event.flow_style))
            # The end of a block collection is where the next thing begins.
            if not isinstance(event, yaml.CollectionEndEvent) or flow.pop():
                index = event.end_mark.index
        return index

    def _line_end(self, index: int) -> int:
        if _ends_line(self.body[:index]):
            return index
        found = _BREAK.search(self.body, index)
        return found.end() if found else len(self.body)

    def _after_comments(self, index: int, column: int) -> int:
        """Return the end of the comments from `index` on that stand in `column` or further right."""
        at = end = index
        while at < len(self.body):
            line_end = self._line_end(at + 1)
            line = self.body[at:line_end]
            comment = _COMMENT.match(line)
            if comment and len(comment[1]) >= column:
                end = line_end
            elif line.strip():
                break
            at = line_end
        return end

    def _is_after_gap(self, index: int) -> bool:
        lines = _lines(self.body[:index])
        return _ends_line(self.body[:index]) and len(lines) > 1 and not lines[-2].strip()

    def _place(self, event: yaml.Event | None) -> Place:
        if event is None:
            return Place(self.file, 1, 1)
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)


# --- text -----------------------------------------------------------------------------------------


def _put(body: str, site: _Site, entry_text: str) -> str:
    ending = _BREAK.search(body)
    newline = ending[0] if ending and ending[0] in {"\n", "\r\n", "\r"} else "\n"
    margin = " " * site.column
    entry = (f"{margin}{line}" if line else "" for line in entry_text.splitlines())
    block = "".join(f"{line}{newline}" for line in (*site.before, *entry))
    start, end = site.cut
    head = body[:start] + body[end : site.at]
    gap = newline if head and not _ends_line(head) else ""
    return f"{head}{gap}{block}{body[site.at :]}"


def _lines(text: str) -> list[str]:
    return _BREAK.split(text)


def _ends_line(text: str) -> bool:
    return text[-1:] in {"\n", "\r", "\x85", "\u2028", "\u2029"}


# --- events ---------------------------------------------------------------------------------------

_MAPPING: _Sign = ("{", None, None)
_CONTENT = (yaml.NodeEvent, yaml.CollectionEndEvent)


def _events(body: str, file: str) -> Sequence[yaml.Event]:
    findings = Findings(file)
    try:
        return [each for each in iter(LOADER(body).get_event, None) if isinstance(each, _CONTENT)]
    except yaml.MarkedYAMLError as error:
        report_syntax(error, body, findings)
    except (ReaderError, ValueError):
        report_character(body, findings)
    raise DeclarationError(findings.in_order())


def _end_of(events: Sequence[yaml.Event], first: int) -> int:
    """Return the number of the last event of the value that begins with event `first`."""
    depth = 0
    last = first - 1
    while last < first or depth:  # a parser closes what it opens
        last += 1
        depth += isinstance(events[last], yaml.CollectionStartEvent)
        depth -= isinstance(events[last], yaml.CollectionEndEvent)
    return last


def _is_nothing(event: yaml.Event) -> bool:
    if not isinstance(event, yaml.ScalarEvent) or not event.implicit[0]:
        return False
    return type_scalar(event.value) is None


def _is_flat(event: yaml.Event) -> bool:
    """Tell whether this begins anything but a mapping in block style."""
    return not isinstance(event, yaml.MappingStartEvent) or bool(event.flow_style)


def _word(event: yaml.Event) -> str | None:
    return event.value if isinstance(event, yaml.ScalarEvent) else None


def _scalar(text: str) -> _Sign:
    return ("=", None, None, text, True)


def _signs(events: Iterable[yaml.Event]) -> list[_Sign]:
    return [_sign(event) for event in events]


def _sign(event: yaml.Event) -> _Sign:
    anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
    match event:
        case yaml.ScalarEvent():
            return ("=", anchor, tag, event.value, event.implicit[0])
        case yaml.MappingStartEvent():
            return ("{", anchor, tag)
        case _:
            return (type(event).__name__, anchor, tag)


def _is_kept(source: _Source, site: _Site, result: _Source, entry: _Source) -> bool:
    """Tell whether the result says what the source said, and the entry in its place."""
    before, after = site.kept
    inner = _signs(entry.events[1:-1])
    closing = [_sign(entry.events[-1])] * sum(sign[0] == "{" for sign in site.opening)
    expected = [
        *_signs(source.events[:before]),
        *site.opening,
        *inner,
        *closing,
        *_signs(source.events[after:]),
    ]
    return _signs(result.events) == expected
