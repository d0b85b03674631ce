"""Which URLs may be asked and which answers taken. Pure: knows no sockets.

Any port of 1024 and above is taken, because file servers use them; of the lower ones only 80 and
443, so that nobody has the gateway speak to mail servers. `allow_hosts` opens every port of a host.
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx2 as httpx

from gateway.fetch.addresses import is_public
from gateway.fetch.refusal import too_large, url_failed, url_forbidden
from gateway.jobs.mime import sniff
from gateway.services.model import InputUrls

__all__ = ["Policy"]

_WEB_PORTS = frozenset({80, 443})


class Policy:
    """The rules of `gateway.input_urls`."""

    def __init__(self, limits: InputUrls) -> None:
        self._max_size = limits.max_size
        self._allowed = frozenset(_plain(host) for host in limits.allow_hosts)

    def check_place(self, place: httpx.URL) -> int:
        """Check what a URL says by itself, before its host is resolved, and return its port.

        Raises:
            InputRefused: It may not be asked.
        """
        url = str(place)
        host = _host(place)
        port = place.port if place.port is not None else 443 if place.scheme == "https" else 80
        if place.scheme not in {"http", "https"}:
            raise url_forbidden(url, "only http:// and https:// are fetched")
        if place.userinfo:
            raise url_forbidden(url, "it holds credentials; give a URL without them")
        if not host or not 0 < port < 65536:
            raise url_forbidden(url, "it names no host and port that can be asked")
        if host in self._allowed:
            return port
        if self._allowed:
            listed = ", ".join(sorted(self._allowed))
            raise url_forbidden(
                url,
                f"{host} is not among the hosts that `gateway.input_urls.allow_hosts` lists: {listed}",
            )
        if port < 1024 and port not in _WEB_PORTS:
            raise url_forbidden(url, f"port {port} is no port of web servers")
        return port

    def check_addresses(self, place: httpx.URL, addresses: Sequence[str]) -> None:
        """Check where a host leads: each of its addresses must be public, or the host allowed.

        Raises:
            InputRefused: It leads nowhere, or where nobody is let on a caller's word.
        """
        if not addresses:
            raise url_failed(str(place), f"the host {_host(place)} is not known")
        if _host(place) not in self._allowed and not all(map(is_public, addresses)):
            raise url_forbidden(
                str(place),
                f"{_host(place)} leads to an address that is not open to the public. If it is "
                "meant, list it under `gateway.input_urls.allow_hosts` in services.yaml",
            )

    def check_answer(self, url: str, response: httpx.Response, head: bytes) -> None:
        """Check an answer by its status, headers and first bytes.

        Raises:
            InputRefused: It is no file, or says that it is too large.
        """
        if response.status_code != 200:
            raise url_failed(url, f"its server answered {response.status_code}")
        if _is_page(response, head):
            raise url_failed(
                url, "it is a web page, not a file. Give the address of the file itself"
            )
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise url_failed(url, "its server sends it compressed, though that was not asked for")
        length = response.headers.get("content-length", "")
        if length.isdecimal() and int(length) > self._max_size:
            raise too_large(self._max_size)
        if not head:
            raise url_failed(url, "its server answered with no data")


def _is_page(response: httpx.Response, head: bytes) -> bool:
    told = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    found = sniff(head)
    return found == "text/html" or (told == "text/html" and found in {None, "text/plain"})


def _host(place: httpx.URL) -> str:
    return _plain(place.raw_host.decode("ascii"))


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()
