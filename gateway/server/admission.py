"""Who may come in over HTTP: the rules for Host, Origin and API keys, and where we may listen.

Knows nothing of requests; plain functions over texts.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.errors import GatewayError
from gateway.services.settings import HttpSettings

__all__ = ["HostRule", "check_bind", "host_rule", "is_loopback", "key_name"]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


@dataclass(frozen=True, slots=True)
class HostRule:
    """Which Host and Origin headers are good.

    Attributes:
        patterns: `name`, `name:port` or `name:*` (any port); None: any host, because only keys
            protect a server that listens everywhere and was told no names.
    """

    patterns: tuple[str, ...] | None

    def allows_host(self, host: str) -> bool:
        """Tell whether a Host header is good."""
        if self.patterns is None:
            return bool(host)
        host = host.lower()
        anywhere = f"{_without_port(host)}:*"
        return host in self.patterns or anywhere in self.patterns

    def allows_origin(self, origin: str, host: str) -> bool:
        """Tell whether an Origin header is good; pages of other sites send one, programs do not.

        Args:
            origin: The header; empty when there is none.
            host: The Host header of the same request.
        """
        if not origin:
            return True
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            return False
        if self.patterns is None:
            return parts.netloc.lower() == host.lower()
        return self.allows_host(parts.netloc)


def host_rule(http: HttpSettings) -> HostRule:
    """Return the rule for what services.yaml says of `gateway.http`."""
    if not http.allowed_hosts and _is_everywhere(http.host):
        return HostRule(None)
    named = (*LOOPBACK, _bracketed(http.host), *http.allowed_hosts)
    patterns: list[str] = []
    for name in (each.lower() for each in named):
        patterns.append(name)
        if _without_port(name) == name:
            patterns.append(f"{name}:*")
    return HostRule(tuple(dict.fromkeys(patterns)))


def check_bind(http: HttpSettings, keys: Mapping[str, str]) -> None:
    """Refuse to listen where others can come in without a key.

    Raises:
        GatewayError: The address is not this machine's own loopback, and no key is configured.
    """
    if keys or is_loopback(http.host):
        return
    raise GatewayError(
        f"Listening on {http.host} would let anyone who can reach it run your workflows.",
        code="http-bind-needs-key",
        where="gateway.http.host",
        found=http.host,
        mend=(
            "Set GATEWAY_API_KEYS to name:key pairs, such as GATEWAY_API_KEYS=team:$(openssl rand "
            "-hex 32), or listen on 127.0.0.1."
        ),
    )


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def key_name(keys: Mapping[str, str], presented: str) -> str | None:
    """Return the name of a presented key, in a time that does not tell which was nearly right."""
    digest = hashlib.sha256(presented.encode()).digest()
    found: str | None = None
    for name, key in keys.items():
        if hmac.compare_digest(hashlib.sha256(key.encode()).digest(), digest):
            found = name
    return found


def _is_everywhere(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_unspecified
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _without_port(host: str) -> str:
    """Return a host without its port: `[::1]:80` is `[::1]`, `localhost:80` is `localhost`."""
    name, colon, port = host.rpartition(":")
    whole = not colon or host.endswith("]") or not _is_port(port)
    return host if whole else name


def _is_port(text: str) -> bool:
    return text == "*" or text.isdigit()
