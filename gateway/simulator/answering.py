"""Sending an answer: at once, as a stream from a file, or drop by drop. Knows no route."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection

from starlette.types import Send

from gateway.simulator.exchange import FilePart, Reply, text_reply

__all__ = ["respond", "trouble", "wrong_method"]

_TROUBLE = "500 Internal Server Error\n\nServer got itself in trouble"
_PIECE = 256 * 1024
_BODILESS = (204, 304)


def trouble() -> Reply:
    """What aiohttp answers to an error nobody foresaw."""
    answer = text_reply(_TROUBLE, 500)
    return Reply(500, answer.body, answer.content_type, (("connection", "close"),))


def wrong_method(methods: Collection[str]) -> Reply:
    """Answer a method the path does not take."""
    allowed = sorted({*methods} | ({"HEAD"} if "GET" in methods else set[str]()))
    answer = text_reply("405: Method Not Allowed", 405)
    return Reply(405, answer.body, answer.content_type, (("allow", ",".join(allowed)),))


async def respond(reply: Reply, send: Send, is_head: bool) -> None:
    """Send an answer, without its body for HEAD."""
    length = len(reply.body) if reply.file is None else reply.file.length
    await send(
        {"type": "http.response.start", "status": reply.status, "headers": _headers(reply, length)}
    )
    if is_head or reply.status in _BODILESS:
        await send({"type": "http.response.body", "body": b""})
        return
    if reply.drip is None and length <= _PIECE:
        body = reply.body if reply.file is None else _whole(reply.file)
        await send({"type": "http.response.body", "body": body})
        return
    async for piece in _pieces(reply):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _headers(reply: Reply, length: int) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode(), value.encode("utf-8")) for name, value in reply.headers]
    if reply.content_type is not None:
        headers.append((b"content-type", reply.content_type.encode()))
    if reply.status not in _BODILESS:
        headers.append((b"content-length", str(length).encode()))
    return headers


async def _pieces(reply: Reply) -> AsyncIterator[bytes]:
    size, pause = reply.drip or (_PIECE, 0.0)
    source = _of_body(reply.body, size) if reply.file is None else _of_file(reply.file, size)
    async for piece in source:
        if pause:
            await asyncio.sleep(pause)
        yield piece


def _whole(part: FilePart) -> bytes:
    with part.path.open("rb") as opened:
        opened.seek(part.start)
        return opened.read(part.length)


async def _of_body(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def _of_file(part: FilePart, size: int) -> AsyncIterator[bytes]:
    """Read a file in pieces; a piece is read on the loop, which costs less than a thread."""
    left = part.length
    with part.path.open("rb") as opened:
        opened.seek(part.start)
        while left > 0:
            piece = opened.read(min(size, left))
            left -= len(piece)
            if not piece:
                return
            yield piece
