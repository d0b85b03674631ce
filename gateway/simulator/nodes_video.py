"""Nodes for video; the files they save hold headers and no coded frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.graph.json_value import Json
from gateway.simulator.containers import video_file
from gateway.simulator.node import Call, NodeClass, Result, ui_files
from gateway.simulator.nodes_inputs import file_check, file_mark
from gateway.simulator.saving import save_bytes
from gateway.simulator.spec import (
    EMPTY,
    PICTURE_META,
    Face,
    choice,
    dynamic,
    integer,
    link,
    live,
    number,
    text,
)
from gateway.simulator.values import Audio, Video

__all__ = ["nodes"]

_EXTENSIONS = {"auto": "mp4", "mp4": "mp4", "mkv": "mkv", "webm": "webm"}


def _load_video(call: Call) -> Result:
    path = call.room.folders.annotated(call.text("file"))
    return Result((Video((), 30.0, source=path.read_bytes()),))


def _create_video(call: Call) -> Result:
    sound = call.inputs.get("audio")
    audio = sound if isinstance(sound, Audio) else None
    return Result((Video(call.images("images"), call.number("fps", 30.0), audio),))


def _save_video(call: Call) -> Result:
    video = call.inputs["video"]
    form = _EXTENSIONS.get(call.text("format"))
    if not isinstance(video, Video) or form is None:
        raise TypeError("SaveVideo cannot write that")
    return _saved_video(call, video, form)


def _save_webm(call: Call) -> Result:
    images = call.images("images")
    result = _saved_video(call, Video(images, call.number("fps", 24.0)), "webm")
    return Result((images,), result.ui)


def _saved_video(call: Call, video: Video, form: str) -> Result:
    content = video_file(video, form)
    path, subfolder = save_bytes(call, call.text("filename_prefix"), f"_.{form}", content)
    shown = ui_files("images", [path], subfolder, "output")
    return Result((video,), {**shown, "animated": [True]})


def _codecs(names: Sequence[str], more: Mapping[str, Json] = EMPTY) -> Sequence[Json]:
    """The codec choice below a format: each but `auto` may say how it is encoded."""
    limits = {"h264": (51.0, 23.0), "av1": (63.0, 30.0)}
    options: dict[str, dict[str, Sequence[Json]]] = {"auto": {}}
    spaces: list[Json] = ["auto", "sRGB", "HDR", "HDR PQ"]
    for name in names:
        high, default = limits[name]
        space = choice(spaces, {"default": "auto", "display_name": "color space"})
        again = {"color_space": space, "crf": number(0.0, high, default, 1.0)}
        modes: Mapping[str, Mapping[str, Sequence[Json]]] = {"auto": {}, "re-encode": again}
        options[name] = {"encoding?": dynamic(modes, {"display_name": "encoding mode"})}
    return dynamic(options, more)


def _save_video_face() -> Face:
    both = ("h264", "av1")
    formats = {
        "auto": {"codec": _codecs(both)},
        "mp4": {"codec": _codecs(both)},
        "mkv": {"codec": _codecs(both)},
        "webm": {"codec": _codecs(("av1",))},
    }
    return Face(
        "SaveVideo",
        {
            "video": link("VIDEO"),
            "filename_prefix": text("video/ComfyUI", False),
            "format": dynamic(formats),
        },
        ("VIDEO",),
        {"codec": _codecs(both, {"hidden": True})},
        ("video",),
        title="Save Video",
        category="video",
        hidden=PICTURE_META,
        is_new_style=True,
        output_node=True,
    )


def _old_save_video_face() -> Face:
    return Face(
        "SaveVideo",
        {
            "video": link("VIDEO"),
            "filename_prefix": text("video/ComfyUI", False),
            "format": choice(["auto", "mp4"], {"default": "auto"}),
            "codec": choice(["auto", "h264"], {"default": "auto"}),
        },
        title="Save Video",
        category="video",
        hidden=PICTURE_META,
        is_new_style=True,
        output_node=True,
    )


def _webm_face(is_modern: bool) -> Face:
    return Face(
        "SaveWEBM",
        {
            "images": link("IMAGE"),
            "filename_prefix": text("ComfyUI", False),
            "codec": choice(["vp9", "av1"]),
            "fps": number(0.01, 1000.0, 24.0, 0.01),
            "crf": number(0, 63.0, 32.0, 1),
        },
        ("IMAGE",) if is_modern else (),
        output_names=("images",) if is_modern else (),
        title="Save WEBM",
        category="video",
        hidden=PICTURE_META,
        is_new_style=True,
        output_node=True,
        experimental=True,
    )


def _create_video_face(is_modern: bool) -> Face:
    depth = integer(8, 10, 8, 2, {"display": "number"})
    more = {"bit_depth": depth} if is_modern else dict[str, Sequence[Json]]()
    return Face(
        "CreateVideo",
        {"images": link("IMAGE"), "fps": number(1.0, 120.0, 30.0, 1.0)},
        ("VIDEO",),
        {"audio": link("AUDIO"), **more},
        title="Create Video",
        category="video",
    )


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    film = choice(live("input/video"), {"video_upload": True})
    load = Face("LoadVideo", {"file": film}, ("VIDEO",), title="Load Video", category="video")
    check = file_check("file", "Invalid video file")
    return (
        NodeClass(_create_video_face(True), _create_video, old=_create_video_face(False)),
        NodeClass(_save_video_face(), _save_video, old=_old_save_video_face()),
        NodeClass(_webm_face(True), _save_webm, old=_webm_face(False)),
        NodeClass(load, _load_video, check, ("file",), file_mark),
    )
