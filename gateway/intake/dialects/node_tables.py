"""Tables of a web front end, `{type, key, node_ids}`: what it sends goes to these nodes' inputs.

The table alone is a list and needs the workflow with it; the settings of the front end have both
(`COMFYUI_WORKFLOW` and `COMFYUI_WORKFLOW_NODES`), and those for changing an image under
`IMAGES_EDIT_…`. A saved configuration nests the same as `image_generation.comfyui.workflow`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.graph.prompt import Prompt
from gateway.intake.dialects.addresses import backend_at
from gateway.intake.dialects.drafts import (
    Drafts,
    ParameterDraft,
    Section,
    ServiceDraft,
    Source,
)
from gateway.intake.dialects.graphs import prompt_of
from gateway.intake.dialects.notes import Spot, Unmigratable
from gateway.intake.dialects.reading import left, members, text
from gateway.services.values import shown

__all__ = ["read", "recognises"]

_PATHS = (
    ("generate_image", "", "COMFYUI_WORKFLOW", ("image_generation", "comfyui")),
    ("edit_image", "IMAGES_EDIT_", "COMFYUI_WORKFLOW", ("images", "edit", "comfyui")),
)
_KEYS: Mapping[str, str] = {
    "prompt": "text",
    "negative_prompt": "text",
    "model": "ckpt_name",
    "width": "width",
    "height": "height",
    "n": "batch_size",
    "steps": "steps",
    "seed": "seed",
    "image": "image",
}


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    workflow: Json
    nodes: Json
    spot: Spot


def recognises(source: Source) -> bool:
    """Tell whether a file is of this dialect."""
    rows = as_array(source.raw)
    if rows is not None:
        return any("node_ids" in (as_object(each) or {}) for each in rows)
    return any(_tables(source, Spot(source.file)))


def read(source: Source) -> Drafts:
    """Read the file.

    Raises:
        Unmigratable: There is no workflow, or the table is broken.
    """
    spot = Spot(source.file)
    tables = list(_tables(source, spot))
    services = [_service(each, source) for each in tables]
    sections = _backend(source.raw, spot) if as_array(source.raw) is None else ()
    if any(each.severity == "error" for each in spot.notes):
        raise Unmigratable(spot.notes)
    return Drafts(tuple(each for each in services if each), spot, tuple(sections))


# --- where the tables are -------------------------------------------------------------------------


def _tables(source: Source, spot: Spot) -> Iterator[_Table]:
    if as_array(source.raw) is not None:
        workflow = source.workflow.raw if source.workflow else None
        yield _Table(source.stem, workflow, source.raw, spot)
        return
    fields = as_object(source.raw) or {}
    for name, prefix, key, path in _PATHS:
        flat = fields.get(f"{prefix}{key}_NODES")
        if flat is not None:
            workflow = fields.get(f"{prefix}{key}")
            yield _Table(name, workflow, flat, spot.at(f"{prefix}{key}_NODES"))
            continue
        nested = _under(fields, path)
        if "nodes" in nested:
            yield _Table(name, nested.get("workflow"), nested["nodes"], spot.at(*path, "nodes"))


def _under(fields: JsonObject, path: Sequence[str]) -> JsonObject:
    for step in path:
        fields = as_object(fields.get(step)) or {}
    return fields


def _backend(raw: Json, spot: Spot) -> Iterator[Section]:
    fields = as_object(raw) or {}
    nested = _under(fields, ("image_generation", "comfyui"))
    for holder, url, key, at in (
        (fields, "COMFYUI_BASE_URL", "COMFYUI_API_KEY", spot),
        (nested, "base_url", "api_key", spot.at("image_generation", "comfyui")),
    ):
        yield from backend_at(text(holder, url, at), at.at(url))
        if holder.get(key):
            # A secret is neither shown nor written.
            at.at(key).tell(
                "the key for ComfyUI is not written into a file",
                code="migrate-not-carried",
                mend='Set COMFYUI_API_KEY, and write headers: {Authorization: "Bearer '
                '${COMFYUI_API_KEY}"} under the backend.',
            )


# --- one table ------------------------------------------------------------------------------------


def _service(table: _Table, source: Source) -> ServiceDraft | None:
    spot = table.spot.of(table.name)
    workflow = _parsed(table.workflow, spot, "the workflow")
    if workflow is None:
        spot.fault(
            "the workflow that the table is about is not here",
            code="workflow-missing",
            mend="Name it with --workflow FILE.",
        )
        return None
    prompt = prompt_of(workflow, source.definitions, spot)
    drafts: list[ParameterDraft] = []
    rows = _parsed(table.nodes, spot, "the table")
    for row, at in members(rows, spot, "the rows of the table"):
        prompt = _take_row(row, at.of(table.name), prompt, drafts)
    return ServiceDraft(table.name, "", prompt, spot, parameters=tuple(drafts))


def _parsed(value: Json, spot: Spot, what: str) -> Json:
    """Return JSON that may be written as a text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else None
    except (ValueError, RecursionError):
        spot.fault(
            f"{what} is a text that is no JSON",
            found=shown(value),
            code="migrate-malformed",
            mend="Copy it from the front end's settings again.",
        )
        return None


