"""Outputs over HTTP, under signed links: whole, in part, and never as a page of this site.

Knows nothing of MCP. A browser that opens a link may show pictures, sound and video; anything that
could run (HTML, SVG, scripts, XML and whatever else is not on the short list) is a download.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from gateway.errors import GatewayError, JobNotFound
from gateway.jobs.job import Job, OutputFile
from gateway.jobs.mime import is_shown
from gateway.jobs.names import safe_name
from gateway.server.links import Links
from gateway.tools.running import Published, Running

__all__ = ["Files"]

MIME = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)

RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")

SAFETY = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "private, max-age=3600",
    "accept-ranges": "bytes",
}


@dataclass(frozen=True, slots=True)
class _Part:
    """Bytes `start` up to, not including, `end` of a file of `size`."""

    start: int
    end: int
    size: int
    whole: bool


class Files:
    """The route `/files/<token>/<name>`; the name is only there for whoever saves the file."""

    def __init__(self, published: Published, links: Links) -> None:
        self._published = published
        self._links = links

    def url(self, base: str, caller: str, job: Job, index: int) -> str:
        """Return the link of an output, by its place in the job's list from 0."""
        output = job.outputs[index]
        name = output.filename if isinstance(output, OutputFile) else f"{output.name}.txt"
        token = self._links.token(job.id, index, caller)
        return f"{base}/files/{token}/{quote(safe_name(name), safe='')}"

    async def answer(self, request: Request[Any]) -> Response:
        """Answer GET and HEAD; 404 for whatever is wrong with the link."""
        link = self._links.read(str(request.path_params["token"]))
        if link is None:
            return _not_found()
        running = await self._published.running()
        try:
            output = await running.output(link.job_id, link.index, link.caller)
            if isinstance(output, str):
                return PlainTextResponse(output, headers=SAFETY)
            return await _file(request, running, output)
        except JobNotFound:
            return _not_found()
        except GatewayError as error:  # a bucket that is away
            return PlainTextResponse(f"{error.message} Try again later.\n", 503)


async def _file(request: Request[Any], running: Running, file: OutputFile) -> Response:
    headers = {**SAFETY, "content-disposition": _disposition(file)}
    part = _part(request.headers.get("range", ""), file.size_bytes)
    if part is None:
        headers["content-range"] = f"bytes */{file.size_bytes}"
        return Response(status_code=416, headers=headers)
    if not part.whole:
        headers["content-range"] = f"bytes {part.start}-{part.end - 1}/{part.size}"
    headers["content-length"] = str(part.end - part.start)
    status = 200 if part.whole else 206
    opened = await running.open(file, part.start, part.end)
    if request.method == "HEAD":
        await _close(opened.chunks)
        return Response(status_code=status, headers=headers, media_type=_mime_type(file))
    return StreamingResponse(opened.chunks, status, headers, _mime_type(file))


def _mime_type(file: OutputFile) -> str:
    """Return a file's type; what a backend made up of it must not become another header."""
    named = file.mime_type.lower()
    return named if MIME.fullmatch(named) else "application/octet-stream"


async def _close(chunks: AsyncIterator[bytes]) -> None:
    """Let go of bytes that nobody will read; an iterator need not have anything to let go of."""
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()


def _part(header: str, size: int) -> _Part | None:
    """Return what a Range header asks for: one range, or the whole; None when it cannot be met.

    Source: RFC 9110 §14.2; a header that is not understood, or asks for several, is ignored.
    """
    match = RANGE.fullmatch(header.strip())
    if match is None or match.group(1) == match.group(2) == "":
        return _Part(0, size, size, whole=True)
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    if last and first and int(last) < int(first):
        return _Part(0, size, size, whole=True)
    return _Part(start, end, size, whole=False) if start < end else None


def _disposition(file: OutputFile) -> str:
    shown = is_shown(_mime_type(file))
    name = quote(safe_name(file.filename), safe="")
    return f"{'inline' if shown else 'attachment'}; filename*=UTF-8''{name}"


def _not_found() -> Response:
    return PlainTextResponse(
        "There is no such file, or its link has expired. Ask get_job_result for a new one.\n", 404
    )
