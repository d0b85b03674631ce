"""What went wrong on the way, told by the innermost cause."""

from __future__ import annotations

import socket
import ssl

import pytest

from gateway.comfy.trouble import broken, not_connected, not_sendable, timed_out
from gateway.errors import BackendRefused
from gateway.services.model import BackendDeclaration

URL = "http://gpu:8188"
STUDIO = BackendDeclaration("studio", URL)


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


def wrapped(*causes: OSError) -> Exception:
    """Return an error that says little, around one that says all."""
    outer = OSError("All connection attempts failed")
    outer.__cause__ = ExceptionGroup("several", [*causes])
    outermost = RuntimeError("connect")
    outermost.__context__ = outer
    outer.__context__ = outermost  # a circle, as badly written code leaves it
    return outermost


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (
            ConnectionRefusedError(111, "Connection refused"),
            "backend-unreachable",
            "Backend studio: nothing listens at http://gpu:8188.",
        ),
        (
            socket.gaierror(-2, "Name or service not known"),
            "backend-host-unknown",
            "Backend studio: the host of http://gpu:8188 is not known.",
        ),
        (
            untrusted(),
            "backend-certificate",
            f"Backend studio: the certificate of {URL} is not trusted: self-signed certificate.",
        ),
        (
            ssl.SSLError(1, "wrong version number"),
            "backend-tls",
            f"Backend studio: no TLS connection to {URL}: wrong version number.",
        ),
        (
            OSError(113, "No route to host"),
            "backend-unreachable",
            "Backend studio cannot be reached at http://gpu:8188: No route to host.",
        ),
    ],
)
def test_a_connection_that_cannot_be_made_is_told_by_its_cause(
    error: OSError, code: str, sentence: str
) -> None:
    for each in (error, wrapped(error), wrapped(error, OSError(101, "Network is unreachable"))):
        told = not_connected(STUDIO, each)
        assert (told.code, told.where) == (code, "studio")
        assert told.mend
    assert not_connected(STUDIO, wrapped(error)).message == sentence


def test_an_error_without_words_is_told_without() -> None:
    assert "it does not say why" in not_connected(STUDIO, OSError()).message
    assert broken(STUDIO, ConnectionError("it was closed")).message == (
        "Backend studio broke the connection: it was closed."
    )


def test_a_timeout_tells_how_long_was_waited() -> None:
    assert timed_out(STUDIO, 30.0).message == "Backend studio did not answer in 30 s."
    assert timed_out(STUDIO, 30.0).code == "backend-timed-out"


def test_what_cannot_be_sent_is_for_whoever_wrote_the_declaration() -> None:
    assert isinstance(not_sendable(STUDIO), BackendRefused)
