"""Which network addresses are open to the public, and thus may be connected to on a caller's word.

Pure: knows no sockets. Sources: the IANA registries of special-purpose IPv4 and IPv6 addresses.
`ipaddress.is_global` alone is not enough: it takes multicast, 6to4 and NAT64 forms of private
addresses, and site-local ones for public.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

__all__ = ["is_public", "literal_address"]

_UNICAST = IPv6Network("2000::/3")
_TRANSLATED = IPv6Network("64:ff9b::/96")
_SPECIAL_V6 = (
    IPv6Network("2001::/23"),  # Teredo, benchmarking, ORCHID and other protocols
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # documentation
)
_RELAYS = IPv4Network("192.88.99.0/24")  # 6to4 relays: where they lead is not known
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})


def literal_address(host: str) -> str | None:
    """Return the address a host is written as, or None when it is a name.

    Other ways to write one (`2130706433`, `0x7f.1`) are names here: the resolver turns them into
    addresses, which are then looked at.
    """
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        return None


def is_public(address: str) -> bool:
    """Tell whether anybody on the internet may be there; False too for what is no address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return _v4_is_public(parsed) if isinstance(parsed, IPv4Address) else _v6_is_public(parsed)


def _v4_is_public(address: IPv4Address) -> bool:
    special = address.is_multicast or address.is_reserved or address in _RELAYS
    return address.is_global and not special


def _v6_is_public(address: IPv6Address) -> bool:
    """Only global unicast counts; an IPv4 address inside must be public itself."""
    inside = _v4_inside(address)
    if inside is not None and not _v4_is_public(inside):
        return False
    if address in _TRANSLATED or address.ipv4_mapped is not None:
        return True
    return address in _UNICAST and not any(address in network for network in _SPECIAL_V6)


def _v4_inside(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    low = int(address) & 0xFFFF_FFFF
    if address in _TRANSLATED or (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return IPv4Address(low)
    return None
