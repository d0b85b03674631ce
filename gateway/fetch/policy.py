"""Which URLs may be asked. Pure: knows no sockets.

Any port of 1024 and above is taken, because file servers use them; of the lower ones only 80 and
443, so that nobody has the gateway speak to mail servers. `allow_hosts` opens every port of a host.
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx2 as httpx

from gateway.fetch.addresses import is_public

__all__ = ["PlaceForbidden", "PlaceUnknown", "Policy"]

_WEB_PORTS = frozenset({80, 443})


class PlaceForbidden(Exception):
    """A URL may not be asked; `why` names its host."""

    def __init__(self, place: httpx.URL, why: str) -> None:
        super().__init__(why)
        self.url = str(place)
        self.why = why


class PlaceUnknown(Exception):
    """A URL's host leads nowhere."""

    def __init__(self, place: httpx.URL) -> None:
        self.url = str(place)
        self.why = f"the host {place.raw_host.decode('ascii')} is not known"
        super().__init__(self.why)


class Policy:
    """The rules of one section of services.yaml.

    Args:
        allow_hosts: When not empty, only these; a host listed here may also be private.
        listed: What the list is called there.
    """

    def __init__(self, allow_hosts: Sequence[str], listed: str) -> None:
        self._allowed = frozenset(_plain(host) for host in allow_hosts)
        self._listed = listed

    def check_place(self, place: httpx.URL) -> int:
        """Check what a URL says by itself, before its host is resolved, and return its port.

        Raises:
            PlaceForbidden: It may not be asked.
        """
        host = _host(place)
        port = place.port if place.port is not None else 443 if place.scheme == "https" else 80
        if place.scheme not in {"http", "https"}:
            raise PlaceForbidden(place, "only http:// and https:// are fetched")
        if place.userinfo:
            raise PlaceForbidden(place, "it holds credentials; give a URL without them")
        if not host or not 0 < port < 65536:
            raise PlaceForbidden(place, "it names no host and port that can be asked")
        if host in self._allowed:
            return port
        if self._allowed:
            hosts = ", ".join(sorted(self._allowed))
            raise PlaceForbidden(
                place, f"{host} is not among the hosts that `{self._listed}` lists: {hosts}"
            )
        if port < 1024 and port not in _WEB_PORTS:
            raise PlaceForbidden(place, f"port {port} is no port of web servers")
        return port

    def check_addresses(self, place: httpx.URL, addresses: Sequence[str]) -> None:
        """Check where a host leads: each of its addresses must be public, or the host allowed.

        Raises:
            PlaceUnknown: It leads nowhere.
            PlaceForbidden: It leads where nobody is let.
        """
        if not addresses:
            raise PlaceUnknown(place)
        if _host(place) not in self._allowed and not all(map(is_public, addresses)):
            raise PlaceForbidden(
                place,
                f"{_host(place)} leads to an address that is not open to the public. If it is "
                f"meant, list it under `{self._listed}` in services.yaml",
            )


def _host(place: httpx.URL) -> str:
    return _plain(place.raw_host.decode("ascii"))


def _plain(host: str) -> str:
    return host.strip("[]").rstrip(".").lower()
