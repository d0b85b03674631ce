"""What a value must be: the node definition's word and the YAML's, put together. Knows no schema library.

The same constraint checks an author's values at load, a caller's at each call, and is what a tool's
JSON Schema says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.graph.definitions import InputKind, IntegerWidget, NumberWidget, UnionWidget
from gateway.graph.json_value import Json, as_array, as_object
from gateway.services.bound import BoundParameter, BoundRepeat, BoundWidget
from gateway.services.closest import closest
from gateway.services.model import ParameterType, Required
from gateway.services.values import FILE_TYPES, has_type, is_multiple, one_of, shown

__all__ = [
    "Constraint",
    "Rows",
    "constraint_of",
    "described",
    "misfit",
    "of_widgets",
    "range_of",
    "refusal",
    "row_described",
    "row_misfit",
]

_LISTED = 24


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a value must be; None where nothing is asked.

    Attributes:
        options: The values it may be (or the items of a list, when `many`).
        many: The value is a list of options.
        rows: The value is a list of these.
    """

    type: ParameterType
    minimum: float | int | None = None
    maximum: float | int | None = None
    multiple_of: float | int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    options: tuple[Json, ...] | None = None
    many: bool = False
    rows: Rows | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """What the items of a list must be.

    Attributes:
        fields: Name → what is asked of its value.
        required: The fields that every item has.
        plain: An item is the value of the only field, not an object.
        most: The most items.
    """

    fields: Mapping[str, Constraint]
    required: tuple[str, ...]
    plain: bool
    most: int

    @property
    def only(self) -> Constraint:
        """What a plain item must be."""
        return next(iter(self.fields.values()))


def constraint_of(bound: BoundParameter) -> Constraint:
    """Return what a caller's value for a parameter must be.

    Options that are one machine's files are not asked for here unless the YAML lists them: the
    machine a call runs on knows better than pinned definitions do.
    """
    parameter, kind = bound.parameter, bound.type
    if bound.repeat is not None:
        return Constraint(kind, rows=_rows_of(bound.repeat))
    asked = None if bound.lives_on_backend and parameter.choices is None else bound.options
    low, high = range_of(kind, bound.widgets)
    limits = parameter.limits
    shortest = limits.min_length
    textual = kind == "string" or kind in FILE_TYPES
    if shortest is None and textual and asked is None and isinstance(parameter.supply, Required):
        shortest = 1
    return Constraint(
        type=kind,
        minimum=low if limits.minimum is None else limits.minimum,
        maximum=high if limits.maximum is None else limits.maximum,
        multiple_of=limits.multiple_of,
        min_length=shortest,
        max_length=limits.max_length,
        pattern=limits.pattern,
        options=asked,
        many=kind == "array" and bound.options is not None,
    )


def _rows_of(repeat: BoundRepeat) -> Rows:
    return Rows(
        {each.name: constraint_of(each) for each in repeat.fields},
        tuple(each.name for each in repeat.fields if isinstance(each.parameter.supply, Required)),
        repeat.plain,
        repeat.max_items,
    )


def of_widgets(kind: ParameterType, widgets: Sequence[BoundWidget]) -> Constraint:
    """Return what the widgets' definitions alone ask of a value of this type."""
    low, high = range_of(kind, widgets)
    return Constraint(kind, low, high)


def range_of(
    kind: ParameterType, widgets: Sequence[BoundWidget]
) -> tuple[float | int | None, float | int | None]:
    """Return the tightest minimum and maximum that the widgets' definitions give a number."""
    if kind not in ("integer", "number"):
        return None, None
    ranges = [_range(each.definition.kind) for each in widgets if each.definition is not None]
    lows = [low for low, _ in ranges if low is not None]
    highs = [high for _, high in ranges if high is not None]
    return max(lows, default=None), min(highs, default=None)


def misfit(value: Json, constraint: Constraint) -> str:
    """Tell what is wrong with a value in a sentence that says what is valid, or return ''."""
    if constraint.many or constraint.rows is not None:
        return _misfit_items(value, constraint)
    if constraint.options is not None:
        return "" if one_of(value, constraint.options) else refusal(value, constraint)
    if not has_type(value, constraint.type):
        return refusal(value, constraint)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "" if _in_range(value, constraint) else refusal(value, constraint)
    if isinstance(value, str):
        return "" if _text_fits(value, constraint) else refusal(value, constraint)
    return ""


def refusal(value: Json, constraint: Constraint) -> str:
    """Return the sentence for a value that does not fit."""
    sentence = f"must be {described(constraint)}, found {shown(value)}"
    if constraint.options is None or constraint.many or not isinstance(value, str):
        return sentence
    near = closest(value[:200], (each for each in constraint.options if isinstance(each, str)))
    return f"{sentence}; did you mean {shown(near)}?" if near else sentence


