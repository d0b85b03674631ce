"""A `schema.json` beside a `workflow.json`: parameters by name, each with its node id and field.

The folder's name is the service's. `ui_parameters` holds the same by key, for those that a page shows;
an entry of it whose `name` is among the parameters says more of that one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.intake.dialects.drafts import (
    Drafts,
    ParameterDraft,
    ServiceDraft,
    Source,
    Wanted,
)
from gateway.intake.dialects.graphs import prompt_of, workflow_beside
from gateway.intake.dialects.notes import Spot, Unmigratable
from gateway.intake.dialects.reading import (
    flag,
    left,
    number,
    object_of,
    text,
    word,
)
from gateway.services.model import Limits, ParameterType
from gateway.services.values import shown

__all__ = ["read", "recognises", "wanted"]

_WORKFLOW = "workflow.json"
_TYPES: Mapping[str, ParameterType] = {
    "string": "string",
    "str": "string",
    "text": "string",
    "int": "integer",
    "integer": "integer",
    "float": "number",
    "number": "number",
    "bool": "boolean",
    "boolean": "boolean",
    "image": "image",
    "mask": "mask",
    "audio": "audio",
    "video": "video",
    "file": "file",
}
_TOP = ("description", "enabled", "parameters", "ui_parameters", "workflow_id", "name")
_PARAMETER = (
    "node_id",
    "field",
    "type",
    "required",
    "description",
    "default",
    "choices",
    "options",
    "enum",
    "min",
    "max",
    "name",
    "exposed",
)


def recognises(source: Source) -> bool:
    """Tell whether a file is of this dialect."""
    fields = as_object(source.raw) or {}
    tables = (as_object(fields.get(key)) or {} for key in ("parameters", "ui_parameters"))
    entries = [as_object(each) or {} for table in tables for each in table.values()]
    return any("node_id" in each and "field" in each for each in entries)


def wanted(source: Source) -> tuple[Wanted, ...]:
    """Return the workflow that the file is about."""
    return (Wanted(_WORKFLOW, (_WORKFLOW,)),) if recognises(source) else ()


def read(source: Source) -> Drafts:
    """Read the file and the workflow beside it.

    Raises:
        Unmigratable: There is no workflow, or a parameter names no widget.
    """
    fields = as_object(source.raw) or {}
    name = source.folder or source.stem
    spot = Spot(source.file).of(name)
    workflow = workflow_beside(source, _WORKFLOW, spot)
    drafts = _parameters(fields, spot)
    left(fields, _TOP, spot)
    if not flag(fields, "enabled", spot, otherwise=True):
        spot.at("enabled").tell(
            "it was switched off there, and is a service like any other now",
            found="false",
            code="migrate-changed",
            mend="Take it out of services.yaml to keep it from callers.",
        )
    prompt = prompt_of(workflow.raw, source.definitions, replace(spot, file=workflow.file))
    if any(each.severity == "error" for each in spot.notes):
        raise Unmigratable(spot.notes)
    service = ServiceDraft(
        name,
        "",
        prompt,
        spot,
        description=text(fields, "description", spot),
        parameters=tuple(drafts.values()),
    )
    return Drafts((service,), spot)


def _parameters(fields: JsonObject, spot: Spot) -> dict[str, ParameterDraft]:
    at = spot.at("parameters")
    said = dict(object_of(fields.get("parameters", {}), at, "`parameters`"))
    shown_ones = object_of(
        fields.get("ui_parameters", {}), spot.at("ui_parameters"), "`ui_parameters`"
    )
    for key, value in shown_ones.items():
        entry = object_of(value, spot.at("ui_parameters", key), "a parameter")
        name = text(entry, "name", spot.at("ui_parameters", key)) or key
        earlier = as_object(said.get(name))
        if earlier is not None:
            more = ("type", "required", "description", "default")
            said[name] = {**earlier, **{each: entry[each] for each in more if entry.get(each)}}
        elif entry.get("exposed") is True:
            said[name] = entry
    return {name: _parameter(name, value, at.at(name)) for name, value in said.items()}


def _parameter(name: str, value: Json, spot: Spot) -> ParameterDraft:
    spot = spot.of(spot.service or "", name)
    fields = object_of(value, spot, "a parameter")
    kind = text(fields, "type", spot)
    if kind and kind.lower() not in _TYPES:
        spot.at("type").tell(
            f"there is no type {shown(kind)}; the widget's own is used",
            found=kind,
            code="migrate-malformed",
            mend=f"There are: {', '.join(_TYPES)}.",
        )
    left(fields, _PARAMETER, spot)
    default = fields.get("default")
    choices = next((found for key in _CHOICES if (found := as_array(fields.get(key)))), ())
    return ParameterDraft(
        name,
        ((word(fields, "node_id", spot), word(fields, "field", spot)),),
        spot,
        type=_TYPES.get(kind.lower()),
        required=flag(fields, "required", spot),
        default=() if default is None else (default,),
        description=text(fields, "description", spot),
        choices=tuple(choices),
        limits=Limits(minimum=number(fields, "min", spot), maximum=number(fields, "max", spot)),
    )


_CHOICES = ("choices", "options", "enum")
