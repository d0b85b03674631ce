"""GET /view: a file's bytes, a part of it, or a picture made anew from it. Knows no queue."""

from __future__ import annotations

import io
import mimetypes
import os
import re
from email.utils import formatdate
from pathlib import Path

from PIL import Image

from gateway.simulator.exchange import Asked, FilePart, Reply, Routes, empty
from gateway.simulator.machine import Machine

__all__ = ["file_reply", "mime_of", "view_routes"]

_MIMES = {
    ".flac": "audio/flac",
    ".glb": "model/gltf-binary",
    ".latent": "application/octet-stream",
    ".md": "text/markdown",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".opus": "audio/ogg",
    ".png": "image/png",
    ".webm": "video/webm",
    ".webp": "image/webp",
}
_DANGEROUS = {"text/html", "image/svg+xml", "text/javascript", "text/css", "text/xml"}
_DANGEROUS_SUFFIXES = {".html", ".htm", ".svg", ".js", ".mjs", ".xml", ".css"}
_ANNOTATED = re.compile(r"^(?P<name>.*) \[(?P<kind>input|output|temp)\]$")
_RANGE = re.compile(r"^bytes=(\d*)-(\d*)$")


def mime_of(path: Path) -> str:
    """Return the media type by extension."""
    known = _MIMES.get(path.suffix.lower())
    return known or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


async def _view(asked: Asked, machine: Machine) -> Reply:
    return _find(asked, machine)


def _find(asked: Asked, machine: Machine) -> Reply:
    query = asked.query
    if "filename" not in query:
        return empty(404)
    name, kind = _named(query["filename"], query.get("type", "output"))
    folder = machine.folders.of(kind)
    if not name or name.startswith("/") or ".." in name or folder is None:
        return empty(400)
    if "subfolder" in query:
        wanted = Path(os.path.normpath(folder / query["subfolder"]))
        if not wanted.is_relative_to(folder):
            return empty(403)
        folder = wanted
    # A folder inside `filename` is dropped, as ComfyUI drops it.
    path = folder / Path(name).name
    if not path.is_file():
        return empty(404)
    if "preview" in query or query.get("channel") in ("rgb", "a"):
        return _remade(path, query.get("preview"), query.get("channel", "rgba"))
    return file_reply(asked, path, f'filename="{path.name}"')


def _named(filename: str, kind: str) -> tuple[str, str]:
    match = _ANNOTATED.match(filename)
    return (match["name"], match["kind"]) if match else (filename, kind)


def _remade(path: Path, preview: str | None, channel: str) -> Reply:
    """Re-encode a picture; what is none raises, which is the server's own 500."""
    with Image.open(path) as opened:
        picture = _channel(opened, channel)
        form, _, quality = (preview or "png").partition(";")
        if preview is not None and form not in ("webp", "jpeg"):
            form = "webp"
        written = io.BytesIO()
        if form == "jpeg":
            picture = picture.convert("RGB")
        picture.save(written, form, quality=int(quality) if quality.isdigit() else 90)
    name = f'filename="{path.name}"'
    return Reply(200, written.getvalue(), f"image/{form}", (("content-disposition", name),))


def _channel(picture: Image.Image, channel: str) -> Image.Image:
    if channel == "rgb":
        return picture.convert("RGB")
    if channel == "a":
        rgba = picture.convert("RGBA")
        alpha = Image.new("RGBA", rgba.size)
        alpha.putalpha(rgba.getchannel("A"))
        return alpha
    return picture


def file_reply(asked: Asked, path: Path, disposition: str) -> Reply:
    """Answer a file: whole, a part (206, 416), or not at all when the client has it (304)."""
    stat = path.stat()
    mime = mime_of(path)
    if mime in _DANGEROUS or path.suffix.lower() in _DANGEROUS_SUFFIXES:
        mime, disposition = "application/octet-stream", f"attachment; {disposition}"
    etag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
    headers = (
        ("x-content-type-options", "nosniff"),
        ("content-disposition", disposition),
        ("etag", etag),
        ("last-modified", formatdate(stat.st_mtime, usegmt=True)),
        ("accept-ranges", "bytes"),
    )
    if asked.header("if-none-match") == etag:
        return Reply(304, b"", mime, headers)
    span = _span(asked.header("range"), stat.st_size)
    if span is None:
        return Reply(200, b"", mime, headers, FilePart(path, 0, stat.st_size))
    start, stop = span
    if start >= stop:
        return Reply(416, b"", mime, (("content-range", f"bytes */{stat.st_size}"),))
    part = ("content-range", f"bytes {start}-{stop - 1}/{stat.st_size}")
    return Reply(206, b"", mime, (*headers, part), FilePart(path, start, stop - start))


def _span(wanted: str | None, size: int) -> tuple[int, int] | None:
    match = _RANGE.match(wanted or "")
    if match is None or not (match[1] or match[2]):
        return None
    if not match[1]:
        return max(0, size - int(match[2])), size
    return int(match[1]), min(size, int(match[2]) + 1 if match[2] else size)


def view_routes() -> Routes:
    """Return the routes of this module."""
    return {"GET /view": _view}
