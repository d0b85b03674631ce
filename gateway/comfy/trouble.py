"""What went wrong on the way to a ComfyUI, as errors that say who mends what.

Knows the standard library's exceptions; those of the HTTP and WebSocket libraries reach it as causes.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import cast

from gateway.errors import (
    BackendAnsweredOddly,
    BackendError,
    BackendRefused,
    BackendUnreachable,
)
from gateway.services.model import BackendDeclaration
from gateway.wire.clean import clean_line

__all__ = ["broken", "not_connected", "not_sendable", "timed_out", "too_long"]


def not_connected(backend: BackendDeclaration, error: BaseException) -> BackendError:
    """Return the error for a connection that could not be made, told by its innermost cause."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            return _no_tls(backend, cause)
        if isinstance(cause, socket.gaierror):
            return BackendUnreachable(
                f"Backend {backend.name}: the host of {backend.url} is not known.",
                code="backend-host-unknown",
                where=backend.name,
                mend="Correct the backend's url in services.yaml.",
            )
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return BackendUnreachable(
            f"Backend {backend.name}: nothing listens at {backend.url}.",
            where=backend.name,
            mend="Start ComfyUI there, or correct the backend's url in services.yaml.",
        )
    return BackendUnreachable(
        f"Backend {backend.name} cannot be reached at {backend.url}: {_said(causes)}.",
        where=backend.name,
        mend="Look whether ComfyUI runs and the network leads there.",
    )


def broken(backend: BackendDeclaration, error: BaseException) -> BackendUnreachable:
    """Return the error for a connection that broke before the answer was whole."""
    return BackendUnreachable(
        f"Backend {backend.name} broke the connection: {_said(list(_causes(error)))}.",
        code="backend-connection-lost",
        where=backend.name,
        mend="ComfyUI may have stopped or restarted: look at its log. A server that speaks TLS "
        "drops plain http in this way: then the backend's url begins with https.",
    )


def timed_out(backend: BackendDeclaration, seconds: float) -> BackendUnreachable:
    """Return the error for an answer that did not come in time."""
    return BackendUnreachable(
        f"Backend {backend.name} did not answer in {seconds:g} s.",
        code="backend-timed-out",
        where=backend.name,
        mend="ComfyUI may be busy loading a model; a longer `timeout` of the backend waits for it.",
    )


def too_long(backend: BackendDeclaration, asked: str, most: int) -> BackendAnsweredOddly:
    """Return the error for an answer that is longer than any of ComfyUI's."""
    return BackendAnsweredOddly(
        f"Backend {backend.name}: {asked} answered more than {most >> 20} MiB.",
        where=backend.name,
        mend=f"Is {backend.url} a ComfyUI, and its base path right?",
    )


def not_sendable(backend: BackendDeclaration) -> BackendRefused:
    """Return the error for a request that the HTTP library would not send.

    Its own words are left out: they quote the header, and that may hold a secret.
    """
    return BackendRefused(
        f"A request to backend {backend.name} could not be sent as it is.",
        code="backend-request-invalid",
        where=backend.name,
        mend="Look at the backend's url and headers in services.yaml for line breaks or odd "
        "characters; a file must not change while it is sent.",
    )


def _no_tls(backend: BackendDeclaration, error: ssl.SSLError) -> BackendUnreachable:
    if isinstance(error, ssl.SSLCertVerificationError):
        return BackendUnreachable(
            f"Backend {backend.name}: the certificate of {backend.url} is not trusted: "
            f"{clean_line(error.verify_message)}.",
            code="backend-certificate",
            where=backend.name,
            mend="Name the authority that signed it (`tls: {ca: file.pem}`), or trust it "
            "unseen on a network of your own (`tls: {verify: false}`).",
        )
    return BackendUnreachable(
        f"Backend {backend.name}: no TLS connection to {backend.url}: {clean_line(_reason(error))}.",
        code="backend-tls",
        where=backend.name,
        mend="If ComfyUI runs without TLS there, the backend's url begins with http.",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that led to it, groups opened."""
    left = [error]
    seen: set[int] = set()
    while left:
        each = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        if isinstance(each, BaseExceptionGroup):
            left.extend(cast("BaseExceptionGroup[BaseException]", each).exceptions)
        left.extend(cause for cause in (each.__cause__, each.__context__) if cause is not None)


def _said(causes: list[BaseException]) -> str:
    # The outer ones may say "all attempts failed"; the system's own word is further in.
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return clean_line(cause.strerror)
    words = clean_line(str(causes[0])) if causes else ""
    return words or "it does not say why"


def _reason(error: ssl.SSLError) -> str:
    # Where the library made the error itself, there is no such attribute.
    return str(getattr(error, "reason", None) or error)
