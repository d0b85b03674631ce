"""Writing pictures the way save nodes do: numbered, with the prompt in PNG text chunks."""

from __future__ import annotations

import json
import random
import string
from collections.abc import Mapping
from pathlib import Path

from PIL import PngImagePlugin

from gateway.graph.json_value import as_object
from gateway.simulator.node import Call, Result, ui_files
from gateway.simulator.values import Images

__all__ = ["save_animation", "save_bytes", "save_pictures", "temp_prefix"]


def temp_prefix() -> str:
    """Return a prefix for files of type temp, with five letters of its own."""
    letters = "".join(random.choices(string.ascii_lowercase, k=5))  # noqa: S311 - a file name
    return f"ComfyUI_temp_{letters}"


def _chunks(call: Call) -> PngImagePlugin.PngInfo:
    """The prompt, and what the editor sends beside it."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("prompt", json.dumps(call.graph))
    for name, value in (as_object(call.extra.get("extra_pnginfo")) or {}).items():
        chunks.add_text(name, json.dumps(value))
    return chunks


def save_pictures(call: Call, prefix: str, kind: str, ending: str, level: int) -> Result:
    """Write a batch as PNG files, one each; `ending` follows the counter."""
    images = call.images("images")
    place = call.room.folders.place(prefix, kind, images[0].size)
    chunks = _chunks(call)
    paths: list[Path] = []
    for index, image in enumerate(images):
        stem = place.stem.replace("%batch_num%", str(index))
        path = place.folder / f"{stem}_{place.counter + index:05}{ending}"
        image.save(path, "PNG", pnginfo=chunks, compress_level=level)
        paths.append(path)
    return Result((images,), ui_files("images", paths, place.subfolder, kind))


def save_animation(
    call: Call, images: Images, suffix: str, options: Mapping[str, object]
) -> Result:
    """Write a batch as one animated file."""
    place = call.room.folders.place(call.text("filename_prefix"), size=images[0].size)
    path = place.folder / f"{place.stem}_{place.counter:05}_{suffix}"
    first, *rest = (image.convert("RGB") for image in images)
    pause = int(1000 / call.number("fps", 6.0))
    first.save(path, None, save_all=True, append_images=rest, duration=pause, **options)
    shown = ui_files("images", [path], place.subfolder, "output")
    return Result((images,), {**shown, "animated": [len(images) != 1]})


def save_bytes(call: Call, prefix: str, ending: str, content: bytes) -> tuple[Path, str]:
    """Write one file to the output folder; return its path and its subfolder."""
    place = call.room.folders.place(prefix)
    path = place.folder / f"{place.stem}_{place.counter:05}{ending}"
    path.write_bytes(content)
    return path, place.subfolder
