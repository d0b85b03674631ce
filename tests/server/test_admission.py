"""Host, Origin, API keys and addresses: the rules alone."""

from __future__ import annotations

import pytest

from gateway.errors import GatewayError
from gateway.server.admission import check_bind, host_rule, is_loopback, key_name
from gateway.services.settings import HttpSettings

EVERY = "0.0.0.0"  # noqa: S104 - nothing listens there

LOOPBACK = host_rule(HttpSettings())
NAMED = host_rule(
    HttpSettings(host=EVERY, allowed_hosts=("mcp.example.com", "exact.example.com:8443"))
)
ANYWHERE = host_rule(HttpSettings(host=EVERY))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8080", "localhost:1", "[::1]:8080", "[::1]", "LOCALHOST:80"]
)
def test_loopback_answers_to_its_own_names(host: str) -> None:
    assert LOOPBACK.allows_host(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "127.0.0.1:x:80"],
)
def test_loopback_answers_to_no_other_name(host: str) -> None:
    assert not LOOPBACK.allows_host(host)


def test_allowed_hosts_are_answered_to_with_any_port_unless_they_name_one() -> None:
    assert NAMED.allows_host("mcp.example.com")
    assert NAMED.allows_host("mcp.example.com:9")
    assert NAMED.allows_host("exact.example.com:8443")
    assert not NAMED.allows_host("exact.example.com")
    assert not NAMED.allows_host("exact.example.com:9")
    assert not NAMED.allows_host("other.example.com")
    assert NAMED.allows_host("127.0.0.1:8080")


def test_a_concrete_address_is_one_of_its_names() -> None:
    assert host_rule(HttpSettings(host="192.168.1.5")).allows_host("192.168.1.5:8080")
    assert host_rule(HttpSettings(host="fd00::5")).allows_host("[fd00::5]:8080")
    assert not host_rule(HttpSettings(host="192.168.1.5")).allows_host("192.168.1.6:8080")


@pytest.mark.parametrize(
    ("origin", "good"),
    [
        ("", True),
        ("http://localhost:3000", True),
        ("https://127.0.0.1", True),
        ("https://evil.example", False),
        ("null", False),
        ("file://", False),
        ("http://", False),
        ("chrome-extension://abc", False),
    ],
)
def test_only_pages_of_good_hosts_may_come_in(origin: str, good: bool) -> None:
    assert LOOPBACK.allows_origin(origin, "127.0.0.1:8080") is good


def test_where_any_host_is_good_only_pages_of_the_same_one_are() -> None:
    assert ANYWHERE.allows_host("whatever:1")
    assert not ANYWHERE.allows_host("")
    assert ANYWHERE.allows_origin("http://whatever:1", "whatever:1")
    assert not ANYWHERE.allows_origin("http://evil.example", "whatever:1")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1", "[::1]"])
def test_loopback_needs_no_key(host: str) -> None:
    assert is_loopback(host)
    check_bind(HttpSettings(host=host), {})


@pytest.mark.parametrize("host", [EVERY, "::", "192.168.1.5", "example.com", ""])
def test_any_other_address_needs_a_key(host: str) -> None:
    with pytest.raises(GatewayError) as raised:
        check_bind(HttpSettings(host=host), {})
    assert raised.value.code == "http-bind-needs-key"
    assert "GATEWAY_API_KEYS" in raised.value.mend
    check_bind(HttpSettings(host=host), {"ann": "key"})


def test_a_key_is_known_by_its_name() -> None:
    keys = {"ann": "key-a", "bob": "key-b", "eve": "schlüssel"}
    assert [key_name(keys, each) for each in ("key-a", "key-b", "schlüssel")] == [*keys]
    assert key_name(keys, "key-") is None
    assert key_name(keys, "") is None
    assert key_name({}, "") is None
