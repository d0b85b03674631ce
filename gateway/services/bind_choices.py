"""`choices` as a map: each label → the widgets it sets, with which values, and the nodes it takes out."""

from __future__ import annotations

from dataclasses import replace

from gateway.errors import Finding
from gateway.graph.cut import Cut
from gateway.graph.json_value import Json
from gateway.services.backend_files import lives_on_backend
from gateway.services.bind_edits import bind_removal
from gateway.services.bound import BoundParameter, BoundWidget
from gateway.services.constraint import misfit, of_widgets
from gateway.services.locate import find_widget
from gateway.services.model import Choice, Parameter, Target
from gateway.services.surroundings import Surroundings
from gateway.services.values import shown, type_of_value
from gateway.services.widget_types import derived_type, options_of

__all__ = ["bind_choices"]

_Settings = tuple[tuple[BoundWidget, Json], ...]


def bind_choices(
    parameter: Parameter, around: Surroundings
) -> tuple[BoundParameter | None, list[Finding]]:
    """Find what each choice of a parameter sets; all of them set the same, or it was not parsed.

    Args:
        parameter: As declared, with a map of choices.
        around: The graph, and what is known of its nodes.

    Returns:
        The bound parameter, or None when it cannot be bound, and what is wrong with the binding.
    """
    findings: list[Finding] = []
    settings: dict[str, _Settings] = {}
    cuts: dict[str, Cut] = {}
    for choice in parameter.choice_map:
        found: list[tuple[BoundWidget, Json]] = []
        for target, value in choice.settings:
            widget = find_widget(target, around)
            if isinstance(widget, Finding):
                findings.append(widget)
                continue
            found.append((widget, value))
            if wrong := _setting_fault(widget, value):
                findings.append(_setting_refused(choice, target, value, wrong))
        settings[choice.label] = tuple(found)
        cut, faults = bind_removal(choice.removal, around)
        findings.extend(faults)
        if cut.nodes:
            cuts[choice.label] = cut
    bound = BoundParameter(
        parameter=parameter, type="string", settings=settings, options=tuple(settings), cuts=cuts
    )
    return (None if findings else bound), findings


def _setting_fault(widget: BoundWidget, value: Json) -> str:
    kind = derived_type(widget) or type_of_value(value)
    if kind is None:
        return ""
    options = None if lives_on_backend(widget) else options_of(widget)
    return misfit(value, replace(of_widgets(kind, [widget]), options=options))


def _setting_refused(choice: Choice, target: Target, value: Json, wrong: str) -> Finding:
    return Finding(
        code="binding-value-refused",
        message=f"choice `{choice.label}` sets a widget that {wrong}",
        place=target.place,
        found=shown(value),
        mend="Write a value that the widget takes.",
    )
