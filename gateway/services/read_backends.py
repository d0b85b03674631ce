"""The section `backends` → declarations of ComfyUIs."""

from __future__ import annotations

from urllib.parse import urlsplit

from gateway.services.backend_keys import (
    HEADERS,
    LABELS,
    SLOTS,
    TIMEOUT,
    TLS,
    TLS_CA,
    TLS_VERIFY,
    URL,
)
from gateway.services.fields import Fields, Group, Named
from gateway.services.findings import Findings
from gateway.services.model import BackendDeclaration

__all__ = ["LOCAL", "read_backends"]

LOCAL = BackendDeclaration(name="local", url="http://127.0.0.1:8188")
"""What there is when no backend is declared."""


def read_backends(section: Group[Fields], findings: Findings) -> tuple[BackendDeclaration, ...]:
    """Return the declared backends, or the local one when there are none."""
    return tuple(_backend(member, findings) for member in section.members) or (LOCAL,)


def _backend(member: Named[Fields], findings: Findings) -> BackendDeclaration:
    fields = member.value
    _check_url(fields, findings)
    tls = fields[TLS]
    headers = {each.name: each.value for each in fields[HEADERS].members}
    return BackendDeclaration(
        name=member.name,
        url=fields[URL].rstrip("/"),
        slots=fields[SLOTS],
        labels=frozenset(fields[LABELS]),
        headers={name: value for name, value in headers.items() if value is not None},
        tls_verify=tls[TLS_VERIFY],
        tls_ca=tls[TLS_CA],
        timeout=fields[TIMEOUT],
        place=findings.place(member),
    )


def _check_url(fields: Fields, findings: Findings) -> None:
    try:
        parts = urlsplit(fields[URL])
        has_credentials = parts.username is not None
        is_whole = parts.port != 0 and bool(parts.hostname or not fields[URL])
    except ValueError:
        has_credentials, is_whole = False, False
    if has_credentials:
        findings.add(
            fields.at(URL),
            code="url-credentials",
            message="a URL with a user and password in it ends up in logs and answers",
            found=fields.found(URL),
            mend='Take them out, and send headers: {Authorization: "Basic ${COMFYUI_BASIC}"}.',
        )
    elif not is_whole:
        findings.add(
            fields.at(URL),
            code="url-invalid",
            message="this URL names no host and port that can be reached",
            found=fields.found(URL),
            mend="Write it like http://127.0.0.1:8188 or https://host/comfy.",
        )
