"""What ComfyUI refuses of a widget's value, and what was most likely meant.

Source: ComfyUI execution.py `validate_inputs`: numbers are converted first, so `"32"` is one; the
options of an upload widget are not looked at. A dynamic combo's unknown key fails only when it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.graph.definitions import (
    Combo,
    DynamicCombo,
    InputKind,
    IntegerWidget,
    NumberWidget,
)
from gateway.graph.json_value import Json, as_array
from gateway.graph.nearest import nearest

__all__ = ["Refusal", "refusal_of"]

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a value is refused.

    Attributes:
        code: Stable kebab-case name of the kind.
        message: What is wrong, to follow the input's name: `is 0, below its minimum 1`.
        near: The options that were most likely meant.
    """

    code: str
    message: str
    near: tuple[str, ...] = ()


def refusal_of(kind: InputKind, value: Json) -> Refusal | None:
    """Return why a widget of this kind refuses a value; None when it takes it, as far as is known."""
    match kind:
        case Combo(options=tuple() as options, upload=""):
            return _unlisted(options, value, several=kind.multiselect)
        case DynamicCombo(options) if options:
            return _unlisted(tuple(options), value)
        case IntegerWidget(minimum, maximum):
            return _outside(_as_integer(value), value, (minimum, maximum))
        case NumberWidget(minimum, maximum):
            return _outside(_as_number(value), value, (minimum, maximum))
        case _:
            return None


def _unlisted(options: Sequence[Json], value: Json, *, several: bool = False) -> Refusal | None:
    items = as_array(value) if several else None
    wrong = [each for each in ([value] if items is None else items) if each not in options]
    if not wrong:
        return None
    texts = [each for each in options if isinstance(each, str)]
    near = nearest(wrong[0], texts) if isinstance(wrong[0], str) else ()
    return Refusal(
        code="widget-option-unknown",
        message=f"is {wrong[0]!r}, not one of: {_listed(options)}",
        near=near,
    )


def _outside(
    number: float | None, value: Json, limits: tuple[float | None, float | None]
) -> Refusal | None:
    minimum, maximum = limits
    if number is None:
        return Refusal(code="widget-value-refused", message=f"is {value!r}, and must be a number")
    if minimum is not None and number < minimum:
        return Refusal(
            code="widget-out-of-limits", message=f"is {number}, below its minimum {minimum}"
        )
    if maximum is not None and number > maximum:
        return Refusal(
            code="widget-out-of-limits", message=f"is {number}, above its maximum {maximum}"
        )
    return None


def _as_integer(value: Json) -> float | int | None:
    """Read a number as ComfyUI does for INT: `33.9` becomes 33, the text "33.9" is refused."""
    if not isinstance(value, str):
        return _as_number(value)
    try:
        return int(value)
    except ValueError:
        return None


def _as_number(value: Json) -> float | int | None:
    """Read a number as ComfyUI does for FLOAT: text and true/false are converted."""
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def _listed(options: Sequence[Json]) -> str:
    shown = ", ".join(repr(each) for each in options[:_SHOWN])
    return f"{shown} … ({len(options)} in all)" if len(options) > _SHOWN else shown or "(none)"
