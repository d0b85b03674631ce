"""What a run left: every file and every text of every node and every key.

Source: ComfyUI execution.py stores a node's `ui` dict as it is; the keys are the nodes' own choice
(`images`, `audio`, `gifs`, `3d`, `files`, `text`, …), so files are found by their `filename`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from gateway.graph.json_value import Json, JsonObject, as_array, as_object
from gateway.wire.clean import clean_text
from gateway.wire.narrow import text_of

__all__ = ["FileReference", "LeftFile", "LeftItem", "LeftKind", "LeftText", "items_of", "kind_of"]

LeftKind = Literal["image", "animation", "video", "audio", "text", "model3d", "latent", "file"]
"""What an output is."""

_EXTENSIONS: dict[LeftKind, str] = {
    "image": "png jpg jpeg webp bmp tif tiff svg exr hdr avif heic heif jxl tga psd",
    "animation": "gif apng",
    "video": "mp4 webm mov mkv avi m4v mpg mpeg ogv",
    "audio": "flac mp3 opus ogg oga wav m4a aac aif aiff",
    "model3d": "glb gltf obj fbx stl ply usdz usd splat ksplat spz 3ds dae",
    "latent": "latent",
}
_KINDS: dict[str, LeftKind] = {
    extension: kind for kind, listed in _EXTENSIONS.items() for extension in listed.split()
}
_MEDIA: dict[str, LeftKind] = {"image": "image", "video": "video", "audio": "audio"}
_MOVING = frozenset({"png", "webp", "avif", "jxl"})
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class FileReference:
    """What `/view` takes. `type` is `output`, `temp` or `input`."""

    filename: str
    subfolder: str = ""
    type: str = "output"


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A file as a node's output names it.

    Attributes:
        node_id: The node of the graph it belongs to (an expanded node's own id where ComfyUI tells).
        key: The key it stood under.
        position: Its place in that list, from 0.
        file: A folder inside the file's name has become part of `subfolder`: ComfyUI would drop it.
        format: A custom node's `format`, such as `video/h264-mp4`, or empty.
        animated: The node marked its files as animated.
        extra: What else it says of the file; the server's own path of it is left out.
    """

    node_id: str
    key: str
    position: int
    file: FileReference
    format: str = ""
    animated: bool = False
    extra: Mapping[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class LeftText:
    """A text as a node's output holds it."""

    node_id: str
    key: str
    position: int
    text: str


LeftItem: TypeAlias = LeftFile | LeftText


def items_of(outputs: Mapping[str, JsonObject]) -> tuple[LeftItem, ...]:
    """Return every file and text of every node and key, in the order they stand there.

    A file that a node names twice comes once. Numbers, flags and objects without a file are none.
    """
    return tuple(item for node_id, keys in outputs.items() for item in _node_items(node_id, keys))


def kind_of(item: LeftItem) -> LeftKind:
    """Tell what an item is: by its name first, then by what the node says of it."""
    if isinstance(item, LeftText):
        return "text"
    extension = item.file.filename.rpartition(".")[2].lower()
    media = item.format.partition("/")[0].lower()
    kind = _KINDS.get(extension)
    if kind is None:
        return _MEDIA.get(media, "file")
    # Key `gifs` and its `format` are what video-making node packs mark their moving pictures with.
    moving = item.animated or (item.key == "gifs" and media == "image")
    return "animation" if moving and extension in _MOVING else kind


def _node_items(node_id: str, keys: JsonObject) -> Iterator[LeftItem]:
    animated = True in (as_array(keys.get("animated")) or [keys.get("animated")])
    seen: set[FileReference] = set()
    for key, value in keys.items():
        for position, each in enumerate(_flat(value)):
            item = _item(node_id, key, position, each)
            if isinstance(item, LeftFile):
                if item.file in seen:
                    continue
                seen.add(item.file)
                yield _animated(item) if animated else item
            elif item is not None:
                yield item


def _animated(item: LeftFile) -> LeftFile:
    return LeftFile(item.node_id, item.key, item.position, item.file, item.format, True, item.extra)


def _flat(value: Json, depth: int = 0) -> Iterator[Json]:
    array = as_array(value)
    if array is None or depth == _DEEPEST:
        yield value
        return
    for each in array:
        yield from _flat(each, depth + 1)


def _item(node_id: str, key: str, position: int, value: Json) -> LeftItem | None:
    if isinstance(value, str):
        return _named_model(node_id, key, position, value) or _text(node_id, key, position, value)
    fields = as_object(value)
    if fields is None or not (filename := text_of(fields.get("filename"))):
        return None
    known = {"filename", "subfolder", "type", "format", "fullpath"}
    return LeftFile(
        node_id,
        key,
        position,
        _reference(filename, text_of(fields.get("subfolder")), text_of(fields.get("type"))),
        text_of(fields.get("format")),
        extra={name: each for name, each in fields.items() if name not in known},
    )


def _text(node_id: str, key: str, position: int, value: str) -> LeftText | None:
    text = clean_text(value, None)
    return LeftText(node_id, key, position, text) if text else None


def _named_model(node_id: str, key: str, position: int, value: str) -> LeftFile | None:
    # The 3D previews name their file by a bare path under the output folder.
    if key != "result" or _KINDS.get(value.rpartition(".")[2].lower()) != "model3d":
        return None
    return LeftFile(node_id, key, position, _reference(value, "", ""))


def _reference(filename: str, subfolder: str, place: str) -> FileReference:
    folders, slash, name = filename.replace("\\", "/").rpartition("/")
    if slash:
        # An absolute path keeps its leading slash, so that it is seen for what it is and refused.
        subfolder = f"{subfolder}/{folders}" if subfolder else folders or "/"
    return FileReference(name, subfolder, place or "output")