def _take_row(row: JsonObject, spot: Spot, prompt: Prompt, drafts: list[ParameterDraft]) -> Prompt:
    """Add the parameter of a row; one without a type only sets a value in the graph."""
    left(row, ("type", "key", "node_ids", "value"), spot)
    kind = text(row, "type", spot)
    ids = _ids(row.get("node_ids"), spot.at("node_ids"))
    if not kind:
        return _with_value(prompt, ids, text(row, "key", spot), row.get("value"))
    key = text(row, "key", spot) or _KEYS.get(kind, "")
    if not key:
        spot.at("key").fault(
            f"the row for {shown(kind)} says no input",
            found=shown(kind),
            code="migrate-malformed",
            mend="Write the name of the nodes' input as `key`.",
        )
    elif not ids:
        spot.at("node_ids").tell(
            f"the row for {shown(kind)} names no node and is left out",
            found=shown(kind),
            code="migrate-not-carried",
            mend="Write the ids of the nodes whose input it is.",
        )
    elif kind == "image":
        drafts.extend(_images(ids, key, spot))
    else:
        name = spot.of(spot.service or "", kind)
        drafts.append(
            ParameterDraft(
                kind,
                tuple((each, key) for each in ids),
                name,
                required=kind == "prompt",
                drawn=kind == "seed",
            )
        )
    return prompt


def _images(ids: Sequence[str], key: str, spot: Spot) -> Iterator[ParameterDraft]:
    """Yield a parameter for each node: the front end sends its first image to the first, and so on."""
    for number, node_id in enumerate(ids, 1):
        name = "image" if number == 1 else f"image_{number}"
        yield ParameterDraft(
            name,
            ((node_id, key),),
            spot.of(spot.service or "", name),
            required=number == 1,
        )


def _ids(value: Json, spot: Spot) -> tuple[str, ...]:
    """Return node ids, written as a list or with commas between them."""
    items = value.split(",") if isinstance(value, str) else as_array(value)
    if items is None and value is not None:
        spot.fault(
            "`node_ids` must be a list of node ids",
            found=shown(value),
            code="migrate-malformed",
            mend='Write ["6"], or "6,7".',
        )
    ids = [str(each).strip() for each in items or () if isinstance(each, str | int)]
    return tuple(dict.fromkeys(each for each in ids if each))


def _with_value(prompt: Prompt, ids: Sequence[str], key: str, value: Json) -> Prompt:
    if not key or value is None:
        return prompt
    return {
        node_id: replace(node, inputs={**node.inputs, key: value}) if node_id in ids else node
        for node_id, node in prompt.items()
    }
