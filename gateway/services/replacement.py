"""Writes other nodes into the bindings of services.yaml and leaves every other byte as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never, cast

import yaml

from gateway.errors import DeclarationError, Finding, Place
from gateway.services.document import LOADER
from gateway.services.file_keys import SERVICES
from gateway.services.interpolate import VARIABLE
from gateway.services.model import ByClassType, ById, ByTitle, NodeReference, ShortTarget
from gateway.services.scalars import type_scalar

__all__ = ["Replaced", "Replacement", "replace_nodes"]

Section: TypeAlias = Literal["parameters", "outputs"]

_BOM = "\ufeff"
_PLAIN = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.:-]*[A-Za-z0-9_])?( [A-Za-z0-9_]+)*")
_ANCHOR = re.compile(r"&\S+\s+")
_TARGETS, _CHOICES, _NODE, _REPEAT, _ABSENT = "targets", "choices", "node", "repeat", "when_absent"
_REMOVALS = ("bypass", "mute")
_FORMS: dict[type[NodeReference], str] = {ByTitle: "title", ByClassType: "class_type"}


@dataclass(frozen=True, slots=True)
class Replacement:
    """Another node for a binding.

    Attributes:
        name: The parameter's or output's.
        old: As it is written; all of a parameter's or output's bindings that say so are meant.
        new: What to write instead: of a short form the short form.
        place: Where the binding stands, for a finding.
    """

    service: str
    section: Section
    name: str
    old: NodeReference | ShortTarget
    new: NodeReference | ShortTarget
    place: Place


@dataclass(frozen=True, slots=True)
class Replaced:
    """What was written where; line and column count from 1."""

    line: int
    column: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Cut:
    start: int
    end: int
    line: int
    column: int
    text: str


def replace_nodes(
    text: str, replacements: Sequence[Replacement]
) -> tuple[str, tuple[Replaced, ...]]:
    """Return the file's text with other nodes in it, and what was changed, in the file's order.

    Args:
        text: What stands in the file, which has no errors; line ends and byte order mark as they are.
        replacements: What to write.

    Raises:
        DeclarationError: A binding cannot be written: it comes from a variable, or stands in a form
            of its own. Every such one is told.
    """
    body = text.removeprefix(_BOM)
    root = cast(
        "yaml.Node | None",
        yaml.compose(body, Loader=LOADER),  # pyright: ignore[reportArgumentType, reportUnknownMemberType]
    )
    cuts: dict[int, _Cut] = {}
    findings: list[Finding] = []
    for each in replacements:
        found = [_cut(node, each) for node in _spots(root, each)]
        sure = [cut for cut in found if cut is not None]
        if not found or len(sure) < len(found) or _clash(sure, cuts):
            findings.append(_unwritable(each))
        cuts |= {cut.start: cut for cut in sure}
    if findings:
        raise DeclarationError(findings)
    return _applied(text, len(text) - len(body), sorted(cuts.values(), key=lambda cut: cut.start))


def _applied(text: str, offset: int, cuts: Iterable[_Cut]) -> tuple[str, tuple[Replaced, ...]]:
    parts: list[str] = []
    done: list[Replaced] = []
    end = 0
    for cut in cuts:
        start, stop = cut.start + offset, cut.end + offset
        if anchor := _ANCHOR.match(text, start):  # it stays, others may repeat the value by it
            start = anchor.end()
        parts += (text[end:start], cut.text)
        done.append(Replaced(cut.line, cut.column, text[start:stop], cut.text))
        end = stop
    return "".join((*parts, text[end:])), tuple(done)


def _clash(cuts: Iterable[_Cut], others: dict[int, _Cut]) -> bool:
    """Tell whether a value that an alias repeats would have to become two."""
    return any(others.get(cut.start, cut) != cut for cut in cuts)


# --- where the nodes are named --------------------------------------------------------------------


def _spots(root: yaml.Node | None, wanted: Replacement) -> Iterator[yaml.Node]:
    """Yield the nodes of the file that a replacement means."""
    value = root
    for key in (SERVICES.name, wanted.service, wanted.section, wanted.name):
        value = _entry(value, key)
    named = _short_forms(value) if isinstance(wanted.old, ShortTarget) else _references(value)
    return (each for each in named if _says(each, wanted.old))


def _references(value: yaml.Node | None) -> Iterator[yaml.Node]:
    own = _entry(value, _NODE)
    if own is not None:
        yield own
    for target in _items(_entry(value, _TARGETS)):
        inner = _entry(target, _NODE)
        if inner is not None:
            yield inner
    repeated = _entry(value, _REPEAT)
    if repeated is not None:
        yield _entry(repeated, _NODE) or repeated
    for _, label in _pairs(_entry(value, _CHOICES)):
        yield from _removed(label)
    yield from _removed(_entry(value, _ABSENT))


def _removed(value: yaml.Node | None) -> Iterator[yaml.Node]:
    for key in _REMOVALS:
        yield from _items(_entry(value, key))


def _short_forms(value: yaml.Node | None) -> Iterator[yaml.Node]:
    if isinstance(value, yaml.ScalarNode):
        yield value
    yield from (each for each in _items(_entry(value, _TARGETS)) if _is_scalar(each))
    for _, settings in _pairs(_entry(value, _CHOICES)):
        yield from (key for key, _ in _pairs(settings))


def _says(node: yaml.Node, reference: NodeReference | ShortTarget) -> bool:
    match reference:
        case ShortTarget(path):
            return _text(node) == path
        case ById(node_id):
            return _text(node) == node_id
        case ByTitle(word) | ByClassType(word):
            return _text(_entry(node, _FORMS[type(reference)])) == word
        case _:
            assert_never(reference)


def _entry(value: yaml.Node | None, name: str) -> yaml.Node | None:
    return next((inner for key, inner in _pairs(value) if _text(key) == name), None)


def _pairs(value: yaml.Node | None) -> Sequence[tuple[yaml.Node, yaml.Node]]:
    return value.value if isinstance(value, yaml.MappingNode) else ()


def _items(value: yaml.Node | None) -> Sequence[yaml.Node]:
    return value.value if isinstance(value, yaml.SequenceNode) else ()


def _is_scalar(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode)


def _text(node: yaml.Node | None) -> str | None:
    """Return what a scalar says; None when a variable says it, or when it is none."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    said: str = node.value
    if VARIABLE not in said:
        return said
    return said.replace("$${", VARIABLE) if said.count(VARIABLE) == said.count("$${") else None


