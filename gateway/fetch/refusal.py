"""Why a caller's file argument is refused, in words the caller can act on. Knows no sockets or files.

The whole sentence, mend and all, stands in the fault, because the executor puts the faults of
several arguments together.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import ArgumentFault, InputRefused

__all__ = [
    "data_broken",
    "no_reference",
    "not_found",
    "path_forbidden",
    "too_large",
    "url_failed",
    "url_forbidden",
    "url_too_slow",
]

_SHOWN = 80


def no_reference(reference: str, folders: Sequence[str], *, local: bool) -> InputRefused:
    """Return the refusal of a text that refers to no file, with the forms that do."""
    forms = ["an http(s):// URL", "a data: URL", "comfyui://jobs/<job id>/outputs/<number>"]
    if local and folders:
        forms.insert(0, f"a path under {_listed(folders)}")
    return InputRefused(
        [ArgumentFault("", f"{_shown(reference)} is no file. Give {', or '.join(forms)}.")],
        code="input-not-a-reference",
    )


def path_forbidden(reference: str, folders: Sequence[str], *, local: bool) -> InputRefused:
    """Return the refusal of a path; it does not say whether anything is there."""
    if not local:
        why = (
            "paths are read only for callers on the gateway's own machine. Send the file as a "
            "data: URL, or give an http(s):// URL"
        )
    elif not folders:
        why = (
            "no folder is open for reading. List one under `gateway.input_folders` in "
            "services.yaml, or give a data: or http(s):// URL"
        )
    else:
        why = f"it is not under {_listed(folders)}. Put the file there, or add its folder to `gateway.input_folders`"
    return InputRefused(
        [ArgumentFault("", f"{_shown(reference)} may not be read: {why}.")],
        code="input-path-forbidden",
    )


def not_found(reference: str, why: str = "there is no such file") -> InputRefused:
    """Return the refusal of a path in an open folder at which no plain file is."""
    return InputRefused(
        [ArgumentFault("", f"{_shown(reference)} cannot be read: {why}.")], code="input-not-found"
    )


def data_broken(why: str) -> InputRefused:
    """Return the refusal of a data: URL that cannot be read."""
    form = "data:image/png;base64,iVBORw0…"
    return InputRefused(
        [ArgumentFault("", f"the data: URL cannot be read: {why}. It looks like {form}")],
        code="input-data-broken",
    )


def too_large(max_size: int) -> InputRefused:
    """Return the refusal of a file of more than `max_size` bytes."""
    return InputRefused(
        [
            ArgumentFault(
                "",
                f"the file is larger than {max_size:,} bytes, the limit here "
                "(`gateway.input_urls.max_size`)",
            )
        ],
        code="input-too-large",
    )


def url_forbidden(url: str, why: str) -> InputRefused:
    """Return the refusal of a URL that may not be asked."""
    return InputRefused(
        [ArgumentFault("", f"{_shown(url)} may not be fetched: {why}.")],
        code="input-url-forbidden",
    )


def url_failed(url: str, why: str) -> InputRefused:
    """Return the refusal of a URL that did not answer with a file."""
    return InputRefused(
        [ArgumentFault("", f"{_shown(url)} could not be fetched: {why}.")], code="input-url-failed"
    )


def url_too_slow(url: str, seconds: float) -> InputRefused:
    """Return the refusal of a URL whose file did not arrive in time."""
    return InputRefused(
        [
            ArgumentFault(
                "",
                f"{_shown(url)} did not arrive within {seconds:g} s, the limit here "
                "(`gateway.input_urls.timeout`).",
            )
        ],
        code="input-timed-out",
    )


def _shown(text: str) -> str:
    """Return it as it may stand in a message: short, without control characters or credentials."""
    scheme, mark, rest = text.partition("://")
    if mark and "@" in rest.partition("/")[0]:
        text = f"{scheme}://…@{rest.partition('@')[2]}"
    plain = "".join(sign if sign.isprintable() else "?" for sign in text.partition("?")[0])
    return repr(plain if len(plain) <= _SHOWN else plain[:_SHOWN] + "…")


def _listed(folders: Sequence[str]) -> str:
    return " or ".join(folders)
