"""Input specifications in the form of `/object_info`, and the face a node class shows there.

Lists of files and models are live: a `{"live": source}` stands where the list will be.
Knows no node's doing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = [
    "EMPTY",
    "PICTURE_META",
    "Face",
    "Live",
    "autogrow",
    "boolean",
    "choice",
    "combo",
    "dynamic",
    "integer",
    "link",
    "live",
    "number",
    "text",
]

Specs: TypeAlias = Mapping[str, Sequence[Json]]
Live: TypeAlias = Callable[[str], Sequence[str]]
"""Source (`models/loras`, `input/image`) → names there now."""

EMPTY: Mapping[str, Json] = {}
PICTURE_META = ("prompt", "extra_pnginfo")


def link(kind: str, tooltip: str = "") -> Sequence[Json]:
    """An input that takes a link only."""
    return [kind, {"tooltip": tooltip}] if tooltip else [kind, {}]


def integer(
    low: int | None = None,
    high: int | None = None,
    default: int | None = None,
    step: int | None = None,
    more: Mapping[str, Json] = EMPTY,
) -> Sequence[Json]:
    """INT with its limits."""
    return ["INT", _options({"default": default, "min": low, "max": high, "step": step}, more)]


def number(
    low: float | None = None,
    high: float | None = None,
    default: float | None = None,
    step: float | None = None,
    more: Mapping[str, Json] = EMPTY,
) -> Sequence[Json]:
    """FLOAT with its limits."""
    return ["FLOAT", _options({"default": default, "min": low, "max": high, "step": step}, more)]


def text(
    default: str | None = None, multiline: bool | None = None, more: Mapping[str, Json] = EMPTY
) -> Sequence[Json]:
    """STRING."""
    return ["STRING", _options({"default": default, "multiline": multiline}, more)]


def boolean(default: bool | None = None, tooltip: str = "") -> Sequence[Json]:
    """BOOLEAN."""
    return ["BOOLEAN", _options({"default": default}, {"tooltip": tooltip} if tooltip else EMPTY)]


def combo(options: Sequence[Json] | Json, more: Mapping[str, Json] = EMPTY) -> Sequence[Json]:
    """A choice in the old form: the list itself stands where the type would."""
    return [options, dict(more)]


def choice(options: Sequence[Json] | Json, more: Mapping[str, Json] = EMPTY) -> Sequence[Json]:
    """A choice in the new form: COMBO with `options`."""
    return ["COMBO", {"multiselect": False, "options": options, **more}]


def live(source: str) -> Json:
    """Stand for a list that is read when it is asked for."""
    return {"live": source}


def dynamic(options: Mapping[str, Specs], more: Mapping[str, Json] = EMPTY) -> Sequence[Json]:
    """COMFY_DYNAMICCOMBO_V3: key → the required inputs that come with it.

    A name that ends in `?` is optional.
    """
    entries: list[Json] = []
    for key, specs in options.items():
        required = {name: spec for name, spec in specs.items() if not name.endswith("?")}
        optional = {name[:-1]: spec for name, spec in specs.items() if name.endswith("?")}
        inputs: dict[str, Json] = {"required": required}
        if optional:
            inputs["optional"] = optional
        entries.append({"key": key, "inputs": inputs})
    return ["COMFY_DYNAMICCOMBO_V3", {"options": entries, **more}]


def autogrow(name: str, spec: Sequence[Json], more: Mapping[str, Json]) -> Sequence[Json]:
    """COMFY_AUTOGROW_V3: any number of inputs like `spec`; `more` says prefix or names, and min."""
    return ["COMFY_AUTOGROW_V3", {"template": {"input": {"required": {name: spec}}, **more}}]


def _options(given: Mapping[str, Json], more: Mapping[str, Json]) -> Json:
    return {**{name: value for name, value in given.items() if value is not None}, **more}


@dataclass(frozen=True, slots=True)
class Face:
    """What `/object_info` says of one node class.

    Attributes:
        class_type: The class name.
        required: Input name → specification, in order.
        optional: The same for optional inputs.
        outputs: Type of each output slot.
        output_names: Their names where these differ from the types.
        title: Display name.
        hidden: Names of hidden inputs the server fills in.
        is_new_style: Written against the V3 schema: hidden inputs are lists there.
    """

    class_type: str
    required: Specs
    outputs: tuple[str, ...] = ()
    optional: Specs = field(default_factory=dict[str, Sequence[Json]])
    output_names: tuple[str, ...] = ()
    title: str = ""
    category: str = "simulated"
    description: str = ""
    hidden: tuple[str, ...] = ()
    is_new_style: bool = False
    output_node: bool = False
    deprecated: bool = False
    experimental: bool = False

    def document(self, names: Live) -> JsonObject:
        """Return the entry as JSON; `names` answers for live lists."""
        inputs: dict[str, Json] = {"required": _filled(self.required, names)}
        if self.optional:
            inputs["optional"] = _filled(self.optional, names)
        if self.hidden:
            inputs["hidden"] = {name: self._hidden(name) for name in self.hidden}
        order = {part: list(as_object(specs) or {}) for part, specs in inputs.items()}
        return {
            "input": inputs,
            "input_order": order,
            "is_input_list": False,
            "output": list(self.outputs),
            "output_is_list": [False] * len(self.outputs),
            "output_name": list(self.output_names or self.outputs),
            "name": self.class_type,
            "display_name": self.title or self.class_type,
            "description": self.description,
            "python_module": "simulator",
            "category": self.category,
            "output_node": self.output_node,
            "has_intermediate_output": False,
            "search_aliases": [],
            **({"deprecated": True} if self.deprecated else {}),
            **({"experimental": True} if self.experimental else {}),
        }

    def _hidden(self, name: str) -> Json:
        return [name.upper()] if self.is_new_style else name.upper()


def _filled(specs: Specs, names: Live) -> dict[str, Json]:
    return {name: _fill(spec, names) for name, spec in specs.items()}


def _fill(spec: Sequence[Json], names: Live) -> list[Json]:
    kind, *rest = spec
    options = as_object(rest[0]) if rest else None
    if options is not None and as_array(options.get("options")) is None:
        rest = (
            [{**options, "options": _list(options["options"], names)}]
            if "options" in options
            else rest
        )
    return [_list(kind, names), *rest]


def _list(value: Json, names: Live) -> Json:
    marker = as_object(value)
    source = marker.get("live") if marker else None
    return list(names(source)) if isinstance(source, str) else value
