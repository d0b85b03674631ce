"""A parameter as a dialect has it → one as services.yaml has it, by what its widgets hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gateway.errors import Finding, Place
from gateway.graph.json_value import Json
from gateway.intake.dialects.drafts import ParameterDraft
from gateway.intake.dialects.seeds import is_seed
from gateway.services.bound import BoundWidget
from gateway.services.locate import find_widget
from gateway.services.model import (
    ById,
    Defaulted,
    Drawn,
    GraphFile,
    LeftOut,
    Parameter,
    ParameterType,
    Required,
    Supply,
    WidgetTarget,
)
from gateway.services.surroundings import Surroundings
from gateway.services.values import FILE_TYPES, same, shown
from gateway.services.widget_types import derived_type, types_taken

__all__ = ["PARTS", "fit_parameter"]

PARTS = ("targets", "type", "default", "choices", "minimum", "maximum")
"""What can be taken out of a parameter; findings tell by the file of their place which one it is."""

# A whole number in such a widget is one that its editor wrote without a point.
_FRACTIONS = re.compile(r"cfg|denoise|guidance|scale_by|(?:.*_)?strength(?:_.*)?|.*_percent|weight")
_WHOLE = re.compile(r"[+-]?\d{1,19}")
_DECIMAL = re.compile(r"[+-]?\d{1,19}(?:\.\d{1,19})?(?:[eE][+-]?\d{1,3})?")
_TRUTH: Mapping[str, bool] = {"true": True, "false": False}


def fit_parameter(draft: ParameterDraft, name: str, around: Surroundings) -> Parameter:
    """Return the parameter; what it could not keep is told at the draft's place.

    Args:
        draft: As the dialect has it.
        name: Its name in services.yaml.
        around: The graph, and what is known of its nodes.
    """
    targets = tuple(
        WidgetTarget(ById(node_id), widget, Place("targets", number, 1))
        for number, (node_id, widget) in enumerate(dict.fromkeys(draft.targets))
    )
    found = (find_widget(each, around) for each in targets)
    widget = next((each for each in found if not isinstance(each, Finding)), None)
    own = derived_type(widget) if widget else None
    kind = _type(draft, widget, own)
    takes = kind or own
    choices = tuple(_choices(draft, takes))
    return Parameter(
        name=name,
        place=Place("", 1, 1),
        supply=_supply(draft, widget, takes),
        targets=targets,
        type=kind,
        title=draft.title or None,
        description=draft.description or None,
        limits=draft.limits,
        choices=choices or None,
        places={part: Place(part, 1, 1) for part in PARTS},
    )


def _type(
    draft: ParameterDraft, widget: BoundWidget | None, own: ParameterType | None
) -> ParameterType | None:
    """Return the type to be written down: none where the widget's own is meant."""
    wish = draft.type
    if widget is None or own is None:
        return wish
    if own == "integer" and wish in (None, "number"):
        # Nothing is known of the widget but its value, and 7 may be a fraction without a point.
        fractional = widget.definition is None and _is_fractional(draft, widget)
        return "number" if fractional else None
    if wish in (None, own):
        return None
    if own in FILE_TYPES:
        if wish not in FILE_TYPES:
            draft.spot.tell(
                f"`{widget.widget}` of node {widget.node_id} ({widget.class_type}) names a file: "
                "callers give a path, a URL or a data: URL now, and it is uploaded",
                found=wish,
                code="migrate-changed",
                mend="Write `type: string` to have callers name a file that ComfyUI has already.",
            )
        return None
    if wish in types_taken(widget):
        return wish
    draft.spot.tell(
        f"it was of type {wish}, and `{widget.widget}` of node {widget.node_id} "
        f"({widget.class_type}) takes {own}",
        found=wish,
        code="migrate-changed",
        mend="Name another widget, or leave it so.",
    )
    return None


def _is_fractional(draft: ParameterDraft, widget: BoundWidget) -> bool:
    numbers = (*draft.default, draft.limits.minimum, draft.limits.maximum)
    parted = (isinstance(each, float) and not each.is_integer() for each in numbers)
    return _FRACTIONS.fullmatch(widget.widget) is not None or any(parted)


def _supply(
    draft: ParameterDraft, widget: BoundWidget | None, takes: ParameterType | None
) -> Supply:
    default = draft.default
    if draft.drawn or (default == (-1,) and _feeds_seed(draft)):
        if default:
            draft.spot.tell(
                "-1 meant a new seed for each call there; the default is `random` now",
                found="-1",
                code="migrate-changed",
                mend="Write a number to keep it fixed.",
            )
        return Drawn()
    if takes in FILE_TYPES:
        return _file_supply(draft, widget)
    if not default:
        return Required() if draft.required else LeftOut()
    value = _coerced(default[0], takes)
    if value == "random":
        draft.spot.tell(
            "the default `random` would be read as a drawn number, and is left out",
            found="random",
            code="migrate-not-carried",
            mend="Set it in the workflow: what stands there holds when it is left out.",
        )
        return LeftOut()
    if draft.required:
        draft.spot.tell(
            "it was required and had a default; callers may leave it out now",
            found=shown(value),
            code="migrate-changed",
            mend="Write `required: true` instead of `default`.",
        )
    return Defaulted(value)


def _file_supply(draft: ParameterDraft, widget: BoundWidget | None) -> Supply:
    """Return what happens when a file is left out: the graph's own is used, if it has one."""
    current = widget.current if widget else None
    if draft.default and draft.default[0] != current:
        draft.spot.tell(
            "a default that names a file is not carried over",
            found=shown(draft.default[0]),
            code="migrate-not-carried",
            mend="Name the file in the workflow: `default: graph` uses that one.",
        )
    return GraphFile() if current and not draft.required else Required()


def _feeds_seed(draft: ParameterDraft) -> bool:
    return is_seed(draft.name) or any(is_seed(widget) for _, widget in draft.targets)


def _choices(draft: ParameterDraft, takes: ParameterType | None) -> Iterator[Json]:
    """Yield each choice once, as the type has it."""
    seen: list[Json] = []
    for choice in draft.choices:
        value = _coerced(choice, takes)
        if not isinstance(value, str | int | float):
            draft.spot.tell(
                "a choice that is no text, number or boolean is left out",
                found=shown(value),
                code="migrate-not-carried",
                mend="Write `choices` in services.yaml.",
            )
        elif not any(same(value, each) for each in seen):
            seen.append(value)
            yield value


def _coerced(value: Json, kind: ParameterType | None) -> Json:
    """Return a value as its type has it where that loses nothing: 20 for "20" or 20.0."""
    match value, kind:
        case float(), "integer" if value.is_integer():
            return int(value)
        case str(), "integer" if _WHOLE.fullmatch(value.strip()):
            return int(value)
        case str(), "number" if _DECIMAL.fullmatch(value.strip()):
            return float(value)
        case str(), "boolean":
            return _TRUTH.get(value.strip().lower(), value)
        case int() | float(), "string" if not isinstance(value, bool):
            return str(value)
        case _:
            return value
