"""Which widgets name files, and which lists of options are one machine's files.

The rule, which holds for custom nodes as well as for stock ones. A combo's options live on a backend
when any of these is true:

1. its definition says that it takes an upload, or that only the server knows its options (`remote`);
2. an option ends like a file: a dot, a letter, and up to ten letters, digits or underscores;
3. it has no options at all: an empty folder;
4. its name says so: `ckpt_name`, `clip_name2`, `model_path`, `folder`… (not `sampler_name`, whose
   options come with ComfyUI).
"""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.graph.definitions import Combo
from gateway.graph.json_value import Json
from gateway.services.bound import BoundWidget
from gateway.services.model import ParameterType

__all__ = ["file_type_of", "lives_on_backend", "names_model", "upload_of"]

_FILE_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9_]{0,10}$")
_NAMED_SO = re.compile(
    r"(?:^|_)(?:ckpt|checkpoint|unet|vae|clip|vision|encoder|lora|net|controlnet|model|upscaler"
    r"|gligen|hypernetwork|embedding|config|folder|directory)_?(?:name|path|file)\d*$"
    r"|^(?:folder|directory)$"
)
_MEDIA: tuple[tuple[ParameterType, frozenset[str]], ...] = (
    (
        "image",
        frozenset(
            {
                "png",
                "jpg",
                "jpeg",
                "webp",
                "gif",
                "bmp",
                "tif",
                "tiff",
                "avif",
                "heic",
                "exr",
                "hdr",
                "svg",
            }
        ),
    ),
    ("audio", frozenset({"wav", "flac", "mp3", "ogg", "opus", "m4a", "aac"})),
    ("video", frozenset({"mp4", "webm", "mov", "mkv", "avi", "m4v"})),
    (
        "file",
        frozenset(
            {"latent", "glb", "gltf", "obj", "fbx", "stl", "usdz", "ply", "splat", "ksplat", "spz"}
        ),
    ),
)
_LOADER = re.compile(r"Load(Image|Mask|Audio|Video|Latent|3D)")
_LOADED: dict[str, ParameterType] = {
    "Image": "image",
    "Mask": "mask",
    "Audio": "audio",
    "Video": "video",
    "Latent": "file",
    "3D": "file",
}
_FILE_WIDGETS = frozenset({"image", "mask", "audio", "video", "latent", "file", "model_file"})
_MEDIA_NAME = re.compile(r"[^\n]*\.([A-Za-z0-9]{2,6})(?: \[(?:input|output|temp)\])?")


def lives_on_backend(widget: BoundWidget) -> bool:
    """Tell whether a widget's options are files of the machine that it runs on."""
    definition = widget.definition
    if definition is None:
        return isinstance(widget.current, str) and _NAMED_SO.search(widget.widget) is not None
    if not isinstance(definition.kind, Combo):
        return False
    combo = definition.kind
    return bool(combo.upload) or not combo.options or _lists_files(widget.widget, combo.options)


def names_model(widget: BoundWidget) -> bool:
    """Tell whether a widget names a file that its machine has and nobody uploads: a model, as a rule."""
    return lives_on_backend(widget) and not upload_of(widget)


def upload_of(widget: BoundWidget) -> str:
    """Return what a widget names an uploaded file of: image, audio, video, file, or ''.

    Without a definition the graph's own value speaks, and what the node is called.
    """
    if widget.definition is None:
        return file_type_of(widget) or ""
    kind = widget.definition.kind
    return kind.upload if isinstance(kind, Combo) else ""


def file_type_of(widget: BoundWidget) -> ParameterType | None:
    """Return which type of file a widget names that nothing is known of; None when it names none.

    Text that ends like a picture's, a sound's, a film's or a model's file is taken for one; and
    whatever is called like ComfyUI's loaders is one, for these read any path of their machine.
    """
    found = _MEDIA_NAME.fullmatch(widget.current) if isinstance(widget.current, str) else None
    ending = found[1].lower() if found else ""
    for kind, endings in _MEDIA:
        if ending in endings:
            return kind
    loader = _LOADER.search(widget.class_type)
    return _LOADED[loader[1]] if loader and widget.widget in _FILE_WIDGETS else None


@lru_cache(maxsize=4096)
def _lists_files(name: str, options: tuple[Json, ...]) -> bool:
    if _NAMED_SO.search(name):
        return True
    return any(isinstance(each, str) and _FILE_ENDING.search(each) for each in options)
