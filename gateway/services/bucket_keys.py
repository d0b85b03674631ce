"""The keys of a bucket, and of what may be a folder or a bucket."""

from __future__ import annotations

from gateway.services.fields import Fields, Key
from gateway.services.scalar_shapes import Boolean, Duration, Form, Secret, Text
from gateway.services.shape import EitherOf, Needs, record

__all__ = [
    "ACCESS_KEY",
    "BUCKET",
    "BUCKET_URL",
    "ENDPOINT",
    "LINKS",
    "PATH_STYLE",
    "PUBLIC_URL",
    "REGION",
    "SECRET_KEY",
    "bucket_only",
    "folder_or_bucket",
]

# What follows the name: parts that are neither `.` nor `..`, of signs that need no escape in a URL.
_BUCKET = (
    r"(?:s3|gs|az)://[A-Za-z0-9][A-Za-z0-9._-]{1,62}(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9_.=+-]+)*/?"
)

_BUCKET_FORM = Form(
    _BUCKET,
    "a URL such as s3://bucket/prefix, with s3, gs or az",
    code="url-invalid",
    mend="Write s3://bucket/prefix with letters, digits and _.=+- in its parts.",
)
_HOME_FORM = Form(
    rf"(?![A-Za-z][A-Za-z0-9+.-]*://)[\s\S]+|file:///[^\s?#]+|{_BUCKET}",
    "a folder, or a URL such as s3://bucket/prefix, with s3, gs, az or file",
    code="url-invalid",
    mend="Write a folder, or s3://bucket/prefix with letters, digits and _.=+- in its parts.",
)
_WEB_FORM = Form(
    r"https?://[^\s/?#@]+(?:/[^\s?#]*)?",
    "an http:// or https:// URL without user and password",
    code="url-invalid",
    mend="Write it like https://storage.example.com.",
)

BUCKET_URL: Key[str] = Key(
    "url", Text(_BUCKET_FORM), "The bucket and what all keys begin with.", "", "s3://bucket/prefix"
)
ENDPOINT: Key[str] = Key(
    "endpoint", Text(_WEB_FORM), "The server, when it is not the provider's own.", ""
)
REGION: Key[str] = Key("region", Text(), "Where the bucket is, such as eu-central-1.", "")
PATH_STYLE: Key[bool] = Key(
    "path_style",
    Boolean(),
    "Whether the bucket's name is in the path of requests, not in their host.",
    True,
)
PUBLIC_URL: Key[str] = Key(
    "public_url",
    Text(_WEB_FORM),
    "What everybody reads the files under, in the place of `url`; without it links are signed.",
    "",
)
LINKS: Key[float] = Key(
    "links", Duration(positive=True), "How long signed links last; at most 7 days.", 3600.0
)
ACCESS_KEY: Key[str | None] = Key(
    "access_key",
    Secret(signing=False),
    "The key's name, as a variable; else AWS_ACCESS_KEY_ID.",
    None,
)
SECRET_KEY: Key[str | None] = Key(
    "secret_key",
    Secret(signing=False),
    "The key, as a variable; else AWS_SECRET_ACCESS_KEY.",
    None,
)

BUCKET = record(
    "a bucket",
    (BUCKET_URL, ENDPOINT, REGION, PATH_STYLE, PUBLIC_URL, LINKS, ACCESS_KEY, SECRET_KEY),
    (
        Needs("access_key", ("secret_key",), "Write both, or neither for the environment's."),
        Needs("secret_key", ("access_key",), "Write both, or neither for the environment's."),
    ),
)


def folder_or_bucket(name: str, description: str, default: str) -> Key[str | Fields]:
    """Return the key of a place for files."""
    shape: EitherOf[str | Fields] = EitherOf(scalar=Text(_HOME_FORM), mapping=BUCKET)
    return Key(name, shape, description, default)


def bucket_only() -> EitherOf[str | Fields]:
    """Return the shape of a bucket that files come from."""
    return EitherOf(scalar=Text(_BUCKET_FORM), mapping=BUCKET)
