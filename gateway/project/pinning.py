"""What of a node definition is pinned: what is the same on every machine that has the node.

Lists of model files and uploads differ from machine to machine, so they are pinned empty; defaults
are left out, because they are never used (the graph's own value holds).
"""

from __future__ import annotations

from gateway.graph.json_value import Json, JsonObject, as_array, as_object

__all__ = ["pinned_entry"]

_KEPT = (
    "input",
    "output",
    "output_node",
    "has_intermediate_output",
    "display_name",
    "description",
    "deprecated",
    "api_node",
)
_DROPPED_OPTIONS = ("default", "display", "round", "control_after_generate", "advanced", "search")
_UPLOADS = ("image_upload", "audio_upload", "video_upload", "file_upload", "remote")
_FILE_ENDINGS = (
    ".safetensors .sft .ckpt .pt .pt2 .pth .bin .gguf .onnx .engine .yaml .yml .json .txt .latent "
    ".png .jpg .jpeg .webp .gif .bmp .tif .tiff .exr .mp4 .webm .mov .mkv .avi .m4v "
    ".wav .mp3 .flac .ogg .opus .m4a .glb .gltf .obj .fbx .stl .ply .usdz"
)


def pinned_entry(entry: JsonObject) -> JsonObject:
    """Return an `/object_info` entry as it is pinned.

    Args:
        entry: As ComfyUI sends it; whatever has an unknown shape stays as it is.
    """
    kept = {name: entry[name] for name in _KEPT if entry.get(name) not in (None, "", False)}
    if "input" in kept:
        kept["input"] = _inputs(kept["input"])
    return kept


def _inputs(raw: Json) -> Json:
    """Return `{required: {name: spec}, optional: …, hidden: …}` with each spec as it is pinned."""
    sections = as_object(raw)
    if sections is None:
        return raw
    return {
        section: {name: _spec(spec) for name, spec in inputs.items()}
        if section != "hidden"
        else inputs
        for section, value in sections.items()
        if (inputs := as_object(value))
    }


def _spec(spec: Json) -> Json:
    parts = as_array(spec)
    if not parts:
        return spec
    options = as_object(parts[1]) if len(parts) > 1 else None
    kept = {key: value for key, value in (options or {}).items() if key not in _DROPPED_OPTIONS}
    uploaded = any(kept.get(flag) for flag in _UPLOADS)
    declared: Json = parts[0]
    values = as_array(declared)
    if values is not None and (uploaded or _are_files(values)):
        declared = list[Json]()
    listed = as_array(kept.get("options"))
    if declared == "COMFY_DYNAMICCOMBO_V3":
        kept["options"] = [_dynamic_option(each) for each in listed or ()]
    elif listed is not None and (uploaded or _are_files(listed)):
        kept["options"] = list[Json]()
    return [declared, kept] if kept else [declared]


def _dynamic_option(option: Json) -> Json:
    fields = as_object(option)
    if fields is None:
        return option
    return {**fields, "inputs": _inputs(fields.get("inputs"))}


def _are_files(values: object) -> bool:
    endings = tuple(_FILE_ENDINGS.split())
    listed = as_array(values) or ()
    return any(isinstance(each, str) and each.lower().endswith(endings) for each in listed)
