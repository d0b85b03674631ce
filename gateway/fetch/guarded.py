"""Requests to the outside, guarded: every address is looked at before it is connected to.

A host is resolved once; the connection goes to the very address that was looked at, so that a
name server with a second opinion (DNS rebinding) changes nothing. TLS still checks the host's name.
Each request has a client of its own: no cookies, no credentials, no proxies, no pooled connection of
another host travel along, and no redirect is followed. Knows neither files nor jobs.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TypeAlias

import httpx2 as httpx

from gateway.fetch.addresses import literal_address
from gateway.fetch.policy import PlaceUnknown, Policy

__all__ = ["Guarded", "Network", "Question", "reason_of", "resolve_host"]

_TRIED_ADDRESSES = 3

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


@dataclass(frozen=True, slots=True)
class Question:
    """A request, whoever it goes to."""

    method: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


class Guarded:
    """Asks where a policy lets it.

    Args:
        policy: Which places may be asked.
        network: How hosts are resolved and connections made.
        timeout: Seconds that each step of a request may take; the whole is the caller's to bound.
    """

    def __init__(self, policy: Policy, network: Network, timeout: float) -> None:
        self._policy = policy
        self._network = network
        self._timeout = timeout
        self._tls = network.tls

    async def ask(
        self, place: httpx.URL, question: Question, stack: AsyncExitStack
    ) -> httpx.Response:
        """Send a request to the first address of a host that can be connected to.

        Args:
            place: Whom to ask.
            question: What.
            stack: Gets the connection, which lasts as long as the answer is read.

        Returns:
            The answer, of which nothing but the head has been read.

        Raises:
            PlaceForbidden: It may not be asked.
            PlaceUnknown: Its host is not known.
            httpx.HTTPError: It cannot be reached, or breaks off.
        """
        addresses = await self._addresses(place)
        client = await stack.enter_async_context(
            httpx.AsyncClient(
                transport=self._network.transport(await self._trusted(place)),
                timeout=self._timeout,
                trust_env=False,
                headers=question.headers,
            )
        )
        response = await _send_to_one_of(client, place, addresses, question)
        stack.push_async_callback(response.aclose)
        return response

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
            raise PlaceUnknown(place) from error
        self._policy.check_addresses(place, found)
        return found[:_TRIED_ADDRESSES]


async def _send_to_one_of(
    client: httpx.AsyncClient, place: httpx.URL, addresses: Sequence[str], question: Question
) -> httpx.Response:
    for address in addresses[:-1]:
        try:
            return await _send(client, place, address, question)
        except httpx.ConnectError:
            continue
    return await _send(client, place, addresses[-1], question)


async def _send(
    client: httpx.AsyncClient, place: httpx.URL, address: str, question: Question
) -> httpx.Response:
    """Ask the server at this address for the URL, under the URL's own host name."""
    request = client.build_request(
        question.method,
        place.copy_with(host=address, fragment=None),
        headers={"Host": place.netloc.decode("ascii")},
        content=question.body,
        extensions={"sni_hostname": place.raw_host.decode("ascii").rstrip(".")},
    )
    return await client.send(request, stream=True, follow_redirects=False)


def reason_of(error: httpx.HTTPError) -> str:
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
