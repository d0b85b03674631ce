"""Which addresses are open to the public."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fetch.addresses import is_public, literal_address


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "93.184.215.14",
        "8.8.8.8",
        "2606:4700:4700::1111",
        "2001:4860:4860::8888",
        "2a00:1450:4001:830::200e",
        "64:ff9b::808:808",
        "::ffff:8.8.8.8",
        "2002:808:808::1",
    ],
)
def test_an_address_anybody_may_reach_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104  # told not public, not bound
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::808:808",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2002:c0a8:101::1",
        "2a00:1450::5efe:127.0.0.1",
        "2a00:1450::200:5efe:10.0.0.1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "",
        "localhost",
        "2130706433",
        "0x7f.0.0.1",
        "127.1",
    ],
)
def test_every_other_address_is_not_public(address: str) -> None:
    assert not is_public(address)


PRIVATE = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]


@given(st.sampled_from(PRIVATE), st.integers(0, 2**32 - 1))
def test_no_form_of_a_private_address_is_public(network: str, bits: int) -> None:
    base, _, length = network.partition("/")
    number = int(IPv4Address(base)) | (bits & (2 ** (32 - int(length)) - 1))
    forms = [
        number | 0xFFFF << 32,
        number,
        number | 0x0064FF9B << 96,
        number << 80 | 0x2002 << 112,
        number | 0x5EFE << 32 | 0x2A00_1450 << 96,
    ]
    assert not is_public(str(IPv4Address(number)))
    for form in forms:
        assert not is_public(str(IPv6Address(form)))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("example.com", None),
        ("2130706433", None),
        ("0x7f.1", None),
        ("", None),
    ],
)
def test_a_host_may_be_written_as_an_address(host: str, address: str | None) -> None:
    assert literal_address(host) == address
