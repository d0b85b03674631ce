"""What is wrong with a bound parameter's own keys: limits, values, randomness, files, template."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from gateway.errors import Finding
from gateway.graph.json_value import Json
from gateway.services.bound import BoundParameter
from gateway.services.constraint import Constraint, constraint_of, described, misfit, range_of
from gateway.services.model import Defaulted, Drawn, Fixed, LeftOut, Limits
from gateway.services.seeds import drawable
from gateway.services.templates import check_template
from gateway.services.values import FILE_TYPES, flaw_in, shown
from gateway.services.widget_types import options_of, takes_text

__all__ = ["parameter_faults", "value_fault"]

_NO_LIMITS = Limits()
_NUMBER_LIMITS = ("minimum", "maximum", "multiple_of")
_TEXT_LIMITS = ("min_length", "max_length", "pattern")


def parameter_faults(bound: BoundParameter, names: Collection[str]) -> Iterator[Finding]:
    """Yield what is wrong with one parameter by itself; `names` are all of the service's."""
    constraint = constraint_of(bound)
    limits: list[Finding] = []
    if bound.parameter.limits != _NO_LIMITS:
        limits.extend(_limit_faults(bound, constraint))
        yield from limits
    if not limits:
        yield from _value_faults(bound, constraint)
        yield from _random_faults(bound, constraint)
    yield from _file_faults(bound)
    if bound.parameter.template is not None:
        yield from _template_faults(bound, bound.parameter.template, names)


def value_fault(value: Json, constraint: Constraint) -> str:
    """Tell what is wrong with an author's value, or return ''."""
    flaw = flaw_in(value)
    return f"{flaw[1]}, found {shown(value)}" if flaw else misfit(value, constraint)


def _limit_faults(bound: BoundParameter, constraint: Constraint) -> Iterator[Finding]:
    parameter, limits = bound.parameter, bound.parameter.limits
    misplaced: list[str] = []
    if bound.type not in ("integer", "number"):
        misplaced += [each for each in _NUMBER_LIMITS if getattr(limits, each) is not None]
    if bound.type != "string" or bound.settings:
        misplaced += [each for each in _TEXT_LIMITS if getattr(limits, each) is not None]
    for key in misplaced:
        yield Finding(
            code="binding-limit-misplaced",
            message=f"`{key}` says nothing about a parameter of type {bound.type}",
            place=parameter.places.get(key, parameter.place),
            found=key,
            mend="Remove it.",
        )
    if not misplaced:
        yield from _widened(bound, constraint)


def _widened(bound: BoundParameter, constraint: Constraint) -> Iterator[Finding]:
    parameter, limits = bound.parameter, bound.parameter.limits
    low, high = range_of(bound.type, bound.widgets)
    beyond: list[tuple[str, float, float]] = []
    if limits.minimum is not None and low is not None and limits.minimum < low:
        beyond.append(("minimum", limits.minimum, low))
    if limits.maximum is not None and high is not None and limits.maximum > high:
        beyond.append(("maximum", limits.maximum, high))
    for key, wanted, allowed in beyond:
        yield Finding(
            code="binding-limit-widened",
            message=f"{key} {wanted} is beyond the widget's own, which is {allowed}",
            place=parameter.places.get(key, parameter.place),
            found=str(wanted),
            mend=f"Limits may only narrow: use {allowed} or remove the key.",
        )
    least, most = constraint.minimum, constraint.maximum
    if not beyond and least is not None and most is not None and least > most:
        key = "minimum" if limits.minimum is not None else "maximum"
        yield Finding(
            code="binding-limits-empty",
            message=f"no value can be at least {least} and at most {most}",
            place=parameter.places.get(key, parameter.place),
            found=f"{least} > {most}",
            mend="Let `minimum` be at most `maximum`.",
        )


def _value_faults(bound: BoundParameter, constraint: Constraint) -> Iterator[Finding]:
    written = [("examples", "an example", each) for each in bound.parameter.examples]
    match bound.parameter.supply:
        case Defaulted(value):
            written.append(("default", "the default", value))
        case Fixed(value):
            written.append(("value", "the value", value))
        case _:
            pass
    # Choices of a combo are held against its options when it is bound.
    choices = bound.parameter.choices
    if choices and not constraint.many and all(options_of(each) is None for each in bound.widgets):
        unlisted = replace(constraint, options=None)
        for each in choices:
            if wrong := value_fault(each, unlisted):
                yield _refused(bound, "choices", f"a choice {wrong}", each)
    for key, what, value in written:
        if wrong := value_fault(value, constraint):
            yield _refused(bound, key, f"{what} {wrong}", value)


def _refused(bound: BoundParameter, key: str, message: str, value: Json) -> Finding:
    return Finding(
        code="binding-value-refused",
        message=message,
        place=bound.parameter.places.get(key, bound.parameter.place),
        found=shown(value),
        mend="Write a value that callers could give as well.",
    )


def _random_faults(bound: BoundParameter, constraint: Constraint) -> Iterator[Finding]:
    if not isinstance(bound.parameter.supply, Drawn):
        return
    place = bound.parameter.places.get("default", bound.parameter.place)
    if bound.type != "integer":
        yield Finding(
            code="binding-random-not-integer",
            message=f"`default: random` is for integers, and this is of type {bound.type}",
            place=place,
            found="random",
            mend="Write a default of that type, or make it `required: true`.",
        )
    elif drawable(constraint) is None:
        yield Finding(
            code="binding-random-no-room",
            message=f"there is nothing to draw: it must be {described(constraint)}, "
            "and is drawn from 0 to 2^53-1",
            place=place,
            found="random",
            mend="Widen the limits, or write a default.",
        )


def _file_faults(bound: BoundParameter) -> Iterator[Finding]:
    unsaid = isinstance(bound.parameter.supply, LeftOut | Defaulted) and bound.absence is None
    if bound.type in FILE_TYPES and unsaid:
        yield Finding(
            code="binding-file-optional",
            message=f"what happens when this {bound.type} is left out is not said",
            place=bound.parameter.places.get("default", bound.parameter.place),
            mend="Write `required: true`, `default: graph` to use the file that the workflow names, or "
            "`when_absent: bypass` to do without it.",
        )


def _template_faults(
    bound: BoundParameter, template: str, names: Collection[str]
) -> Iterator[Finding]:
    place = bound.parameter.places.get("template", bound.parameter.place)
    other = [each for each in bound.widgets if not takes_text(each)]
    if not bound.widgets:
        yield Finding(
            code="template-not-text",
            message="a template writes to a widget, and this parameter has none",
            place=place,
            mend="Give the parameter a `node` and a `widget`, or move the template to the one that has.",
        )
    for widget in other:
        yield Finding(
            code="template-not-text",
            message=f"a template writes free text, and `{widget.widget}` of node {widget.node_id} "
            f"({widget.class_type}) takes none",
            place=place,
            found=widget.widget,
            mend="Remove the template.",
        )
    for fault in check_template(template, names):
        yield replace(fault, place=place)
