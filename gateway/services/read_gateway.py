"""The sections `gateway` and `jobs` → settings."""

from __future__ import annotations

import re

from gateway.services.fields import Fields
from gateway.services.findings import Findings
from gateway.services.gateway_keys import (
    ALLOW_HOSTS,
    ALLOWED_HOSTS,
    ATTEMPTS,
    BACKEND_GRACE,
    BUDGET,
    CALL_WAIT,
    DISPATCH,
    HOST,
    HTTP,
    INPUT_BUCKETS,
    INPUT_FOLDERS,
    INPUT_URLS,
    INSTRUCTIONS,
    KEEP,
    KEEP_AGE,
    KEEP_COUNT,
    LEASE,
    MAX_BODY,
    MAX_SIDE,
    MAX_SIZE,
    NAME,
    PATH,
    PORT,
    PREVIEW,
    STORE,
    URL_TIMEOUT,
    WEBHOOK_ATTEMPTS,
    WEBHOOK_HOSTS,
    WEBHOOK_SECRET,
    WEBHOOK_TIMEOUT,
    WEBHOOKS,
)
from gateway.services.read_buckets import read_buckets
from gateway.services.settings import (
    GatewaySettings,
    HttpSettings,
    InputUrls,
    JobSettings,
    KeepPolicy,
    PreviewSettings,
)
from gateway.services.webhook import WebhookSettings

__all__ = ["read_gateway", "read_jobs"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_POSTGRESQL = frozenset({"postgresql", "postgres"})


def read_gateway(fields: Fields, findings: Findings) -> GatewaySettings:
    """Return the settings of the section `gateway`."""
    http, preview, input_urls = fields[HTTP], fields[PREVIEW], fields[INPUT_URLS]
    webhooks = fields[WEBHOOKS]
    return GatewaySettings(
        name=fields[NAME],
        instructions=fields[INSTRUCTIONS],
        http=HttpSettings(
            host=http[HOST],
            port=http[PORT],
            path=http[PATH],
            max_body=http[MAX_BODY],
            allowed_hosts=http[ALLOWED_HOSTS],
        ),
        preview=PreviewSettings(max_side=preview[MAX_SIDE], budget=preview[BUDGET]),
        call_wait=fields[CALL_WAIT],
        input_folders=fields[INPUT_FOLDERS],
        input_buckets=read_buckets(fields[INPUT_BUCKETS], findings),
        input_urls=InputUrls(
            allow_hosts=input_urls[ALLOW_HOSTS],
            max_size=input_urls[MAX_SIZE],
            timeout=input_urls[URL_TIMEOUT],
        ),
        webhooks=WebhookSettings(
            allow_hosts=webhooks[WEBHOOK_HOSTS],
            timeout=webhooks[WEBHOOK_TIMEOUT],
            attempts=webhooks[WEBHOOK_ATTEMPTS],
            secret=webhooks[WEBHOOK_SECRET],
        ),
        backend_grace=fields[BACKEND_GRACE],
    )


def read_jobs(fields: Fields, findings: Findings) -> JobSettings:
    """Return the settings of the section `jobs`."""
    scheme = _SCHEME.match(fields[STORE])
    if scheme and scheme[1].lower() not in _POSTGRESQL:
        findings.add(
            fields.at(STORE),
            code="store-unknown",
            message=f"jobs cannot be kept at a {scheme[1]}:// URL",
            found=fields.found(STORE),
            mend="Write a file, such as .gateway/jobs.db, or a postgresql:// URL.",
        )
    keep = fields[KEEP]
    return JobSettings(
        store=fields[STORE],
        keep=KeepPolicy(age=keep[KEEP_AGE], count=keep[KEEP_COUNT]),
        attempts=fields[ATTEMPTS],
        dispatch=fields[DISPATCH],
        lease=fields[LEASE],
    )
