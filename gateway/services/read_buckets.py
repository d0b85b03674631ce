"""The keys `outputs`, `inputs` and `gateway.input_buckets` → folders and buckets."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote

from gateway.services.bucket import Bucket, is_url
from gateway.services.bucket_keys import (
    ACCESS_KEY,
    BUCKET_URL,
    ENDPOINT,
    LINKS,
    PATH_STYLE,
    PUBLIC_URL,
    REGION,
    SECRET_KEY,
)
from gateway.services.fields import Fields, Key
from gateway.services.findings import Findings

__all__ = ["read_buckets", "read_home"]

_LONGEST_LINKS = 7 * 24 * 3600.0
"""Seconds; S3 takes no signature that lasts longer."""

_UNFIT: dict[str, tuple[Key[str] | Key[str | None] | Key[bool], ...]] = {
    "s3": (),
    "gs": (ENDPOINT, REGION, PATH_STYLE, ACCESS_KEY, SECRET_KEY),
    "az": (REGION, PATH_STYLE),
}


def read_home(value: str | Fields, findings: Findings) -> str | Bucket:
    """Return a folder, or a bucket."""
    if not isinstance(value, str):
        return _bucket(value, findings)
    if value.startswith("file://"):
        return unquote(value.removeprefix("file://"))
    return Bucket(value.rstrip("/")) if is_url(value) else value


def read_buckets(values: Sequence[str | Fields], findings: Findings) -> tuple[Bucket, ...]:
    """Return the buckets that files may come from."""
    return tuple(
        Bucket(each.rstrip("/")) if isinstance(each, str) else _bucket(each, findings)
        for each in values
    )


def _bucket(fields: Fields, findings: Findings) -> Bucket:
    bucket = Bucket(
        url=fields[BUCKET_URL].rstrip("/"),
        endpoint=fields[ENDPOINT].rstrip("/"),
        region=fields[REGION],
        path_style=fields[PATH_STYLE],
        public_url=fields[PUBLIC_URL].rstrip("/"),
        links=fields[LINKS],
        access_key=fields[ACCESS_KEY] or "",
        secret_key=fields[SECRET_KEY] or "",
    )
    if bucket.links > _LONGEST_LINKS:
        findings.add(
            fields.at(LINKS),
            code="links-too-long",
            message="signed links last 7 days (168h) at most",
            found=fields.found(LINKS),
            mend="Write 168h or less; a link is made anew whenever a result is asked for.",
        )
    for key in _UNFIT.get(bucket.scheme, ()):
        if key in fields:
            findings.add(
                fields.at(key),
                code="bucket-key-unfit",
                message=f"`{key.name}` means nothing to {bucket.scheme}:// buckets",
                found=key.name,
                mend="Take it out.",
            )
    return bucket
