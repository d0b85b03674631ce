"""Files from the web on a caller's word: each hop is a guarded request of its own. Knows no jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx2 as httpx

from gateway.fetch.guarded import Guarded, Network, Question, reason_of
from gateway.fetch.naming import file_name, mime_type, name_in_disposition, name_in_path
from gateway.fetch.policy import PlaceForbidden, PlaceUnknown, Policy
from gateway.fetch.refusal import too_large, url_failed, url_forbidden, url_too_slow
from gateway.jobs.files import Reference
from gateway.jobs.mime import HEAD_SIZE, sniff
from gateway.services.settings import InputUrls

__all__ = ["Web"]

_MAX_HOPS = 6  # the first request and five redirects
_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

# Compressed answers are not asked for: their size would say nothing about the file's.
_HEADERS = {"User-Agent": "comfyui-gateway", "Accept": "*/*", "Accept-Encoding": "identity"}
_FILE = Question("GET", _HEADERS)


class Web:
    """Opens http(s) URLs within limits."""

    def __init__(self, limits: InputUrls, network: Network) -> None:
        self._limits = limits
        policy = Policy(limits.allow_hosts, "gateway.input_urls.allow_hosts")
        self._guarded = Guarded(policy, network, limits.timeout)

    async def open(self, url: str) -> Reference:
        """Open a file by its URL; the time limit covers everything up to its last byte.

        Raises:
            InputRefused: It may not be fetched, is too large, too slow, or no file.
        """
        deadline = asyncio.get_running_loop().time() + self._limits.timeout
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout_at(deadline):
                    response = await self._follow(url, stack)
                    chunks = response.aiter_raw(_CHUNK)
                    head = await _head(chunks)
            except TimeoutError:
                raise url_too_slow(url, self._limits.timeout) from None
            except PlaceForbidden as refused:
                raise url_forbidden(refused.url, refused.why) from refused
            except PlaceUnknown as unknown:
                raise url_failed(unknown.url, unknown.why) from unknown
            except httpx.HTTPError as error:
                raise url_failed(url, reason_of(error)) from error
            _check_answer(url, response, head, self._limits.max_size)
            arriving = _Arriving(url, head, chunks, stack.pop_all(), deadline)
        given = _given_name(response)
        mime = mime_type(given, response.headers.get("content-type", ""), head)
        return Reference(file_name(given, mime), mime, self._rest(arriving))

    async def _follow(self, url: str, stack: AsyncExitStack) -> httpx.Response:
        """Follow redirects, each as guarded as the first request, and return the last answer."""
        place = _parsed(url)
        for _ in range(_MAX_HOPS):
            hop = AsyncExitStack()
            stack.push_async_callback(hop.aclose)
            response = await self._guarded.ask(place, _FILE, hop)
            if response.status_code not in _REDIRECTS or "location" not in response.headers:
                return response
            place = _next(place, response.headers["location"])
            await hop.aclose()
        raise url_forbidden(url, f"it redirects more than {_MAX_HOPS - 1} times")

    async def _rest(self, arriving: _Arriving) -> AsyncIterator[bytes]:
        """Yield the whole file within the limits, then let the connection go."""
        size = 0
        try:
            async for chunk in arriving.chunks_in_time(self._limits.timeout):
                size += len(chunk)
                if size > self._limits.max_size:
                    raise too_large(self._limits.max_size)
                yield chunk
        finally:
            await arriving.stack.aclose()


@dataclass(frozen=True, slots=True)
class _Arriving:
    """A file on its way; `deadline` is in the event loop's time, in seconds."""

    url: str
    head: bytes
    more: AsyncIterator[bytes]
    stack: AsyncExitStack
    deadline: float

    async def chunks_in_time(self, limit: float) -> AsyncIterator[bytes]:
        """Yield its chunks; `limit` is what to tell people when the deadline passes.

        Raises:
            InputRefused: It takes too long, or the line breaks.
        """
        chunk: bytes | None = self.head
        while chunk is not None:
            yield chunk
            try:
                # Entered anew for each chunk: whoever reads may do so from changing tasks.
                async with asyncio.timeout_at(self.deadline):
                    chunk = await anext(self.more, None)
            except TimeoutError:
                raise url_too_slow(self.url, limit) from None
            except httpx.HTTPError as error:
                raise url_failed(self.url, reason_of(error)) from error


async def _head(chunks: AsyncIterator[bytes]) -> bytes:
    """Read enough to tell what a file is."""
    head = b""
    async for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_SIZE:
            break
    return head


def _parsed(url: str) -> httpx.URL:
    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise url_forbidden(url, f"it is no URL ({error})") from error


def _next(place: httpx.URL, location: str) -> httpx.URL:
    try:
        return place.join(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise url_failed(str(place), "it redirects to what is no URL") from error


def _given_name(response: httpx.Response) -> str:
    told = name_in_disposition(response.headers.get("content-disposition", ""))
    return told or name_in_path(response.url.path)


def _check_answer(url: str, response: httpx.Response, head: bytes, max_size: int) -> None:
    """Check an answer by its status, headers and first bytes.

    Raises:
        InputRefused: It is no file, or says that it is too large.
    """
    if response.status_code != 200:
        raise url_failed(url, f"its server answered {response.status_code}")
    if _is_page(response, head):
        raise url_failed(url, "it is a web page, not a file. Give the address of the file itself")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise url_failed(url, "its server sends it compressed, though that was not asked for")
    length = response.headers.get("content-length", "")
    if length.isdecimal() and int(length) > max_size:
        raise too_large(max_size)
    if not head:
        raise url_failed(url, "its server answered with no data")


def _is_page(response: httpx.Response, head: bytes) -> bool:
    told = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    found = sniff(head)
    return found == "text/html" or (told == "text/html" and found in {None, "text/plain"})
