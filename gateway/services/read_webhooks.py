"""The key `webhook` of a service → where the ends of its jobs are told, checked as far as text can tell."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from gateway.services.fields import NOTHING, Fields
from gateway.services.findings import Findings
from gateway.services.service_keys import WEBHOOK, WEBHOOK_EVENTS, WEBHOOK_SECRET, WEBHOOK_URL
from gateway.services.webhook import EVERY_END, Webhook, WebhookSettings

__all__ = ["read_webhook"]


class _Flaw(NamedTuple):
    code: str
    message: str
    mend: str


_CREDENTIALS = _Flaw(
    code="url-credentials",
    message="a URL with a user and password in it ends up in logs and answers",
    mend="Take them out; the receiver knows the gateway by its signature.",
)
_INCOMPLETE = _Flaw(
    code="url-invalid",
    message="this URL names no host and port that can be reached",
    mend="Write it like https://hooks.example/jobs.",
)
_UNLISTED = _Flaw(
    code="webhook-host-forbidden",
    message="the host of this webhook is not among those of `gateway.webhooks.allow_hosts`",
    mend="Correct the URL, or list its host there.",
)
_INSIDE = _Flaw(
    code="webhook-host-forbidden",
    message="this webhook leads to an address that is not open to the public",
    mend="If it is meant, list its host under `gateway.webhooks.allow_hosts`.",
)


def read_webhook(service: Fields, settings: WebhookSettings, findings: Findings) -> Webhook | None:
    """Return a service's webhook, or None when it has none or one that may not be.

    Args:
        service: What stands under the service.
        settings: What the gateway says of all webhooks.
        findings: Where faults go.
    """
    declared = service[WEBHOOK]
    if declared is None:
        return None
    short = isinstance(declared, str)
    url = declared if short else declared[WEBHOOK_URL]
    fields = NOTHING if short else declared
    at, found = (
        (service.at(WEBHOOK), service.found(WEBHOOK))
        if short
        else (declared.at(WEBHOOK_URL), declared.found(WEBHOOK_URL))
    )
    flaw = _flaw_of(url, settings) if url else None
    if flaw is not None:
        findings.add(at, code=flaw.code, message=flaw.message, found=found, mend=flaw.mend)
    secret = fields[WEBHOOK_SECRET] or settings.secret
    if flaw is None and secret is None and WEBHOOK_SECRET not in fields:
        findings.warn(
            at,
            code="webhook-unsigned",
            message="what this webhook tells is not signed: its receiver cannot know who sent it",
            mend="Give it a `secret`, or all of them one under `gateway.webhooks`.",
        )
    place = findings.place(service.at(WEBHOOK))
    return Webhook(url, place, secret, frozenset(fields[WEBHOOK_EVENTS]) or EVERY_END)


def _flaw_of(url: str, settings: WebhookSettings) -> _Flaw | None:
    try:
        parts = urlsplit(url)
        host, port = _plain(parts.hostname or ""), parts.port
    except ValueError:
        return _INCOMPLETE
    if parts.username is not None:
        return _CREDENTIALS
    if not host or port == 0:
        return _INCOMPLETE
    if settings.allow_hosts:
        return None if host in map(_plain, settings.allow_hosts) else _UNLISTED
    return _INSIDE if _is_inside(host) else None


def _plain(host: str) -> str:
    """Return a host as lists of hosts are compared: no brackets, no dot at its end, lower case."""
    return host.strip("[]").rstrip(".").lower()


def _is_inside(host: str) -> bool:
    """Tell whether a host is written as one that is not open to the public; names may still lead there."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
