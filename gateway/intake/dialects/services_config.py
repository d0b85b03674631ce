"""A `config.json` whose `services` map parameters to node ids and widget names.

Its services name workflow files and list parameters `{name, type, comfyui_node_id,
comfyui_widget_name}`; later versions also list `outputs` with a `source`. Beside them stand
`comfyui.address`, `s3` and `jobs` (ages in milliseconds).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.intake.dialects.addresses import backend_at, is_web
from gateway.intake.dialects.drafts import (
    Drafts,
    OutputDraft,
    ParameterDraft,
    Section,
    ServiceDraft,
    Source,
    Wanted,
)
from gateway.intake.dialects.graphs import prompt_of, workflow_beside
from gateway.intake.dialects.notes import Spot, Unmigratable
from gateway.intake.dialects.reading import (
    flag,
    left,
    members,
    number,
    object_of,
    text,
    word,
)
from gateway.services.model import Kind, ParameterType
from gateway.services.values import shown

__all__ = ["read", "recognises", "wanted"]

_TYPES: Mapping[str, ParameterType | None] = {
    "string": "string",
    "number": "number",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
}
_KINDS: Mapping[str, Kind | None] = {
    "image": "image",
    "video": "video",
    "3d_model": "model3d",
    "audio": "audio",
    "text": "text",
    "json": None,
}
_TOP = ("$schema", "comfyui", "s3", "jobs", "services")
_SERVICE = ("name", "description", "comfyui_workflow_api", "parameters", "outputs")
_PARAMETER = (
    "name",
    "type",
    "description",
    "required",
    "default",
    "comfyui_node_id",
    "comfyui_widget_name",
)
_WHY = {
    "route": "Nothing to do: a service is called by its name.",
    "client_id": "Nothing to do: each connection to ComfyUI has an id of its own.",
    "cleanup_interval": "Nothing to do: old jobs go by themselves.",
}
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_LONGEST = 100 * 365 * 86_400_000  # milliseconds
_MOST = 10**9
_EXAMPLE_BUCKET = "your-s3-bucket-name"


def recognises(source: Source) -> bool:
    """Tell whether a file is of this dialect."""
    fields = as_object(source.raw) or {}
    services = as_array(fields.get("services"))
    return services is not None and (
        "comfyui" in fields
        or any("comfyui_workflow_api" in (as_object(each) or {}) for each in services)
    )


def wanted(source: Source) -> tuple[Wanted, ...]:
    """Return the workflows that the services name."""
    if not recognises(source):
        return ()
    services = as_array((as_object(source.raw) or {}).get("services")) or ()
    names = ((as_object(each) or {}).get("comfyui_workflow_api") for each in services)
    return tuple(
        Wanted(name, _places(name)) for name in dict.fromkeys(names) if isinstance(name, str)
    )


def read(source: Source) -> Drafts:
    """Read the file.

    Raises:
        Unmigratable: It is not of this dialect, or a workflow cannot be read.
    """
    spot = Spot(source.file)
    fields = object_of(source.raw, spot, "the file")
    services = tuple(
        _service(each, at, source)
        for each, at in members(fields.get("services"), spot.at("services"), "`services`")
    )
    sections = tuple(_sections(fields, spot))
    left(fields, _TOP, spot)
    if any(each.severity == "error" for each in spot.notes):
        raise Unmigratable(spot.notes)
    return Drafts(tuple(each for each in services if each is not None), spot, sections)


def _places(name: str) -> tuple[str, ...]:
    file = name if name.endswith(".json") else f"{name}.json"
    return (file, f"workflows/{file}")


def _service(fields: JsonObject, spot: Spot, source: Source) -> ServiceDraft | None:
    name = word(fields, "name", spot)
    spot = spot.of(name)
    file = word(fields, "comfyui_workflow_api", spot)
    at = spot.at("parameters")
    parameters = tuple(
        _parameter(each, where.of(name))
        for each, where in members(fields.get("parameters"), at, "`parameters`")
    )
    outputs = tuple(
        _output(each, where)
        for each, where in members(fields.get("outputs"), spot.at("outputs"), "`outputs`")
    )
    left(fields, _SERVICE, spot, _WHY)
    if not file:
        return None
    try:
        found = workflow_beside(source, file, spot.at("comfyui_workflow_api"))
        prompt = prompt_of(found.raw, source.definitions, Spot(found.file, spot.notes).of(name))
    except Unmigratable:
        return None  # told; the other services are looked at, too
    return ServiceDraft(
        name,
        found.file,
        prompt,
        spot,
        description=text(fields, "description", spot),
        parameters=parameters,
        outputs=outputs,
    )


def _parameter(fields: JsonObject, spot: Spot) -> ParameterDraft:
    name = word(fields, "name", spot)
    spot = spot.of(spot.service or "", name)
    node_id = word(fields, "comfyui_node_id", spot)
    widget = word(fields, "comfyui_widget_name", spot)
    kind = text(fields, "type", spot) or "string"
    if kind not in _TYPES:
        spot.at("type").tell(
            f"there is no type {shown(kind)}; the widget's own is used",
            found=kind,
            code="migrate-malformed",
            mend=f"There are: {', '.join(_TYPES)}.",
        )
    left(fields, _PARAMETER, spot)
    default = fields.get("default")
    return ParameterDraft(
        name,
        ((node_id, widget),),
        spot,
        type=_TYPES.get(kind),
        required=flag(fields, "required", spot),
        default=() if default is None else (default,),
        description=text(fields, "description", spot),
    )


def _output(fields: JsonObject, spot: Spot) -> OutputDraft:
    name = word(fields, "name", spot)
    spot = spot.of(spot.service or "")
    at = spot.at("source")
    source = object_of(fields.get("source"), at, "`source`")
    kind = text(fields, "type", spot)
    index = number(source, "index", at)
    if index is not None and (index < 0 or index != int(index)):
        at.at("index").tell(
            "`index` counts files from 0; the whole batch is named instead",
            found=shown(index),
            code="migrate-malformed",
            mend="Write a whole number, or leave it out.",
        )
        index = None
    left(fields, ("name", "type", "source"), spot)
    left(source, ("node_id", "output_type", "index"), at)
    return OutputDraft(
        name,
        word(source, "node_id", at),
        spot,
        _KINDS.get(kind),
        None if index is None else int(index),
    )


# --- the rest of the file -------------------------------------------------------------------------


def _sections(fields: JsonObject, spot: Spot) -> Iterator[Section]:
    for key, read_one in (("comfyui", _backends), ("s3", _bucket), ("jobs", _jobs)):
        value = fields.get(key)
        if value is not None:
            yield from read_one(object_of(value, spot.at(key), f"`{key}`"), spot.at(key))


def _backends(fields: JsonObject, spot: Spot) -> Iterator[Section]:
    left(fields, ("address",), spot, _WHY)
    yield from backend_at(text(fields, "address", spot), spot.at("address"))


def _bucket(fields: JsonObject, spot: Spot) -> Iterator[Section]:
    left(fields, ("bucket", "region", "endpoint", "public_domain", "enable_path_style"), spot)
    bucket = text(fields, "bucket", spot)
    if not bucket or bucket == _EXAMPLE_BUCKET:
        return
    if not _BUCKET.fullmatch(bucket):
        spot.at("bucket").tell(
            "this is no name of a bucket, and `s3` is left out",
            found=shown(bucket),
            code="migrate-not-carried",
            mend="Write `outputs: s3://bucket/prefix` yourself.",
        )
        return
    value: dict[str, Json] = {"url": f"s3://{bucket}/comfyui-output"}
    for key, ours in (("endpoint", "endpoint"), ("public_domain", "public_url")):
        address = text(fields, key, spot).rstrip("/")
        whole = address if "://" in address or not address else f"https://{address}"
        if whole and not is_web(whole):
            spot.at(key).tell(
                f"`{key}` is no http or https URL without user and password, and is left out",
                code="migrate-not-carried",
                mend=f"Write `outputs.{ours}` yourself.",
            )
        elif whole:
            value[ours] = whole if ours == "endpoint" else f"{whole}/{bucket}/comfyui-output"
    region = text(fields, "region", spot)
    if region and region.isprintable():
        value["region"] = region
    value["path_style"] = flag(fields, "enable_path_style", spot)
    spot.tell(
        "files go to this bucket now, which they did only while S3_ENABLE was set",
        found=bucket,
        code="migrate-changed",
        mend="Take `outputs` out of services.yaml to keep them here. The keys are read from "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    )
    yield Section("outputs", value, spot)


def _jobs(fields: JsonObject, spot: Spot) -> Iterator[Section]:
    left(fields, ("max_job_age", "max_jobs"), spot, _WHY)
    keep: dict[str, Json] = {}
    age = number(fields, "max_job_age", spot)
    count = number(fields, "max_jobs", spot)
    if age is not None and 0 < age <= _LONGEST:
        keep["age"] = _duration(age)
    if count is not None and 1 <= count <= _MOST:
        keep["count"] = int(count)
    for key, value, ours in (("max_job_age", age, "age"), ("max_jobs", count, "count")):
        if value is not None and ours not in keep:
            spot.at(key).tell(
                f"`{key}` is beyond what can be kept, and is left out",
                found=shown(value),
                code="migrate-not-carried",
                mend=f"Write `jobs.keep.{ours}` yourself.",
            )
    if keep:
        yield Section("jobs", {"keep": keep}, spot)


def _duration(milliseconds: float) -> str:
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds % size == 0:
            return f"{int(milliseconds // size)}{unit}"
    return f"{max(1, int(milliseconds))}ms"
