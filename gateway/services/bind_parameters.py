"""A declared parameter → its widgets in the graph, its type and its options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gateway.errors import Finding
from gateway.graph.json_value import Json
from gateway.graph.naming import node_named
from gateway.services.backend_files import lives_on_backend, upload_of
from gateway.services.bind_choices import bind_choices
from gateway.services.bind_edits import bind_absence, bind_repeat
from gateway.services.bound import BoundParameter, BoundWidget
from gateway.services.constraint import misfit, of_widgets
from gateway.services.locate import find_node, find_widget
from gateway.services.model import (
    Defaulted,
    Drawn,
    Fixed,
    GraphFile,
    Parameter,
    ParameterType,
    Repeat,
)
from gateway.services.surroundings import Surroundings
from gateway.services.values import FILE_TYPES, one_of, type_of_value
from gateway.services.widget_types import derived_type, options_of, types_taken

__all__ = ["bind_parameter"]

_Bound = tuple[BoundParameter | None, list[Finding]]


def bind_parameter(parameter: Parameter, around: Surroundings) -> _Bound:
    """Find what a parameter sets.

    Args:
        parameter: As declared.
        around: The graph, and what is known of its nodes.

    Returns:
        The bound parameter, or None when it cannot be bound, and what is wrong with the binding.
    """
    if parameter.choice_map:
        return bind_choices(parameter, around)
    if parameter.repeat is not None:
        return _bind_list(parameter, parameter.repeat, around)
    widgets, findings = _find_widgets(parameter, around)
    if len(widgets) < len(parameter.targets):
        return None, findings
    kind = parameter.type or _derived(parameter, widgets)
    if kind is None:
        return None, [*findings, _type_unknown(parameter, widgets[0])]
    findings.extend(_type_faults(parameter, kind, widgets, around))
    live = kind not in FILE_TYPES and any(lives_on_backend(each) for each in widgets)
    common = None if kind in FILE_TYPES else _common_options(widgets)
    if common is not None and parameter.choices is not None and not live:
        findings.extend(_choices_outside(parameter, common))
    bound, faults = bind_absence(
        BoundParameter(
            parameter=_with_supply(parameter, kind),
            type=kind,
            widgets=tuple(widgets),
            options=common if parameter.choices is None else parameter.choices,
            lives_on_backend=live,
        ),
        around,
    )
    return bound, [*findings, *faults]


def _bind_list(parameter: Parameter, repeat: Repeat, around: Surroundings) -> _Bound:
    # The node is looked for once: a field could only say the same of it again.
    node_id = find_node(repeat.node.node, around.prompt, repeat.node.place)
    declared = () if isinstance(node_id, Finding) else repeat.fields
    parts = [bind_parameter(each, around) for each in declared]
    fields = [each for each, _ in parts if each is not None]
    bound, faults = bind_repeat(parameter, repeat, fields, around)
    return bound, [*(fault for _, found in parts for fault in found), *faults]


def _find_widgets(
    parameter: Parameter, around: Surroundings
) -> tuple[list[BoundWidget], list[Finding]]:
    widgets: list[BoundWidget] = []
    findings: list[Finding] = []
    for target in parameter.targets:
        found = find_widget(target, around)
        if isinstance(found, Finding):
            findings.append(found)
            continue
        widgets.append(found)
        if found.definition is None and found.class_type in around.definitions:
            findings.append(
                Finding(
                    code="binding-widget-undeclared",
                    severity="warning",
                    message=f"the definition of {found.class_type} has no input `{found.widget}`; "
                    "ComfyUI ignores an input that the node does not take",
                    place=target.place,
                    found=found.widget,
                    mend="Check that the workflow was exported from the ComfyUI it will run on.",
                )
            )
    return widgets, findings


def _derived(parameter: Parameter, widgets: Sequence[BoundWidget]) -> ParameterType | None:
    if widgets:
        return derived_type(widgets[0])
    match parameter.supply:
        case Defaulted(value) | Fixed(value):
            return type_of_value(value) or "string"
        case Drawn():
            return "integer"
        case _:
            return "string"


def _with_supply(parameter: Parameter, kind: ParameterType) -> Parameter:
    """Read `default: graph`, which is a file's own word and plain text for others."""
    supply = parameter.supply
    if kind in FILE_TYPES and supply == Defaulted("graph"):
        return replace(parameter, supply=GraphFile())
    if kind not in FILE_TYPES and isinstance(supply, GraphFile):
        return replace(parameter, supply=Defaulted("graph"))
    return parameter


def _common_options(widgets: Sequence[BoundWidget]) -> tuple[Json, ...] | None:
    lists = [options for each in widgets if (options := options_of(each)) is not None]
    if len(lists) < 2:
        return lists[0] if lists else None
    return tuple(each for each in lists[0] if all(one_of(each, other) for other in lists[1:]))


def _type_unknown(parameter: Parameter, widget: BoundWidget) -> Finding:
    return Finding(
        code="binding-type-unknown",
        message=f"the graph holds null in `{widget.widget}` of node {widget.node_id} "
        f"({widget.class_type}), and no definition tells what it takes",
        place=parameter.place,
        found="null",
        mend="Say its `type`, or run `gateway definitions pull`.",
    )


def _type_faults(
    parameter: Parameter,
    kind: ParameterType,
    widgets: Sequence[BoundWidget],
    around: Surroundings,
) -> list[Finding]:
    place = parameter.places.get("type", parameter.place)
    if not widgets and kind in (*FILE_TYPES, "array", "object"):
        return [
            Finding(
                code="binding-type-mismatch",
                message=f"a parameter without a widget only feeds templates and cannot be {kind}",
                place=place,
                found=kind,
                mend="Give it a `node` and a `widget`, or another `type`.",
            )
        ]
    faults: list[Finding] = []
    for widget in widgets:
        taken = types_taken(widget)
        named = (
            f"`{widget.widget}` of node {node_named(widget.node_id, around.prompt[widget.node_id])}"
        )
        if parameter.template is None and taken and kind not in taken:
            faults.append(
                Finding(
                    code="binding-type-mismatch",
                    message=f"{named} takes {_listed(taken)}, not {kind}",
                    place=place,
                    found=kind,
                    mend=f"Use `type: {taken[0]}`, or leave `type` out.",
                )
            )
        elif kind == "string" and parameter.choices is None and (upload := upload_of(widget)):
            faults.append(_file_as_text(parameter, named, upload))
    return faults


def _listed(types: Sequence[ParameterType]) -> str:
    # That any text may name a file is no news to somebody who wanted a number.
    plain = [each for each in types if types[0] in FILE_TYPES or each not in FILE_TYPES]
    return " or ".join(plain)


def _file_as_text(parameter: Parameter, named: str, upload: str) -> Finding:
    """A caller's text there could name any file of the machine ComfyUI runs on."""
    return Finding(
        code="binding-file-as-text",
        message=f"{named} names a file, and callers' text must not reach it unchecked",
        place=parameter.places.get("type", parameter.place),
        found="string",
        mend=f"Use `type: {upload}`, or list the files it may be in `choices`. If it is plain text, "
        "run `gateway definitions pull` so that this is known.",
    )


def _choices_outside(parameter: Parameter, options: tuple[Json, ...]) -> list[Finding]:
    place = parameter.places.get("choices", parameter.place)
    limit = replace(of_widgets("string", ()), options=options)
    return [
        Finding(
            code="binding-choice-unknown",
            message=f"a choice {wrong}",
            place=place,
            found=str(each),
            mend="`choices` may only narrow what the widget offers.",
        )
        for each in parameter.choices or ()
        if (wrong := misfit(each, limit))
    ]
