"""Nodes that load pictures from the input and output folders."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image, ImageOps, ImageSequence

from gateway.graph.json_value import Json
from gateway.simulator.node import Call, Check, NodeClass, Result, Room
from gateway.simulator.spec import Face, combo, live

__all__ = ["file_check", "file_mark", "nodes"]


def file_check(name: str, said: str) -> Check:
    """Return the validation of a file widget: any existing file passes, wherever it is."""

    def check(inputs: Mapping[str, Json], room: Room) -> Mapping[str, str]:
        value = inputs.get(name)
        if not isinstance(value, str) or room.folders.annotated(value).exists():
            return {}
        return {name: f"{said}: {value}"}

    return check


def file_mark(inputs: Mapping[str, Json], room: Room) -> str:
    """Return a mark that changes with the file a node reads."""
    marks: list[str] = []
    for value in inputs.values():
        path = room.folders.annotated(value) if isinstance(value, str) and value else None
        if path is not None and path.is_file():
            stat = path.stat()
            marks.append(f"{stat.st_mtime_ns}-{stat.st_size}")
    return ",".join(marks)


def _frames(call: Call) -> tuple[Image.Image, ...]:
    path = call.room.folders.annotated(call.text("image"))
    with Image.open(path) as opened:
        frames = [ImageOps.exif_transpose(frame) for frame in ImageSequence.Iterator(opened)]
        size = frames[0].size
        return tuple(_read(frame) for frame in frames if frame.size == size)


def _read(frame: Image.Image) -> Image.Image:
    has_alpha = "A" in frame.getbands() or "transparency" in frame.info
    return frame.convert("RGBA" if has_alpha else "RGB")


def _mask_of(frame: Image.Image) -> Image.Image:
    """The mask is what the picture is not: 1 where alpha is 0; 64 by 64 of 0 without alpha."""
    if frame.mode != "RGBA":
        return Image.new("L", (64, 64), 0)
    return ImageOps.invert(frame.getchannel("A"))


def _load(call: Call) -> Result:
    frames = _frames(call)
    pictures = tuple(frame.convert("RGB") for frame in frames)
    return Result((pictures, tuple(_mask_of(frame) for frame in frames)))


def _load_mask(call: Call) -> Result:
    frame = _frames(call)[0]
    channel = call.text("channel")
    if channel == "alpha":
        return Result(((_mask_of(frame),),))
    return Result(((frame.convert("RGB").getchannel(channel[0].upper()),),))


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    upload: Mapping[str, Json] = {"image_upload": True}
    picture = combo(live("input/image"), upload)
    channel = combo(["alpha", "red", "green", "blue"])
    remote: Mapping[str, Json] = {
        "image_upload": True,
        "image_folder": "output",
        "remote": {
            "route": "/internal/files/output",
            "refresh_button": True,
            "control_after_refresh": "first",
        },
    }
    loaded = ("IMAGE", "MASK")
    faces = (
        Face("LoadImage", {"image": picture}, loaded, title="Load Image", category="image"),
        Face(
            "LoadImageMask",
            {"image": picture, "channel": channel},
            ("MASK",),
            title="Load Image (as Mask)",
            category="mask",
        ),
        Face(
            "LoadImageOutput",
            {"image": _remote(remote)},
            loaded,
            title="Load Image (from Outputs)",
            category="image",
            experimental=True,
        ),
    )
    check = file_check("image", "Invalid image file")
    return tuple(
        NodeClass(face, run, check=check, checked=("image",), changed=file_mark)
        for face, run in zip(faces, (_load, _load_mask, _load), strict=True)
    )


def _remote(options: Mapping[str, Json]) -> list[Json]:
    return ["COMBO", dict(options)]
