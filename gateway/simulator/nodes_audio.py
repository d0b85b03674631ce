"""Nodes for sound; the files they save hold headers and little else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from gateway.graph.json_value import Json
from gateway.simulator.containers import audio_file
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
from gateway.simulator.values import Audio

__all__ = ["nodes"]

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


def _loader() -> NodeClass:
    sound: Mapping[str, Json] = {"audio_upload": True}
    new = Face("LoadAudio", {"audio": choice(live("input/audio"), sound)}, ("AUDIO",))
    old = Face("LoadAudio", {"audio": combo(live("input/audio"), sound)}, ("AUDIO",))
    check = file_check("audio", "Invalid audio file")
    return NodeClass(new, _load_audio, check, ("audio",), file_mark, old)


def nodes() -> tuple[NodeClass, ...]:
    """Return the classes of this module."""
    return (
        NodeClass(_empty_audio_face(True), _empty_audio, old=_empty_audio_face(False)),
        *_audio_savers(),
        _loader(),
    )
