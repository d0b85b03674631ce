"""Widget values as ComfyUI's validation takes them: converted where Python can, then checked.

Knows no links and no graph. Source: ComfyUI execution.py, validate_inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.graph.json_value import Json, as_array, as_object
from gateway.simulator.declared import Declared

__all__ = ["Refusal", "check_value", "coerce"]

_SHOWN_OPTIONS = 20


@dataclass(frozen=True, slots=True)
class Refusal:
    """One entry of a node's `errors`."""

    type: str
    message: str
    details: str
    extra: dict[str, Json]

    def as_json(self) -> dict[str, Json]:
        """Return the entry."""
        return {
            "type": self.type,
            "message": self.message,
            "details": self.details,
            "extra_info": self.extra,
        }


def coerce(declared: Declared, value: Json) -> Json | Refusal:
    """Convert a value to its widget's type: `"32"` and `33.9` to integers, 123 to text."""
    wrapped = as_object(value)
    if wrapped is not None and "__value__" in wrapped:
        value = wrapped["__value__"]
    try:
        return _convert(declared.kind, value)
    except (TypeError, ValueError) as error:
        return Refusal(
            "invalid_input_type",
            f"Failed to convert an input value to a {declared.kind} value",
            f"{declared.name}, {value}, {error}",
            {**_about(declared, value), "exception_message": str(error)},
        )


def check_value(declared: Declared, value: Json) -> Refusal | None:
    """Check limits and options; NaN passes limits."""
    return _check_limits(declared, value) or _check_options(declared, value)


def _convert(kind: Json, value: Json) -> Json:
    match kind:
        case "INT":
            return int(value)  # type: ignore[arg-type] # the TypeError is the point
        case "FLOAT":
            return float(value)  # type: ignore[arg-type] # the TypeError is the point
        case "STRING":
            return str(value)
        case "BOOLEAN":
            return bool(value)
        case _:
            return value


def _about(declared: Declared, value: Json) -> dict[str, Json]:
    return {
        "input_name": declared.name,
        "input_config": list(declared.spec),
        "received_value": value,
    }


def _check_limits(declared: Declared, value: Json) -> Refusal | None:
    if not isinstance(value, int | float):
        return None
    low, high = declared.options.get("min"), declared.options.get("max")
    if isinstance(low, int | float) and value < low:
        message = f"Value {value} smaller than min of {low}"
        return Refusal("value_smaller_than_min", message, declared.name, _about(declared, value))
    if isinstance(high, int | float) and value > high:
        message = f"Value {value} bigger than max of {high}"
        return Refusal("value_bigger_than_max", message, declared.name, _about(declared, value))
    return None


def _check_options(declared: Declared, value: Json) -> Refusal | None:
    options = as_array(declared.kind)
    if options is None and declared.kind == "COMBO":
        options = as_array(declared.options.get("options"))
    if options is None:
        return None
    chosen: Sequence[Json] = [value]
    if declared.options.get("multiselect") and (several := as_array(value)) is not None:
        chosen = several
    missing = [one for one in chosen if one not in options]
    if not missing:
        return None
    about = _about(declared, value)
    shown = str(list(options))
    if len(options) > _SHOWN_OPTIONS:
        about["input_config"] = None
        shown = f"(list of length {len(options)})"
    named = repr(missing[0]) if len(chosen) == 1 else ", ".join(map(repr, missing))
    details = f"{declared.name}: {named} not in {shown}"
    return Refusal("value_not_in_list", "Value not in list", details, about)
