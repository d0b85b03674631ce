"""One parameter → its fragment of JSON Schema 2020-12, as small as it can be told.

Two things are told otherwise than they are checked. Integers beyond 2^53-1 are cut to it, because a
reader in JavaScript would round them; larger ones within the definition's limits are still accepted.
And lists of more than 64 options are described, not enumerated; what is not in them is refused.
"""

from __future__ import annotations

from gateway.graph.json_value import Json
from gateway.services.bound import BoundParameter, BoundRepeat
from gateway.services.constraint import Constraint, Rows, constraint_of
from gateway.services.keywords import keywords, object_of
from gateway.services.model import Defaulted, Drawn, GraphFile
from gateway.services.values import FILE_TYPES, LARGEST_SAFE, shown
from gateway.wire.clean import clean_text

__all__ = ["MOST_LISTED", "fragment_of"]

MOST_LISTED = 64
"""Options that are enumerated; longer lists are described."""

_LONGEST_TOOLTIP = 300
_SHOWN = 3


def fragment_of(bound: BoundParameter) -> dict[str, Json]:
    """Return what a tool's input schema says of a parameter that callers may give."""
    constraint = constraint_of(bound)
    parameter = bound.parameter
    fragment = _told(constraint)
    if bound.repeat is not None and constraint.rows is not None:
        fragment["items"] = _items(bound.repeat, constraint.rows)
    if parameter.title is not None:
        fragment["title"] = parameter.title
    if description := " ".join(_sentences(bound, constraint)):
        fragment["description"] = description
    if isinstance(parameter.supply, Defaulted):
        fragment["default"] = parameter.supply.value
    if parameter.examples:
        fragment["examples"] = list(parameter.examples)
    return fragment


def _items(repeat: BoundRepeat, rows: Rows) -> dict[str, Json]:
    fields: dict[str, Json] = {each.name: fragment_of(each) for each in repeat.fields}
    return fragment_of(repeat.fields[0]) if repeat.plain else object_of(fields, rows)


def _told(constraint: Constraint) -> dict[str, Json]:
    fragment = keywords(constraint)
    if _is_long(constraint):
        fragment.pop("enum", None)
        fragment.pop("items", None)
    for key in ("minimum", "maximum", "multipleOf"):
        limit = fragment.get(key)
        if isinstance(limit, int | float):
            fragment[key] = _plain(limit, constraint)
    return fragment


def _plain(limit: float, constraint: Constraint) -> int | float:
    if constraint.type == "integer":
        limit = max(-LARGEST_SAFE, min(limit, LARGEST_SAFE))
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _is_long(constraint: Constraint) -> bool:
    return constraint.options is not None and len(constraint.options) > MOST_LISTED


def _sentences(bound: BoundParameter, constraint: Constraint) -> list[str]:
    parameter = bound.parameter
    words = parameter.description or _tooltip(bound)
    sentences = [words] if words else []
    options = constraint.options
    if options is not None and _is_long(constraint):
        first = ", ".join(shown(each) for each in options[:_SHOWN])
        sentences.append(f"One of {len(options)}, such as {first}.")
    elif bound.lives_on_backend and options is None:
        sentences.append("A file that ComfyUI has.")
    if isinstance(parameter.supply, Drawn):
        sentences.append("Default: random.")
    if bound.type in FILE_TYPES:
        sentences.append(_file_sentence(bound, described=bool(words)))
    if isinstance(parameter.supply, GraphFile):
        sentences.append("Default: the workflow's own.")
    return sentences


def _file_sentence(bound: BoundParameter, *, described: bool) -> str:
    ways = "path, URL, data: URL or comfyui:// result."
    if described:
        return f"P{ways[1:]}"
    what = "file" if bound.type == "file" else f"{bound.type} file"
    return f"The {what}: {ways}"


def _tooltip(bound: BoundParameter) -> str:
    """Return the widget's tooltip on one line: it comes from a custom node and is not trusted."""
    tooltips = (each.definition.tooltip for each in bound.widgets if each.definition is not None)
    found = next((each for each in tooltips if each), "")
    return " ".join(clean_text(found, _LONGEST_TOOLTIP).split())