# --- what is written ------------------------------------------------------------------------------


def _cut(node: yaml.Node, wanted: Replacement) -> _Cut | None:
    """Return what to put into a node's place, or None when its form does not allow it."""
    new = wanted.new
    if isinstance(new, ById):
        text = _like(node, new.id, numbers=True)
    elif isinstance(new, ShortTarget):
        text = _like(node, new.path, numbers=True)
    else:
        word = new.title if isinstance(new, ByTitle) else new.class_type
        named = _entry(node, _FORMS[type(new)])
        text = None if named is None else _like(named, word, numbers=False)
        node = named or node
    if text is None:
        return None
    start, end = node.start_mark, node.end_mark
    return _Cut(start.index, end.index, start.line + 1, start.column + 1, text)


def _like(node: yaml.Node, word: str, *, numbers: bool) -> str | None:
    """Return a scalar that says `word`, quoted as the one that is there; a mapping becomes one, too."""
    word = word.replace(VARIABLE, "$${")
    quoted = "".join(
        each if each.isprintable() else f"\\U{ord(each):08X}"
        for each in json.dumps(word, ensure_ascii=False)
    )
    match node:
        case yaml.MappingNode(flow_style=True):
            return quoted
        case yaml.ScalarNode(style="'") if word.isprintable():
            return "'" + word.replace("'", "''") + "'"
        case yaml.ScalarNode(style=None | "") if _is_plain(word, numbers=numbers):
            return word
        case yaml.ScalarNode(style=None | "" | "'" | '"'):
            return quoted
        case _:
            return None


def _is_plain(word: str, *, numbers: bool) -> bool:
    value = type_scalar(word)
    is_whole = numbers and isinstance(value, int) and str(value) == word
    return _PLAIN.fullmatch(word) is not None and (value == word or is_whole)


def _unwritable(wanted: Replacement) -> Finding:
    new = wanted.new
    match new:
        case ById(word):
            written = f'node: "{word}"'
        case ShortTarget(word):
            written = word
        case ByTitle(word):
            written = f"node: {{title: {word}}}"
        case ByClassType(word):
            written = f"node: {{class_type: {word}}}"
        case _:
            assert_never(new)
    return Finding(
        code="binding-unwritable",
        message="this binding's node cannot be written here: a variable, an alias or a form of its "
        "own says it",
        place=wanted.place,
        service=wanted.service,
        parameter=wanted.name if wanted.section == "parameters" else None,
        found=written,
        mend=f"Make it say: {written}",
    )