def described(constraint: Constraint) -> str:
    """Say what is valid, to follow "must be"."""
    if constraint.options is not None:
        several = "a list of these: " if constraint.many else "one of "
        return several + _listed(constraint.options)
    if constraint.rows is not None:
        return (
            f"a list of at most {constraint.rows.most} items, each {row_described(constraint.rows)}"
        )
    if constraint.type in _PLAINLY:
        return _PLAINLY[constraint.type]
    match constraint.type:
        case "integer" | "number":
            return _described_number(constraint)
        case "string":
            return _described_text(constraint)
        case kind:
            article = "an" if kind in ("image", "audio") else "a"
            what = "file" if kind == "file" else f"{kind} file"
            return (
                f"text that names {article} {what}: a path, an http(s) URL, a data: URL or "
                "comfyui://jobs/<id>/outputs/<n>"
            )


def row_described(rows: Rows) -> str:
    """Say what an item of a list must be, to follow "must be"."""
    if rows.plain:
        return described(rows.only)
    names = [f"`{name}`{' (required)' * (name in rows.required)}" for name in rows.fields]
    return f"an object of {', '.join(names)}"


_PLAINLY: Mapping[ParameterType, str] = {
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}


def _described_number(constraint: Constraint) -> str:
    words = ["an integer" if constraint.type == "integer" else "a number"]
    low, high = constraint.minimum, constraint.maximum
    if low is not None and high is not None:
        words.append(f"from {_plain(low)} to {_plain(high)}")
    elif low is not None:
        words.append(f"of at least {_plain(low)}")
    elif high is not None:
        words.append(f"of at most {_plain(high)}")
    if constraint.multiple_of is not None:
        words.append(f"that is a multiple of {_plain(constraint.multiple_of)}")
    return " ".join(words)


def _described_text(constraint: Constraint) -> str:
    short, long = constraint.min_length, constraint.max_length
    words = ["text"]
    if short and long is not None:
        words.append(f"of {short} to {long} characters")
    elif short:
        words.append("that is not empty" if short == 1 else f"of at least {short} characters")
    elif long is not None:
        words.append(f"of at most {long} characters")
    if constraint.pattern is not None:
        words.append(f"that matches the pattern {constraint.pattern}")
    return " ".join(words)


def _listed(options: tuple[Json, ...]) -> str:
    listed = ", ".join(shown(each) for each in options[:_LISTED])
    rest = len(options) - _LISTED
    return f"{listed} and {rest} more" if rest > 0 else listed or "nothing (there are no options)"


def _plain(number: float) -> str:
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e16:
        return str(int(number))
    return str(number)


def _range(kind: InputKind) -> tuple[float | int | None, float | int | None]:
    match kind:
        case IntegerWidget(minimum, maximum) | NumberWidget(minimum, maximum):
            return minimum, maximum
        case UnionWidget(members):
            ranges = [_range(each) for each in members]
            return next((each for each in ranges if each != (None, None)), (None, None))
        case _:
            return None, None


def _misfit_items(value: Json, constraint: Constraint) -> str:
    if constraint.rows is not None:
        return _misfit_rows(value, constraint, constraint.rows)
    items = as_array(value)
    options = constraint.options
    if items is None or (options is not None and any(not one_of(each, options) for each in items)):
        return refusal(value, constraint)
    return ""


def _misfit_rows(value: Json, constraint: Constraint, rows: Rows) -> str:
    items = as_array(value)
    if items is None or len(items) > rows.most:
        return refusal(value, constraint)
    wrong = (
        f"has item {number}, which {each}"
        for number, item in enumerate(items, 1)
        if (each := row_misfit(item, rows))
    )
    return next(wrong, "")


def row_misfit(item: Json, rows: Rows) -> str:
    """Tell what is wrong with an item in a sentence that says what is valid, or return ''."""
    if rows.plain:
        return misfit(item, rows.only)
    fields = as_object(item)
    if fields is None or not set(rows.required) <= fields.keys() <= rows.fields.keys():
        return f"must be {row_described(rows)}, found {shown(item)}"
    wrong = (
        f"has `{name}`, which {each}"
        for name, value in fields.items()
        if (each := misfit(value, rows.fields[name]))
    )
    return next(wrong, "")


def _in_range(value: float, constraint: Constraint) -> bool:
    low, high, step = constraint.minimum, constraint.maximum, constraint.multiple_of
    return (
        (low is None or value >= low)
        and (high is None or value <= high)
        and (step is None or is_multiple(value, step))
    )


def _text_fits(value: str, constraint: Constraint) -> bool:
    short, long, pattern = constraint.min_length, constraint.max_length, constraint.pattern
    return (
        (short is None or len(value) >= short)
        and (long is None or len(value) <= long)
        and (pattern is None or re.search(pattern, value) is not None)
    )
