"""Files from the web on a caller's word: every address is looked at before it is connected to.

A host is resolved once; the connection goes to the very address that was looked at, so that a
name server with a second opinion (DNS rebinding) changes nothing. TLS still checks the host's name.
Each hop has a client of its own: no cookies, no credentials, no proxies, no pooled connection of
another host travel along. Knows no jobs.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TypeAlias

import httpx2 as httpx

from gateway.fetch.addresses import literal_address
from gateway.fetch.naming import file_name, mime_type, name_in_disposition, name_in_path
from gateway.fetch.policy import Policy
from gateway.fetch.refusal import too_large, url_failed, url_forbidden, url_too_slow
from gateway.jobs.files import Reference
from gateway.jobs.mime import HEAD_SIZE
from gateway.services.model import InputUrls

__all__ = ["Network", "Web", "resolve_host"]

_MAX_HOPS = 6  # the first request and five redirects
_TRIED_ADDRESSES = 3
_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

# Compressed answers are not asked for: their size would say nothing about the file's.
_HEADERS = {"User-Agent": "comfyui-gateway", "Accept": "*/*", "Accept-Encoding": "identity"}

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host and port → the addresses behind it."""


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host, in its order of preference."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _transport(context: ssl.SSLContext | bool) -> httpx.AsyncBaseTransport:
    return httpx.AsyncHTTPTransport(verify=context, trust_env=False)


@dataclass(frozen=True, slots=True)
class Network:
    """How hosts are resolved and connections made.

    Attributes:
        tls: Which certificates are trusted; None: those the system trusts.
    """

    resolve: Resolve = resolve_host
    transport: Callable[[ssl.SSLContext | bool], httpx.AsyncBaseTransport] = _transport
    tls: ssl.SSLContext | None = None


class Web:
    """Opens http(s) URLs within limits."""

    def __init__(self, limits: InputUrls, network: Network) -> None:
        self._limits = limits
        self._network = network
        self._policy = Policy(limits)
        self._tls = network.tls

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
            except httpx.HTTPError as error:
                raise url_failed(url, _reason(error)) from error
            self._policy.check_answer(url, response, head)
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
            response = await self._ask(place, hop)
            if response.status_code not in _REDIRECTS or "location" not in response.headers:
                return response
            place = _next(place, response.headers["location"])
            await hop.aclose()
        raise url_forbidden(url, f"it redirects more than {_MAX_HOPS - 1} times")

    async def _ask(self, place: httpx.URL, stack: AsyncExitStack) -> httpx.Response:
        """Send a request to the first address of a host that can be connected to."""
        addresses = await self._addresses(place)
        client = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=self._network.transport(await self._trusted(place)),
                timeout=self._limits.timeout,
                trust_env=False,
                headers=_HEADERS,
            )
        )
        for address in addresses[:-1]:
            try:
                return await _send(client, place, address, stack)
            except httpx.ConnectError:
                continue
        return await _send(client, place, addresses[-1], stack)

    async def _trusted(self, place: httpx.URL) -> ssl.SSLContext | bool:
        """Return the certificates to trust, read once and off the loop: that takes 25 ms."""
        if place.scheme != "https":
            return False
        if self._tls is None:
            self._tls = await asyncio.to_thread(httpx.create_ssl_context, trust_env=False)
        return self._tls

    async def _addresses(self, place: httpx.URL) -> Sequence[str]:
        """Return the addresses that may be connected to for a URL."""
        port = self._policy.check_place(place)
        host = place.raw_host.decode("ascii")
        literal = literal_address(host)
        try:
            found = [literal] if literal else list(await self._network.resolve(host, port))
        except (OSError, UnicodeError) as error:
            raise url_failed(str(place), f"the host {host} is not known") from error
        self._policy.check_addresses(place, found)
        return found[:_TRIED_ADDRESSES]

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
                raise url_failed(self.url, _reason(error)) from error


async def _send(
    client: httpx.AsyncClient, place: httpx.URL, address: str, stack: AsyncExitStack
) -> httpx.Response:
    """Ask the server at this address for the URL, under the URL's own host name."""
    request = client.build_request(
        "GET",
        place.copy_with(host=address, fragment=None),
        headers={"Host": place.netloc.decode("ascii")},
        extensions={"sni_hostname": place.raw_host.decode("ascii").rstrip(".")},
    )
    response = await client.send(request, stream=True, follow_redirects=False)
    stack.push_async_callback(response.aclose)
    return response


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


def _reason(error: httpx.HTTPError) -> str:
    """Return why, without the address that was connected to: callers need not learn it."""
    match error:
        case httpx.TimeoutException():
            return "its server took too long"
        case httpx.ConnectError() if "certificate" in str(error).lower():
            return "its certificate is not valid for it"
        case httpx.ConnectError():
            return "nothing answers there"
        case _:
            return "the line broke or its server does not speak HTTP"
