"""Nodes for video and audio; the files they save hold headers and little else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gateway.graph.json_value import Json
from gateway.simulator.containers import audio_file, video_file
from gateway.simulator.node import Call, NodeClass, Result, ui_files
from gateway.simulator.nodes_inputs import file_check, file_mark
from gateway.simulator.saving import save_bytes, temp_prefix
from gateway.simulator.spec import (
    EMPTY,
    PICTURE_META,
    Face,
    choice,
    combo,
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
_QUALITIES: Mapping[str, tuple[str, Sequence[Json]]] = {
    "mp3": ("V0", ["V0", "128k", "320k"]),
    "opus": ("128k", ["64k", "96k", "128k", "192k", "320k"]),
}
_U64 = 2**64 - 1


def _audio(call: Call) -> Audio:
    value = call.inputs["audio"]
    if isinstance(value, Audio):
        return value
    raise TypeError("the audio is none")


def _empty_audio(call: Call) -> Result:
    rate, channels = call.integer("sample_rate", 44100), call.integer("channels", 2)
    return Result((Audio(call.number("duration"), rate, channels),))


def _load_audio(call: Call) -> Result:
    path = call.room.folders.annotated(call.text("audio"))
    return Result((Audio(0.0, 44100, 2, path.read_bytes()),))


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


def _save_audio(form: str) -> Callable[[Call], Result]:
    def run(call: Call) -> Result:
        return _saved_audio(call, form)

    return run


def _save_any_audio(call: Call) -> Result:
    form = call.text("format")
    if form not in ("flac", *_QUALITIES):
        raise TypeError(f"SaveAudioAdvanced cannot write {form}")
    return _saved_audio(call, form)


def _saved_audio(call: Call, form: str) -> Result:
    audio = _audio(call)
    content = audio_file(audio, form)
    path, subfolder = save_bytes(call, call.text("filename_prefix"), f".{form}", content)
    return Result((audio,), ui_files("audio", [path], subfolder, "output"))


def _preview_audio(call: Call) -> Result:
    audio = _audio(call)
    place = call.room.folders.place(temp_prefix(), "temp")
    path = place.folder / f"{place.stem}_{place.counter:05}.flac"
    path.write_bytes(audio_file(audio, "flac"))
    return Result((audio,), ui_files("audio", [path], "", "temp"))


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


def _empty_audio_face(is_modern: bool) -> Face:
    aside: Mapping[str, Json] = {"advanced": True}
    return Face(
        "EmptyAudio",
        {
            "duration": number(0.0, _U64, 60.0, 0.01),
            "sample_rate": integer(1, 192000, 44100, more=aside)
            if is_modern
            else integer(default=44100),
            "channels": integer(1, 2, 2, more=aside if is_modern else EMPTY),
        },
        ("AUDIO",),
        title="Empty Audio",
        category="audio",
    )


def _saver_face(class_type: str, more: Mapping[str, Sequence[Json]], is_modern: bool) -> Face:
    prefix = (
        {}
        if class_type == "PreviewAudio"
        else {"filename_prefix": text("audio/ComfyUI", False if is_modern else None)}
    )
    return Face(
        class_type,
        {"audio": link("AUDIO"), **prefix, **more},
        ("AUDIO",) if is_modern else (),
        output_names=("audio",) if is_modern else (),
        category="audio",
        hidden=PICTURE_META,
        is_new_style=is_modern,
        output_node=True,
        deprecated=is_modern and class_type in ("SaveAudio", "SaveAudioMP3", "SaveAudioOpus"),
    )


def _quality(form: str, is_modern: bool) -> dict[str, Sequence[Json]]:
    default, options = _QUALITIES[form]
    more: Mapping[str, Json] = {"default": default}
    return {"quality": choice(options, more) if is_modern else combo(options, more)}


def _audio_savers() -> tuple[NodeClass, ...]:
    def pair(class_type: str, form: str) -> NodeClass:
        new = _quality(form, True) if form in _QUALITIES else dict[str, Sequence[Json]]()
        old = _quality(form, False) if form in _QUALITIES else dict[str, Sequence[Json]]()
        return NodeClass(
            _saver_face(class_type, new, True),
            _save_audio(form),
            old=_saver_face(class_type, old, False),
        )

    formats = dynamic(
        {
            "flac": {},
            "mp3": _quality("mp3", True),
            "opus": _quality("opus", True),
        }
    )
    advanced = _saver_face("SaveAudioAdvanced", {"format": formats}, True)
    preview = _saver_face("PreviewAudio", {}, True)
    return (
        pair("SaveAudio", "flac"),
        pair("SaveAudioMP3", "mp3"),
        pair("SaveAudioOpus", "opus"),
        NodeClass(advanced, _save_any_audio, only_modern=True),
        NodeClass(preview, _preview_audio, old=_saver_face("PreviewAudio", {}, False)),
    )


def _loaders() -> tuple[NodeClass, ...]:
    sound: Mapping[str, Json] = {"audio_upload": True}
    new = Face("LoadAudio", {"audio": choice(live("input/audio"), sound)}, ("AUDIO",))
    old = Face("LoadAudio", {"audio": combo(live("input/audio"), sound)}, ("AUDIO",))
    film = choice(live("input/video"), {"video_upload": True})
    video = Face("LoadVideo", {"file": film}, ("VIDEO",))
    hear = file_check("audio", "Invalid audio file")
    watch = file_check("file", "Invalid video file")
    return (
        NodeClass(new, _load_audio, hear, ("audio",), file_mark, old),
        NodeClass(video, _load_video, watch, ("file",), file_mark),
    )


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    return (
        NodeClass(_create_video_face(True), _create_video, old=_create_video_face(False)),
        NodeClass(_save_video_face(), _save_video, old=_old_save_video_face()),
        NodeClass(_webm_face(True), _save_webm, old=_webm_face(False)),
        NodeClass(_empty_audio_face(True), _empty_audio, old=_empty_audio_face(False)),
        *_audio_savers(),
        *_loaders(),
    )
