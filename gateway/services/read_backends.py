"""The section `backends` → declarations of ComfyUIs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from gateway.errors import Finding
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
from gateway.services.document import read_document
from gateway.services.fields import Fields, Group, Named
from gateway.services.file_keys import BACKENDS
from gateway.services.findings import Findings
from gateway.services.model import BackendDeclaration
from gateway.services.reading import read_record
from gateway.services.shape import record

__all__ = ["implied_backends", "read_backends"]

_IMPLIED = 'backends: {local: {url: "${COMFYUI_URL:-http://127.0.0.1:8188}"}}'
_SECTION = record("the environment", (BACKENDS,))


def read_backends(section: Group[Fields], findings: Findings) -> tuple[BackendDeclaration, ...]:
    """Return the declared backends."""
    return tuple(_backend(member, findings) for member in section.members)


def implied_backends(
    environment: Mapping[str, str],
) -> tuple[tuple[BackendDeclaration, ...], tuple[Finding, ...]]:
    """Return what there is when no backend is declared: one where `COMFYUI_URL` says, or on this machine.

    Args:
        environment: Variable → value.

    Returns:
        The backend, and what is wrong with the variable; with a finding it is not to be used.
    """
    findings = Findings("COMFYUI_URL")
    root = read_document(_IMPLIED, findings, environment)
    fields = None if root is None else read_record(_SECTION, root, findings)
    backends = () if fields is None else read_backends(fields[BACKENDS], findings)
    return tuple(replace(each, place=None) for each in backends), findings.in_order()


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
