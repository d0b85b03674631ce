"""The section `parameters` of a service → what callers may set."""

from __future__ import annotations

from typing import Any

from gateway.errors import Place
from gateway.graph.json_value import Json
from gateway.services.batch_rules import check_count, of_count
from gateway.services.fields import Fields, Group, Named
from gateway.services.findings import Findings
from gateway.services.model import (
    ById,
    Choice,
    Defaulted,
    Drawn,
    Fixed,
    GraphFile,
    LeftOut,
    Limits,
    NodeReference,
    NodeTarget,
    Parameter,
    Repeat,
    Required,
    ShortTarget,
    Supply,
    Target,
    WidgetTarget,
)
from gateway.services.parameter_keys import (
    BATCH,
    BYPASS,
    CHOICES,
    DEFAULT,
    DESCRIPTION,
    EXAMPLES,
    ITEM_WIDGETS,
    ITEMS,
    MAX_ITEMS,
    MAX_LENGTH,
    MAXIMUM,
    MIN_LENGTH,
    MINIMUM,
    MULTIPLE_OF,
    MUTE,
    NODE,
    NODE_OF_TARGET,
    PATTERN,
    REPEAT,
    REQUIRED,
    TARGETS,
    TEMPLATE,
    TITLE,
    TYPE,
    VALUE,
    WHEN_ABSENT,
    WIDGET,
    WIDGET_OF_TARGET,
)
from gateway.services.parameter_rules import check_parameter
from gateway.services.read_removals import node_reference, removal_of_fields, removal_of_label
from gateway.services.values import FILE_TYPES, one_of

__all__ = ["places_of", "read_parameters"]

_NO_LIMITS = Limits()
_LIMITS = frozenset(
    key.name for key in (MINIMUM, MAXIMUM, MULTIPLE_OF, MIN_LENGTH, MAX_LENGTH, PATTERN)
)


def read_parameters(
    section: Group[Fields | ShortTarget], findings: Findings
) -> tuple[Parameter, ...]:
    """Return the parameters of one service."""
    return tuple(_parameter(member, findings) for member in section.members)


def places_of(fields: Fields, place: Place) -> dict[str, Place]:
    """Return key → where it stands, and the whole under ""."""
    places = {name: Place(place.file, at.line, at.column) for name, at in fields.spots().items()}
    return {"": place} | places


def _parameter(member: Named[Fields | ShortTarget], findings: Findings) -> Parameter:
    fields, place = member.value, findings.place(member)
    if isinstance(fields, ShortTarget):
        return Parameter(member.name, place, targets=(fields,), places={"": place})
    before = len(findings)
    choices = fields[CHOICES]
    absent = fields[WHEN_ABSENT]
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
        choices=_listed(choices),
        choice_map=_choice_map(choices, findings) if isinstance(choices, Group) else (),
        template=fields[TEMPLATE],
        when_absent=removal_of_fields(absent, findings) if isinstance(absent, Fields) else absent,
        repeat=_repeat(fields, findings),
        batch=fields[BATCH],
        places=places_of(fields, place),
    )
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


def _choice_map(choices: Group[Group[Any]], findings: Findings) -> tuple[Choice, ...]:
    return tuple(
        Choice(
            label.name,
            tuple(
                (ShortTarget(setting.name, findings.place(setting)), setting.value)
                for setting in label.value.members
                if setting.name not in (BYPASS.name, MUTE.name)
            ),
            findings.place(label),
            removal_of_label(label.value, findings),
        )
        for label in choices.members
    )


def _repeat(fields: Fields, findings: Findings) -> Repeat | None:
    said, items = fields[REPEAT], fields[ITEMS]
    if said is None or items is None:
        return None
    place = findings.place(fields.at(REPEAT))
    carries: tuple[tuple[str, int, Place], ...] = ()
    node: NodeReference
    if isinstance(said, str):
        node = ById(said)
    else:
        named = {each.name: each for each in said.members}
        node = node_reference(named[NODE.name].value) if NODE.name in named else ById("")
        carries = tuple(
            (name, each.value, findings.place(each))
            for name, each in named.items()
            if name != NODE.name
        )
    target = NodeTarget(node, place)
    return Repeat(
        target,
        carries,
        _item_fields(items, target, fields, findings),
        plain=isinstance(items, str),
        max_items=fields[MAX_ITEMS],
    )


def _item_fields(
    items: str | Group[str | Fields], target: NodeTarget, fields: Fields, findings: Findings
) -> tuple[Parameter, ...]:
    if isinstance(items, str):
        place = findings.place(fields.at(ITEMS))
        widget = WidgetTarget(target.node, items, place)
        field = Parameter(items, place, Required(), (widget,), places={"": place})
        return (field,)
    return tuple(_item_field(each, target, findings) for each in items.members)


def _item_field(member: Named[str | Fields], target: NodeTarget, findings: Findings) -> Parameter:
    fields, place = member.value, findings.place(member)
    if isinstance(fields, str):
        widget = WidgetTarget(target.node, fields, place)
        return Parameter(member.name, place, targets=(widget,), places={"": place})
    names = fields[ITEM_WIDGETS] or (fields[WIDGET] or member.name,)
    field = Parameter(
        name=member.name,
        place=place,
        supply=_supply(fields),
        targets=tuple(WidgetTarget(target.node, name, place) for name in names),
        type=fields[TYPE],
        title=fields[TITLE],
        description=fields[DESCRIPTION],
        limits=_limits(fields),
        choices=_listed(fields[CHOICES]),
        places=places_of(fields, place),
    )
    check_parameter(field, fields, findings)
    return field


def _listed(choices: tuple[Json, ...] | Group[Group[Any]] | None) -> tuple[Json, ...] | None:
    return None if isinstance(choices, Group) else choices


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
