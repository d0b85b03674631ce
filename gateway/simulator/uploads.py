"""/upload/image and /upload/mask: files of any kind come in through them. Knows no queue.

Source: ComfyUI server.py, image_upload.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from PIL import Image
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from gateway.graph.json_value import as_object
from gateway.simulator.exchange import Asked, Reply, Routes, empty, json_reply
from gateway.simulator.machine import Machine

__all__ = ["upload_routes"]

_OVERWRITES = ("true", "1")
_PIECE = 1024 * 1024


async def _upload(asked: Asked, machine: Machine) -> Reply:
    async with Request(asked.scope, asked.limited).form() as form:
        return _store(form, machine)


async def _upload_mask(asked: Asked, machine: Machine) -> Reply:
    async with Request(asked.scope, asked.limited).form() as form:
        reference = as_object(json.loads(_text(form, "original_ref", "")))
        if reference is None:
            raise TypeError("original_ref is no object")
        original = _original(reference.get("filename"), reference, machine)
        if original is not None and not original.is_file():
            return _named(form, machine)
        reply = _store(form, machine)
        if original is not None and reply.status == 200:
            _lay_alpha(machine, reply, original)
        return reply


def _original(name: object, reference: object, machine: Machine) -> Path | None:
    fields = as_object(reference) or {}
    folder = machine.folders.of(str(fields.get("type", "output")))
    if not isinstance(name, str) or folder is None:
        return None
    return folder / str(fields.get("subfolder", "")) / name


def _lay_alpha(machine: Machine, reply: Reply, original: Path) -> None:
    """The stored picture becomes the original with the upload's alpha."""
    answer = as_object(json.loads(reply.body)) or {}
    folder = machine.folders.of(str(answer["type"]))
    if folder is None:
        return
    stored = folder / str(answer["subfolder"]) / str(answer["name"])
    with Image.open(stored) as drawn, Image.open(original) as opened:
        picture = opened.convert("RGBA")
        alpha = drawn.convert("RGBA").getchannel("A")
        picture.putalpha(alpha.crop((0, 0, *picture.size)))
    picture.save(stored, "PNG")


def _text(form: FormData, name: str, default: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else default


def _target(form: FormData, machine: Machine) -> tuple[UploadFile, Path, str, str] | Reply:
    """Return the file, the folder it goes to, its subfolder and type; or the refusal."""
    upload = form.get("image")
    if not isinstance(upload, UploadFile):
        return empty(400)
    kind = _text(form, "type", "input")
    base = machine.folders.of(kind)
    if base is None or not upload.filename:
        raise ValueError("the type or the name of the file is none")
    subfolder = _text(form, "subfolder", "")
    folder = Path(os.path.normpath(base / subfolder))
    path = Path(os.path.normpath(folder / upload.filename))
    if not (folder.is_relative_to(base) and path.is_relative_to(base)):
        return empty(400)
    folder.mkdir(parents=True, exist_ok=True)
    return upload, path, subfolder, kind


def _store(form: FormData, machine: Machine) -> Reply:
    target = _target(form, machine)
    if isinstance(target, Reply):
        return target
    upload, path, subfolder, kind = target
    if _text(form, "overwrite", "") not in _OVERWRITES:
        path = _free(path, _digest(upload))
    if not path.exists() or _text(form, "overwrite", "") in _OVERWRITES:
        _write(upload, path)
    machine.counters.uploads += 1
    return json_reply({"name": path.name, "subfolder": subfolder, "type": kind})


def _named(form: FormData, machine: Machine) -> Reply:
    """Answer a name and write nothing, as ComfyUI does when a mask's original is gone."""
    target = _target(form, machine)
    if isinstance(target, Reply):
        return target
    _, path, subfolder, kind = target
    return json_reply({"name": path.name, "subfolder": subfolder, "type": kind})


def _free(path: Path, digest: str) -> Path:
    """Return the first of `u.png`, `u (1).png`… that is free or holds the same bytes."""
    number, wanted = 0, path
    while wanted.exists() and _file_digest(wanted) != digest:
        number += 1
        wanted = path.with_name(f"{path.stem} ({number}){path.suffix}")
    return wanted


def _digest(upload: UploadFile) -> str:
    upload.file.seek(0)
    found = hashlib.sha256()
    while piece := upload.file.read(_PIECE):
        found.update(piece)
    return found.hexdigest()


def _file_digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _write(upload: UploadFile, path: Path) -> None:
    """Write the file; a folder in its name that is not there is the server's own 500."""
    upload.file.seek(0)
    with path.open("wb") as opened:
        while piece := upload.file.read(_PIECE):
            opened.write(piece)


def upload_routes() -> Routes:
    """Return the routes of this module."""
    return {"POST /upload/image": _upload, "POST /upload/mask": _upload_mask}
