"""The address of a ComfyUI, as a dialect has it, and as a backend of services.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from gateway.intake.dialects.drafts import Section
from gateway.intake.dialects.notes import Spot

__all__ = ["backend_at", "is_web"]


def backend_at(address: str, spot: Spot) -> Iterator[Section]:
    """Yield the section `backends` with the ComfyUI at this address; nothing where there is none."""
    url = address.strip().rstrip("/")
    if not url:
        return
    if is_web(url):
        yield Section("backends", {"comfyui": {"url": url}}, spot)
        return
    # It may hold a password, so it is not shown.
    spot.tell(
        "the address is no http or https URL without user and password, and is left out",
        code="migrate-not-carried",
        mend="Write `backends: {comfyui: {url: …}}` yourself, and credentials as `headers`.",
    )


def is_web(address: str) -> bool:
    """Tell whether an address is an http or https URL without credentials, query or fragment."""
    try:
        parts = urlsplit(address)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.username is None
            and parts.port != 0
            and not (parts.query or parts.fragment)
            and all(each.isprintable() and not each.isspace() for each in address)
        )
    except ValueError:
        return False
