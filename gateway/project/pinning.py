"""What of a node definition is pinned: what is the same on every machine that has the node.

Lists of model files and uploads differ from machine to machine, so they are pinned empty, and have
no default. Other defaults, the order of inputs and where `control_after_generate` stands are kept:
an editor workflow's values can only be told apart with them.
"""

from __future__ import annotations

from gateway.graph.definitions import Combo, InputDefinition
from gateway.graph.input_kinds import kind_of_input
from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.services.backend_files import lives_on_backend
from gateway.services.bound import BoundWidget

__all__ = ["is_complete", "ordered_entry", "pinned_entry"]

_KEPT = (
    "input",
    "input_order",
    "output",
    "output_node",
    "has_intermediate_output",
    "display_name",
    "description",
    "deprecated",
    "api_node",
)
_DROPPED_OPTIONS = ("display", "round", "advanced", "search")


def pinned_entry(entry: JsonObject) -> JsonObject:
    """Return an `/object_info` entry as it is pinned.

    Args:
        entry: As ComfyUI sends it; whatever has an unknown shape stays as it is.
    """
    kept = {name: entry[name] for name in _KEPT if entry.get(name) not in (None, "", False)}
    if "input" in kept:
        kept["input"] = _inputs(kept["input"])
    return kept


def ordered_entry(entry: JsonObject) -> JsonObject:
    """Return an `/object_info` entry with its `input_order`, which old servers do not send.

    Args:
        entry: As ComfyUI sends it.
    """
    inputs = as_object(entry.get("input"))
    if inputs is None or as_object(entry.get("input_order")) is not None:
        return entry
    order: JsonObject = {
        section: list(named) for section, value in inputs.items() if (named := as_object(value))
    }
    return {**entry, "input_order": order}


def is_complete(entry: JsonObject) -> bool:
    """Tell whether a pinned entry has all that converting needs; earlier versions pinned less."""
    return as_object(entry.get("input_order")) is not None


def _inputs(raw: Json) -> Json:
    """Return `{required: {name: spec}, optional: …, hidden: …}` with each spec as it is pinned."""
    sections = as_object(raw)
    if sections is None:
        return raw
    return {
        section: inputs
        if section == "hidden"
        else {name: _spec(name, spec) for name, spec in inputs.items()}
        for section, value in sections.items()
        if (inputs := as_object(value))
    }


def _spec(name: str, spec: Json) -> Json:
    parts = as_array(spec)
    if not parts:
        return spec
    declared, options = parts[0], as_object(parts[1]) if len(parts) > 1 else None
    kept = {key: value for key, value in (options or {}).items() if key not in _DROPPED_OPTIONS}
    if declared == "COMFY_DYNAMICCOMBO_V3":
        kept["options"] = [_dynamic_option(each) for each in as_array(kept.get("options")) or ()]
    elif _is_of_one_machine(name, declared, kept):
        declared, kept = _emptied(declared, kept)
    return [declared, kept] if kept else [declared]


def _dynamic_option(option: Json) -> Json:
    fields = as_object(option)
    if fields is None:
        return option
    return {**fields, "inputs": _inputs(fields.get("inputs"))}


def _is_of_one_machine(name: str, declared: Json, options: JsonObject) -> bool:
    definition = InputDefinition(name, kind_of_input(declared, options))
    widget = BoundWidget("", name, "", current=None, definition=definition)
    return isinstance(definition.kind, Combo) and lives_on_backend(widget)


def _emptied(declared: Json, options: dict[str, Json]) -> tuple[Json, dict[str, Json]]:
    """Return a combo with no options, in the form it had: a bare list, or `COMBO` with a list."""
    nothing: list[Json] = []
    options.pop("default", None)
    if as_array(declared) is not None:
        return nothing, options
    return declared, {**options, "options": nothing} if "options" in options else options
