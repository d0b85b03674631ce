"""Widgets that hold `PARAM_NAME` or `PARAM_TYPE_NAME`, and what a `.meta.json` beside says of them.

Types are STR, STRING, TEXT, INT, FLOAT and BOOL, text where none is said. Names that everybody means
the same by may be left out, the others must be given. The file beside has `name`, `description`,
`defaults`, `constraints` (`min`, `max`, `enum`) and `override_mappings` (name → [[node id, widget]]).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.graph.prompt import Prompt
from gateway.intake.dialects.drafts import (
    Companion,
    Drafts,
    ParameterDraft,
    ServiceDraft,
    Source,
    Unreadable,
    Wanted,
)
from gateway.intake.dialects.graphs import literals_of, prompt_of, workflow_beside
from gateway.intake.dialects.notes import Spot, Unmigratable
from gateway.intake.dialects.reading import left, number, object_of, text
from gateway.intake.dialects.seeds import is_seed
from gateway.services.model import Limits, ParameterType
from gateway.services.values import has_type, shown

__all__ = ["read", "recognises", "wanted"]

_META = ".meta.json"
_PREFIX = "PARAM_"
_TOKEN = re.compile(r"PARAM_(?:(STR|STRING|TEXT|INT|FLOAT|BOOL)_)?([A-Za-z0-9_-]+)", re.IGNORECASE)
_TYPES: Mapping[str, ParameterType] = {
    "INT": "integer",
    "FLOAT": "number",
    "BOOL": "boolean",
}
# What may be left out, and what then holds: the dialect's own words for it.
_KNOWN: Mapping[str, Json] = {
    "seed": 0,
    "width": 512,
    "height": 512,
    "model": "v1-5-pruned-emaonly.ckpt",
    "steps": 20,
    "cfg": 8.0,
    "sampler_name": "euler",
    "scheduler": "normal",
    "denoise": 1.0,
    "negative_prompt": "text, watermark",
    "seconds": 60,
    "lyrics_strength": 0.99,
    "duration": 5,
    "fps": 16,
}
_EMPTY: Mapping[ParameterType, Json] = {
    "string": "",
    "integer": 1,
    "number": 1.0,
    "boolean": False,
}
_SAID = ("name", "description", "defaults", "constraints", "override_mappings")
_LIMITS = ("min", "max", "enum")


@dataclass(frozen=True, slots=True)
class _Placeholder:
    name: str
    type: ParameterType
    node_id: str
    widget: str


def recognises(source: Source) -> bool:
    """Tell whether a file is of this dialect."""
    if source.file.endswith(_META):
        return True
    return _mentions(source.raw) or _meta_of(source) in source.beside


def wanted(source: Source) -> tuple[Wanted, ...]:
    """Return the workflow that a `.meta.json` is about, or the `.meta.json` of a workflow."""
    name = f"{source.stem}.json" if source.file.endswith(_META) else _meta_of(source)
    return (Wanted(name, (name,)),)


def read(source: Source) -> Drafts:
    """Read a workflow and what stands beside it, whichever of the two the source is.

    Raises:
        Unmigratable: There is no graph, or what stands beside it is no object.
    """
    spot = Spot(source.file).of(source.stem)
    workflow, meta = _pair(source, spot)
    here = replace(spot, file=workflow.file)
    beside = replace(spot, file=meta.file)
    said = object_of(meta.raw, beside, "the file")
    prompt = prompt_of(workflow.raw, source.definitions, here)
    found = list(_placeholders(prompt, here))
    drafts = _drafts(found, here)
    drafts.update(_mapped(drafts, said, beside))
    values = object_of(said.get("defaults", {}), beside.at("defaults"), "`defaults`")
    limits = object_of(said.get("constraints", {}), beside.at("constraints"), "`constraints`")
    refined = {name: _refined(each, values, limits, beside) for name, each in drafts.items()}
    for key, entries in (("defaults", values), ("constraints", limits)):
        left(entries, tuple(drafts), beside.at(key))
    left(said, _SAID, beside)
    if any(each.severity == "error" for each in spot.notes):
        raise Unmigratable(spot.notes)
    service = ServiceDraft(
        source.stem,
        workflow.file,
        _filled(prompt, found, values, source.definitions),
        here,
        title=text(said, "name", beside),
        description=text(said, "description", beside),
        parameters=tuple(refined.values()),
    )
    return Drafts((service,), spot)


def _meta_of(source: Source) -> str:
    return f"{source.stem}{_META}"


def _mentions(raw: Json) -> bool:
    """Tell whether a widget of a graph in either format holds a placeholder."""
    fields = as_object(raw) or {}
    nodes = as_array(fields.get("nodes"))
    entries = fields.values() if nodes is None else nodes
    for node in (as_object(each) or {} for each in entries):
        held = node.get("widgets_values", node.get("inputs"))
        values = (as_object(held) or {}).values() if as_array(held) is None else as_array(held)
        if any(isinstance(each, str) and each.startswith(_PREFIX) for each in values or ()):
            return True
    return False


def _pair(source: Source, spot: Spot) -> tuple[Companion, Companion]:
    """Return the workflow, and what stands beside it: an empty object when nothing does."""
    this = Companion(source.file, source.raw)
    if not source.file.endswith(_META):
        found = source.beside.get(_meta_of(source))
        if isinstance(found, Unreadable):
            raise spot.refusal(found.message, code=found.code, mend=found.mend)
        empty: dict[str, Json] = {}
        return this, found or Companion(_meta_of(source), empty)
    return workflow_beside(source, f"{source.stem}.json", spot), this


def _placeholders(prompt: Prompt, spot: Spot) -> Iterator[_Placeholder]:
    for node_id, node in prompt.items():
        for widget, value in literals_of(node).items():
            if not isinstance(value, str) or _PREFIX not in value:
                continue
            at = spot.at(node_id, "inputs", widget)
            match = _TOKEN.fullmatch(value.strip())
            if match is None:
                at.tell(
                    f"`{widget}` holds more than a placeholder, and stays as it is",
                    found=shown(value),
                    code="migrate-not-carried",
                    mend="Let the widget hold PARAM_… alone, or write a `template`.",
                )
                continue
            kind = _TYPES.get((match[1] or "").upper(), "string")
            yield _Placeholder(match[2].lower().strip("_-"), kind, node_id, widget)


def _drafts(found: Sequence[_Placeholder], spot: Spot) -> dict[str, ParameterDraft]:
    drafts: dict[str, ParameterDraft] = {}
    for each in found:
        target = (each.node_id, each.widget)
        earlier = drafts.get(each.name)
        drafts[each.name] = ParameterDraft(
            each.name,
            (*(earlier.targets if earlier else ()), target),
            spot.at(*target).of(spot.service or "", each.name),
            type=None if each.type == "string" else each.type,
            required=each.name not in _KNOWN,
            drawn=is_seed(each.name),
        )
    return drafts


def _mapped(
    drafts: Mapping[str, ParameterDraft], said: JsonObject, spot: Spot
) -> Iterator[tuple[str, ParameterDraft]]:
    """Yield the parameters whose targets the file beside names."""
    spot = spot.at("override_mappings")
    mappings = object_of(said.get("override_mappings", {}), spot, "`override_mappings`")
    for name, value in mappings.items():
        at = spot.at(name).of(spot.service or "", name)
        targets = [_target(each, at.at(index)) for index, each in enumerate(as_array(value) or ())]
        if not targets:
            at.fault(
                f"the targets of `{name}` must be a list of [node id, widget]",
                found=shown(value),
                code="migrate-malformed",
                mend='Write [["6", "text"]].',
            )
        earlier = drafts.get(name, ParameterDraft(name, (), at))
        yield name, replace(earlier, targets=tuple(each for each in targets if each), spot=at)


def _target(value: Json, spot: Spot) -> tuple[str, str] | None:
    match as_array(value):
        case [str() | int() as node_id, str() as widget]:
            return str(node_id), widget
        case _:
            spot.fault(
                "a target must be [node id, widget]",
                found=shown(value),
                code="migrate-malformed",
                mend='Write ["6", "text"].',
            )
            return None


def _refined(
    draft: ParameterDraft, values: JsonObject, limits: JsonObject, spot: Spot
) -> ParameterDraft:
    """Return a parameter with its default and its limits."""
    if (value := values.get(draft.name)) is not None:
        draft = replace(draft, default=(value,), required=False, drawn=False)
    if draft.name not in limits:
        return draft
    at = spot.at("constraints", draft.name).of(spot.service or "", draft.name)
    said = object_of(limits[draft.name], at, "a constraint")
    left(said, _LIMITS, at)
    return replace(
        draft,
        choices=tuple(as_array(said.get("enum")) or ()),
        limits=Limits(minimum=number(said, "min", at), maximum=number(said, "max", at)),
    )


def _filled(
    prompt: Prompt, found: Sequence[_Placeholder], values: JsonObject, definitions: JsonObject
) -> Prompt:
    """Return the graph with a value of the right type where a placeholder stood."""
    inputs = {node_id: dict(node.inputs) for node_id, node in prompt.items()}
    for each in found:
        node = prompt[each.node_id]
        declared = _declared(definitions, node.class_type, each.widget)
        fitting = (values.get(each.name), declared, _KNOWN.get(each.name))
        inputs[each.node_id][each.widget] = next(
            (value for value in fitting if _is_of(value, each.type)), _EMPTY[each.type]
        )
    return {node_id: replace(node, inputs=inputs[node_id]) for node_id, node in prompt.items()}


def _is_of(value: Json, kind: ParameterType) -> bool:
    return value is not None and has_type(value, kind)


def _declared(definitions: JsonObject, class_type: str, widget: str) -> Json:
    """Return the default of a widget, or its first option, as its definition has them."""
    entry = as_object((as_object(definitions.get(class_type)) or {}).get("input")) or {}
    for group in ("required", "optional"):
        said = as_array((as_object(entry.get(group)) or {}).get(widget)) or ()
        options = as_array(said[0]) if said else None
        extra = (as_object(said[1]) if len(said) > 1 else None) or {}
        if "default" in extra:
            return extra["default"]
        if options := options or as_array(extra.get("options")):
            return options[0]
    return None
