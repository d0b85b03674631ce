"""A service that is yet to be written, and its text: a minimal, commented entry of services.yaml.

What the text says is read back by `gateway.services.parse` as the same values. Knows no graph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.graph.json_value import Json
from gateway.services.model import (
    ById,
    ByTitle,
    Defaulted,
    Drawn,
    Fixed,
    GraphFile,
    Kind,
    LeftOut,
    Limits,
    NodeReference,
    ParameterType,
    Required,
    Supply,
)
from gateway.services.scalars import type_scalar
from gateway.services.writing import (
    write_comment,
    write_key,
    write_list,
    write_mapping,
    write_value,
)

__all__ = [
    "ChoiceEntry",
    "EntryTarget",
    "OutputEntry",
    "ParameterEntry",
    "ServiceEntry",
    "render_entry",
]

_SHORT = re.compile(r"[0-9A-Za-z_:]+\.[A-Za-z_][0-9A-Za-z_]*")
_WIDEST = 110
"""Longer lines are broken up: one key per line."""
_LEFT_OUT = LeftOut()
_NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class EntryTarget:
    """A widget that a parameter sets."""

    node: NodeReference
    widget: str


@dataclass(frozen=True, slots=True)
class ChoiceEntry:
    """One label of `choices` as a map, and what it sets: (`id.widget`, value) each."""

    label: str
    settings: tuple[tuple[str, Json], ...]


@dataclass(frozen=True, slots=True)
class ParameterEntry:
    """One parameter.

    Attributes:
        supply: `Defaulted("random")` and, for a file, `Defaulted("graph")` cannot be written: they
            say `Drawn` and `GraphFile`.
        choices: `choices` as a list; None when not given.
        choice_map: `choices` as a map; then neither targets, type nor limits. Its labels hold no `${`.
        template: Jinja2 source for a string widget.
        comment: For people who read the file; "" for none.
    """

    name: str
    targets: tuple[EntryTarget, ...] = ()
    type: ParameterType | None = None
    supply: Supply = _LEFT_OUT
    title: str | None = None
    description: str | None = None
    examples: tuple[Json, ...] = ()
    limits: Limits = _NO_LIMITS
    choices: tuple[Json, ...] | None = None
    choice_map: tuple[ChoiceEntry, ...] = ()
    template: str | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class OutputEntry:
    """A name for what a node makes; `index` counts from 0."""

    name: str
    node: NodeReference
    kind: Kind | None = None
    index: int | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """One service.

    Attributes:
        workflow: File name under workflows/.
        examples: Arguments of calls that `gateway test` makes.
        notes: Comments at the head of the entry, one line each.
    """

    name: str
    workflow: str
    title: str | None = None
    description: str | None = None
    parameters: tuple[ParameterEntry, ...] = ()
    outputs: tuple[OutputEntry, ...] = ()
    examples: tuple[Mapping[str, Json], ...] = ()
    notes: tuple[str, ...] = ()


def render_entry(entry: ServiceEntry, indent: int = 2) -> str:
    """Return the text of an entry, as it stands in column 0; each line ends in a line feed.

    Args:
        entry: What it should say.
        indent: Spaces per level.
    """
    return "".join(f"{line}\n" for line in _service(entry, " " * indent))


# --- lines ----------------------------------------------------------------------------------------


def _service(entry: ServiceEntry, step: str) -> Iterator[str]:
    yield f"{write_key(entry.name)}:"
    for note in entry.notes:
        yield f"{step}{write_comment(note)}"
    if entry.title is not None:
        yield f"{step}title: {write_value(entry.title)}"
    if entry.description is not None:
        yield f"{step}description: {write_value(entry.description)}"
    yield f"{step}workflow: {write_value(entry.workflow)}"
    if entry.parameters:
        yield f"{step}parameters:"
        width = _width([each.name for each in entry.parameters])
        for parameter in entry.parameters:
            yield from _parameter(parameter, step, width)
    if entry.outputs:
        yield f"{step}outputs:"
        width = _width([each.name for each in entry.outputs])
        for output in entry.outputs:
            head = _head(output.name, width)
            line = f"{head}{write_mapping(_output(output))}"
            yield from _commented([f"{step * 2}{line}"], output.comment, step * 2)
    if entry.examples:
        yield f"{step}examples:"
        for example in entry.examples:
            yield f"{step * 2}- {write_value(dict(example))}"


def _parameter(parameter: ParameterEntry, step: str, width: int) -> Iterator[str]:
    margin = step * 2
    if parameter.choice_map:
        yield from _commented(_with_labels(parameter, step), parameter.comment, margin)
        return
    keys = _keys(parameter)
    short = _short(parameter)
    text = short if short is not None and len(keys) <= 2 else write_mapping(keys)
    line = f"{margin}{_head(parameter.name, width)}{text}"
    if len(line) <= _WIDEST:
        yield from _commented([line], parameter.comment, margin)
        return
    lines = [f"{margin}{write_key(parameter.name)}:"]
    lines += [f"{margin}{step}{key}: {value}" for key, value in keys]
    yield from _commented(lines, parameter.comment, margin)


def _with_labels(parameter: ParameterEntry, step: str) -> list[str]:
    margin, inner = step * 2, step * 3
    lines = [f"{margin}{write_key(parameter.name)}:"]
    for key, value in (*_described(parameter), *_examples(parameter)):
        lines.append(f"{inner}{key}: {value}")
    lines.append(f"{inner}choices:")
    width = _width([each.label for each in parameter.choice_map])
    for choice in parameter.choice_map:
        settings = write_mapping([(path, write_value(value)) for path, value in choice.settings])
        lines.append(f"{inner}{step}{_head(choice.label, width)}{settings}")
    lines += [f"{inner}{key}: {value}" for key, value in _supply(parameter.supply)]
    return lines


def _commented(lines: list[str], comment: str, margin: str) -> Iterator[str]:
    """Yield lines with a comment: behind the only line where it fits, else above them."""
    if not comment:
        yield from lines
        return
    written = write_comment(comment)
    if len(lines) == 1 and len(lines[0]) + 2 + len(written) <= _WIDEST:
        yield f"{lines[0]}  {written}"
        return
    yield f"{margin}{written}"
    yield from lines


def _width(names: list[str]) -> int:
    return max((len(write_key(name)) for name in names), default=0)


def _head(name: str, width: int) -> str:
    return f"{write_key(name)}:".ljust(width + 2)


# --- keys and their values ------------------------------------------------------------------------


def _keys(parameter: ParameterEntry) -> list[tuple[str, str]]:
    keys = _targets(parameter.targets)
    if parameter.type is not None:
        keys.append(("type", parameter.type))
    keys += _supply(parameter.supply)
    keys += _limits(parameter.limits)
    if parameter.choices is not None:
        keys.append(("choices", write_list(parameter.choices)))
    if parameter.template is not None:
        keys.append(("template", write_value(parameter.template)))
    keys += _described(parameter)
    keys += _examples(parameter)
    return keys


def _targets(targets: tuple[EntryTarget, ...]) -> list[tuple[str, str]]:
    if not targets:
        return []
    if len(targets) == 1:
        return _target(targets[0])
    each = ", ".join(_path(target) or write_mapping(_target(target)) for target in targets)
    return [("targets", f"[{each}]")]


def _target(target: EntryTarget) -> list[tuple[str, str]]:
    return [("node", _node(target.node)), ("widget", write_value(target.widget))]


def _node(node: NodeReference) -> str:
    match node:
        case ById(node_id):
            # An id is always in quotes, for that is what it is: text, even "6".
            text = write_value(node_id)
            return text if text.startswith('"') else f'"{text}"'
        case ByTitle(title):
            return write_mapping([("title", write_value(title))])
        case by_class:
            return write_mapping([("class_type", write_value(by_class.class_type))])


def _short(parameter: ParameterEntry) -> str | None:
    """Return the short form of the only target, where there is one."""
    if len(parameter.targets) != 1 or not isinstance(parameter.supply, LeftOut):
        return None
    return _path(parameter.targets[0])


def _path(target: EntryTarget) -> str | None:
    """Return `id.widget`, unless a reader could split it elsewhere or take it for a number."""
    if not isinstance(target.node, ById):
        return None
    path = f"{target.node.id}.{target.widget}"
    if _SHORT.fullmatch(path) is None or type_scalar(path) is not path:
        return None
    return write_value(path)


def _supply(supply: Supply) -> list[tuple[str, str]]:
    match supply:
        case Required():
            return [("required", "true")]
        case Defaulted(value):
            return [("default", write_value(value))]
        case Drawn():
            return [("default", "random")]
        case GraphFile():
            return [("default", "graph")]
        case Fixed(value):
            return [("value", write_value(value))]
        case _:
            return []


def _described(parameter: ParameterEntry) -> list[tuple[str, str]]:
    return _written([("title", parameter.title), ("description", parameter.description)])


def _examples(parameter: ParameterEntry) -> list[tuple[str, str]]:
    return [("examples", write_list(parameter.examples))] if parameter.examples else []


def _limits(limits: Limits) -> list[tuple[str, str]]:
    return _written(
        [
            ("minimum", limits.minimum),
            ("maximum", limits.maximum),
            ("multiple_of", limits.multiple_of),
            ("min_length", limits.min_length),
            ("max_length", limits.max_length),
            ("pattern", limits.pattern),
        ]
    )


def _written(keys: Sequence[tuple[str, Json]]) -> list[tuple[str, str]]:
    return [(key, write_value(value)) for key, value in keys if value is not None]


def _output(output: OutputEntry) -> list[tuple[str, str]]:
    keys = [("node", _node(output.node))]
    if output.kind is not None:
        keys.append(("kind", output.kind))
    if output.index is not None:
        keys.append(("index", str(output.index)))
    return keys
