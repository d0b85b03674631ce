"""The section `parameters` of a service → what callers may set."""

from __future__ import annotations

from gateway.errors import Place
from gateway.graph.json_value import Json
from gateway.services.batch_rules import check_count, of_count
from gateway.services.fields import Fields, Group, Named
from gateway.services.findings import Findings
from gateway.services.model import (
    ByClassType,
    ById,
    ByTitle,
    Choice,
    Defaulted,
    Drawn,
    Fixed,
    GraphFile,
    LeftOut,
    Limits,
    NodeReference,
    Parameter,
    Required,
    ShortTarget,
    Supply,
    Target,
    WidgetTarget,
)
from gateway.services.parameter_keys import (
    BATCH,
    CHOICES,
    CLASS_TYPE,
    DEFAULT,
    DESCRIPTION,
    EXAMPLES,
    MAX_LENGTH,
    MAXIMUM,
    MIN_LENGTH,
    MINIMUM,
    MULTIPLE_OF,
    NODE,
    NODE_OF_TARGET,
    NODE_TITLE,
    PATTERN,
    REQUIRED,
    TARGETS,
    TEMPLATE,
    TITLE,
    TYPE,
    VALUE,
    WIDGET,
    WIDGET_OF_TARGET,
)
from gateway.services.parameter_rules import check_parameter
from gateway.services.values import FILE_TYPES, one_of

__all__ = ["node_reference", "places_of", "read_parameters"]

_NO_LIMITS = Limits()
_LIMITS = frozenset(
    key.name for key in (MINIMUM, MAXIMUM, MULTIPLE_OF, MIN_LENGTH, MAX_LENGTH, PATTERN)
)


def read_parameters(
    section: Group[Fields | ShortTarget], findings: Findings
) -> tuple[Parameter, ...]:
    """Return the parameters of one service."""
    return tuple(_parameter(member, findings) for member in section.members)


def node_reference(value: str | Fields) -> NodeReference:
    """Return which node is meant by an id or a mapping."""
    if isinstance(value, str):
        return ById(value)
    title = value[NODE_TITLE]
    return ByTitle(title) if title is not None else ByClassType(value[CLASS_TYPE] or "")


def places_of(fields: Fields, place: Place) -> dict[str, Place]:
    """Return key → where it stands, and the whole under ""."""
    places = {name: Place(place.file, at.line, at.column) for name, at in fields.spots().items()}
    return {"": place} | places


def _parameter(member: Named[Fields | ShortTarget], findings: Findings) -> Parameter:
    fields, place = member.value, findings.place(member)
    if isinstance(fields, ShortTarget):
        return Parameter(member.name, place, targets=(fields,), places={"": place})
    choices = fields[CHOICES]
    parameter = Parameter(
        name=member.name,
        place=place,
        supply=_supply(fields),
        targets=_targets(fields, findings),
        type=fields[TYPE],
        title=fields[TITLE],
        description=fields[DESCRIPTION],
        examples=fields[EXAMPLES],
        limits=_limits(fields),
        choices=None if isinstance(choices, Group) else choices,
        choice_map=_choice_map(choices, findings) if isinstance(choices, Group) else (),
        template=fields[TEMPLATE],
        batch=fields[BATCH],
        places=places_of(fields, place),
    )
    before = len(findings)
    if parameter.batch == "count":
        check_count(parameter, fields, findings)
        parameter = of_count(parameter)
    check_parameter(parameter, fields, findings)
    findings.attribute(before, parameter=member.name)
    return parameter


def _targets(fields: Fields, findings: Findings) -> tuple[Target, ...]:
    node, widget = fields[NODE], fields[WIDGET]
    if node is not None and widget is not None:
        place = findings.place(fields.at(NODE))
        return (WidgetTarget(node_reference(node), widget, place),)
    return tuple(
        each
        if isinstance(each, ShortTarget)
        else WidgetTarget(
            node_reference(each[NODE_OF_TARGET]), each[WIDGET_OF_TARGET], findings.place(each)
        )
        for each in fields[TARGETS]
    )


def _choice_map(choices: Group[Group[Json]], findings: Findings) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            label.name,
            tuple(
                (ShortTarget(setting.name, findings.place(setting)), setting.value)
                for setting in label.value.members
            ),
            findings.place(label),
        )
        for label in choices.members
    )


def _limits(fields: Fields) -> Limits:
    if not fields.has_any(_LIMITS):
        return _NO_LIMITS
    return Limits(
        minimum=fields[MINIMUM],
        maximum=fields[MAXIMUM],
        multiple_of=fields[MULTIPLE_OF],
        min_length=fields[MIN_LENGTH],
        max_length=fields[MAX_LENGTH],
        pattern=fields[PATTERN],
    )


def _supply(fields: Fields) -> Supply:
    if VALUE in fields:
        return Fixed(fields[VALUE])
    if DEFAULT in fields:
        return _default(fields)
    return Required() if fields[REQUIRED] else LeftOut()


def _default(fields: Fields) -> Supply:
    value, declared = fields[DEFAULT], fields[TYPE]
    if _is_choice(value, fields):
        return Defaulted(value)
    if value == "random":
        return Drawn()
    # Text may well be "graph"; for a widget whose type is not known yet, binding decides.
    has_widget = NODE in fields or TARGETS in fields
    if value == "graph" and (declared in FILE_TYPES or (declared is None and has_widget)):
        return GraphFile()
    return Defaulted(value)


def _is_choice(value: Json, fields: Fields) -> bool:
    match fields[CHOICES]:
        case None:
            return False
        case Group() as labels:
            return value in [label.name for label in labels.members]
        case options:
            return one_of(value, options)
