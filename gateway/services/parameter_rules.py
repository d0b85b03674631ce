"""What can be said against a parameter before its workflow is looked at."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any

from gateway.graph.json_value import Json
from gateway.services.constraint import Constraint, misfit
from gateway.services.fields import Fields, Key
from gateway.services.findings import Findings
from gateway.services.model import (
    ById,
    ByTitle,
    Choice,
    Defaulted,
    Drawn,
    Fixed,
    Limits,
    Parameter,
    ParameterType,
    Removal,
    Repeat,
    ShortTarget,
    Target,
)
from gateway.services.parameter_keys import (
    CHOICES,
    DEFAULT,
    EXAMPLES,
    MAX_LENGTH,
    MAXIMUM,
    MIN_LENGTH,
    MINIMUM,
    PATTERN,
    VALUE,
)
from gateway.services.values import same, shown, type_of_value

__all__ = ["check_parameter"]


_NO_LIMITS = Limits()
_NOTHING = Removal()


def check_parameter(parameter: Parameter, fields: Fields, findings: Findings) -> None:
    """Report what contradicts itself in a parameter as it is written."""
    before = len(findings)
    if parameter.limits != _NO_LIMITS:
        _check_limits(fields, parameter.limits, findings)
    if len(parameter.targets) > 1:
        _check_targets(parameter.targets, findings)
    if parameter.choices:
        _check_options(parameter.choices, fields, findings)
    if parameter.choice_map:
        _check_settings(parameter.choice_map, findings)
    if parameter.repeat:
        _check_items(parameter.repeat, findings)
    if isinstance(parameter.supply, Drawn):
        _check_random(parameter, fields, findings)
    elif len(findings) == before and _asks_for_anything(parameter):
        _check_values(parameter, fields, findings)


# --- limits, targets, choices ---------------------------------------------------------------------


def _check_limits(fields: Fields, limits: Limits, findings: Findings) -> None:
    ranges = (
        (MINIMUM.name, limits.minimum, MAXIMUM.name, limits.maximum),
        (MIN_LENGTH.name, limits.min_length, MAX_LENGTH.name, limits.max_length),
    )
    for low, least, high, most in ranges:
        if least is not None and most is not None and least > most:
            findings.add(
                fields.at(MINIMUM if low == MINIMUM.name else MIN_LENGTH),
                code="limits-contradict",
                message=f"nothing is at least {least} and at most {most}",
                found=f"{low}: {least}, {high}: {most}",
                mend="Exchange the two, or take one out.",
            )
    if limits.pattern is not None and (fault := _pattern_fault(limits.pattern)):
        findings.add(
            fields.at(PATTERN),
            code="pattern-invalid",
            message=f"this is no regular expression: {fault}",
            found=fields.found(PATTERN),
            mend="Mend the expression; in single quotes a backslash stays one.",
        )


def _pattern_fault(pattern: str) -> str | None:
    try:
        with warnings.catch_warnings():
            # Python warns of what later versions may read otherwise; it is valid today.
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
    return None


def _check_targets(targets: Sequence[Target], findings: Findings) -> None:
    spelled = [_spelling(target) for target in targets]
    for number, spelling in enumerate(spelled):
        if spelling in spelled[:number]:
            findings.add(
                targets[number].place,
                code="target-twice",
                message="the same widget is named twice",
                found=spelling,
                mend="Keep one of the two.",
            )


def _spelling(target: Target) -> str:
    if isinstance(target, ShortTarget):
        return target.path
    match target.node:
        case ById(node_id):
            return f"{node_id}.{target.widget}"
        case ByTitle(title):
            return f"{target.widget} of the node titled {title}"
        case by_class:
            return f"{target.widget} of the {by_class.class_type}"


def _check_options(options: Sequence[Json], fields: Fields, findings: Findings) -> None:
    for number, option in enumerate(options):
        if any(same(option, earlier) for earlier in options[:number]):
            findings.add(
                fields.at(CHOICES),
                code="choice-twice",
                message="the same choice is listed twice",
                found=shown(option),
                mend="Keep one of the two.",
            )


def _check_settings(choices: Sequence[Choice], findings: Findings) -> None:
    first = next((each for each in choices if each.settings), None)
    if first is None:
        _check_removals(choices, findings)
        return
    wanted = _widgets(first)
    for choice in choices:
        if not choice.settings and choice.removal != _NOTHING:
            continue  # what it takes out has no widgets to set
        widgets = _widgets(choice)
        lacking = [f"not {widget}" for widget in wanted if widget not in widgets]
        beyond = [widget for widget in widgets if widget not in wanted]
        if lacking or beyond:
            findings.add(
                choice.place,
                code="choices-uneven",
                message=f"every label sets the same widgets; unlike {first.label}, "
                f"{choice.label} sets {', '.join(lacking + beyond)}",
                found=", ".join(widgets),
                mend=f"Set {', '.join(wanted)} under every label.",
            )


def _check_removals(choices: Sequence[Choice], findings: Findings) -> None:
    if all(each.removal == _NOTHING for each in choices):
        findings.add(
            choices[0].place,
            code="choices-empty",
            message="no label sets, bypasses or mutes anything",
            found=choices[0].label,
            mend='Write what a label does: {5.width: 512}, or {bypass: ["12"]}.',
        )


def _check_items(repeat: Repeat, findings: Findings) -> None:
    _check_targets([target for field in repeat.fields for target in field.targets], findings)
    for field in repeat.fields:
        if isinstance(field.supply, Drawn):
            findings.add(
                field.places.get(DEFAULT.name, field.place),
                code="item-random",
                message=f"`{field.name}` is not drawn for each item",
                found="random",
                mend="Write a default, or take the line out: the graph's own value stays.",
            )


def _widgets(choice: Choice) -> list[str]:
    return [_spelling(target) for target, _ in choice.settings]


# --- values ---------------------------------------------------------------------------------------


def _asks_for_anything(parameter: Parameter) -> bool:
    return (
        parameter.type is not None
        or parameter.limits != _NO_LIMITS
        or parameter.choices is not None
        or parameter.choice_map != ()
    )


def _check_random(parameter: Parameter, fields: Fields, findings: Findings) -> None:
    if parameter.type not in (None, "integer") or parameter.choice_map:
        kind = f"of type {parameter.type}" if parameter.type else "one of several labels"
        findings.add(
            fields.at(DEFAULT),
            code="random-not-integer",
            message=f"only integers are drawn at random, and this is {kind}",
            found="random",
            mend="Write a default of that kind, or take the line out.",
        )


def _check_values(parameter: Parameter, fields: Fields, findings: Findings) -> None:
    match parameter.supply:
        case Defaulted(value):
            _check_value(value, DEFAULT, parameter, fields, findings)
        case Fixed(value):
            _check_value(value, VALUE, parameter, fields, findings)
        case _:
            pass
    for value in parameter.examples:
        _check_value(value, EXAMPLES, parameter, fields, findings)


def _check_value(
    value: Json, key: Key[Any], parameter: Parameter, fields: Fields, findings: Findings
) -> None:
    # A value that is wrong by itself has been reported, and reads as nothing.
    wrong = "" if value is None else misfit(value, _constraint(value, parameter))
    if wrong:
        findings.add(
            fields.at(key),
            code="value-refused",
            message=f"`{key.name}` {wrong}",
            found=shown(value),
            mend="Write a value that callers could give as well, or change what is declared.",
        )


def _constraint(value: Json, parameter: Parameter) -> Constraint:
    limits = parameter.limits
    options = parameter.choices
    if parameter.choice_map:
        options = tuple(choice.label for choice in parameter.choice_map)
    return Constraint(
        type=parameter.type or _type_meant(value, limits),
        minimum=limits.minimum,
        maximum=limits.maximum,
        multiple_of=limits.multiple_of,
        min_length=limits.min_length,
        max_length=limits.max_length,
        pattern=limits.pattern,
        options=options,
        many=parameter.type == "array" and options is not None,
    )


def _type_meant(value: Json, limits: Limits) -> ParameterType:
    """Return the type that limits speak for where none is declared, else the value's own."""
    if (limits.minimum, limits.maximum, limits.multiple_of) != (None, None, None):
        return "number"
    if (limits.min_length, limits.max_length, limits.pattern) != (None, None, None):
        return "string"
    return type_of_value(value) or "string"
