"""A `view_comfy.json`: pages of a web app, each with its workflow and the fields it shows.

A field names its widget by `workflowPath` (`["6", "inputs", "text"]`) or `key` (`6-inputs-text`), and has
`valueType`, `value`, `validations.required`, `helpText` and, for choices and sliders, `options`, `min`
and `max`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.intake.dialects.drafts import Drafts, ParameterDraft, ServiceDraft, Source
from gateway.intake.dialects.graphs import prompt_of
from gateway.intake.dialects.notes import Spot, Unmigratable
from gateway.intake.dialects.reading import (
    flag,
    left,
    members,
    number,
    object_of,
    text,
)
from gateway.intake.dialects.seeds import is_seed
from gateway.services.model import Limits, ParameterType
from gateway.services.values import shown

__all__ = ["read", "recognises"]

_TYPES: Mapping[str, ParameterType | None] = {
    "string": "string",
    "text": "string",
    "long-text": "string",
    "number": None,
    "int": "integer",
    "integer": "integer",
    "float": "number",
    "slider": None,
    "seed": "integer",
    "boolean": "boolean",
    "checkbox": "boolean",
    "select": None,
    "image": "image",
    "image-mask": "image",
    "mask": "mask",
    "video": "video",
    "audio": "audio",
}
_FILES = ("image", "mask", "video", "audio")
_PAGE = (
    "title",
    "description",
    "inputs",
    "advancedInputs",
    "id",
    "previewImages",
    "textOutputEnabled",
)
_FIELD = (
    "title",
    "placeholder",
    "value",
    "workflowPath",
    "helpText",
    "valueType",
    "validations",
    "key",
    "options",
    "min",
    "max",
    "tooltip",
)
_PLACEHOLDER_TEXT = "Helper Text"


def recognises(source: Source) -> bool:
    """Tell whether a file is of this dialect."""
    fields = as_object(source.raw) or {}
    pages = as_array(fields.get("workflows")) or ()
    return fields.get("file_type") == "view_comfy" or any(
        "viewComfyJSON" in (as_object(each) or {}) for each in pages
    )


def read(source: Source) -> Drafts:
    """Read the file.

    Raises:
        Unmigratable: It is not of this dialect, or a workflow in it is none.
    """
    spot = Spot(source.file)
    fields = object_of(source.raw, spot, "the file")
    pages = members(fields.get("workflows"), spot.at("workflows"), "`workflows`")
    services = [_service(page, at, source) for page, at in pages]
    left(fields, ("file_type", "file_version", "version", "workflows"), spot)
    if any(each.severity == "error" for each in spot.notes):
        raise Unmigratable(spot.notes)
    return Drafts(tuple(services), spot)


def _service(page: JsonObject, spot: Spot, source: Source) -> ServiceDraft:
    at = spot.at("viewComfyJSON")
    said = object_of(page.get("viewComfyJSON"), at, "`viewComfyJSON`")
    title = text(said, "title", at)
    name = title or source.stem
    at = at.of(name)
    where = spot.at("workflowApiJSON").of(name)
    prompt = prompt_of(page.get("workflowApiJSON"), source.definitions, where)
    drafts = [
        _parameter(field, place)
        for key in ("inputs", "advancedInputs")
        for group, around in members(said.get(key), at.at(key), f"`{key}`")
        for field, place in members(group.get("inputs"), around.at("inputs"), "`inputs`")
    ]
    left(said, _PAGE, at)
    return ServiceDraft(
        name,
        "",
        prompt,
        at,
        title=title,
        description=text(said, "description", at),
        parameters=tuple(each for each in drafts if each is not None),
    )


def _parameter(field: JsonObject, spot: Spot) -> ParameterDraft | None:
    title = text(field, "title", spot)
    target = _target(field)
    if target is None:
        spot.fault(
            f"the field {shown(title)} names no widget",
            found=shown(field.get("workflowPath", field.get("key"))),
            code="migrate-malformed",
            mend='Write its `workflowPath`: ["6", "inputs", "text"].',
        )
        return None
    spot = spot.of(spot.service or "", title or target[1])
    kind = _kind(field, spot)
    validations = object_of(field.get("validations", {}), spot.at("validations"), "`validations`")
    left(validations, ("required",), spot.at("validations"))
    left(field, _FIELD, spot)
    value = field.get("value")
    required = flag(validations, "required", spot.at("validations"))
    help_text = text(field, "helpText", spot)
    is_file = kind in _FILES
    return ParameterDraft(
        title or target[1],
        (target,),
        spot,
        type=kind,
        # A field that must not be empty has been filled in already, but for files.
        required=required and (is_file or value in (None, "")),
        default=() if value in (None, "") or is_file else (value,),
        drawn=kind == "integer" and is_seed(target[1]) and value in (None, "", -1),
        title=title,
        description="" if help_text == _PLACEHOLDER_TEXT else help_text,
        choices=tuple(_choices(field.get("options"), spot.at("options"))),
        limits=Limits(minimum=number(field, "min", spot), maximum=number(field, "max", spot)),
    )


def _target(field: JsonObject) -> tuple[str, str] | None:
    path = as_array(field.get("workflowPath"))
    if path is None and isinstance(key := field.get("key"), str):
        path = key.split("-", 2)
    match path:
        case [str() as node_id, "inputs", str() as widget]:
            return node_id, widget
        case _:
            return None


def _kind(field: JsonObject, spot: Spot) -> ParameterType | None:
    said = text(field, "valueType", spot)
    if said and said not in _TYPES:
        spot.at("valueType").tell(
            f"there is no counterpart of the type {shown(said)}; the widget's own is used",
            found=said,
            code="migrate-not-carried",
            mend="Say its `type` in services.yaml.",
        )
    return _TYPES.get(said)


def _choices(value: Json, spot: Spot) -> Iterator[Json]:
    """Yield the values of a list of choices, or of `{label, value}`."""
    items = as_array(value)
    if items is None and value is not None:
        spot.tell(
            "`options` must be a list and is left out",
            found=shown(value),
            code="migrate-malformed",
            mend="Write `choices` in services.yaml.",
        )
    for each in items or ():
        fields = as_object(each)
        yield each if fields is None else fields.get("value")
