"""A bucket of an object store, as services.yaml names it: where files go, or come from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Bucket", "is_url"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where a bucket is and how it is spoken to.

    Attributes:
        url: `s3://bucket/prefix`, or with gs:// or az://; no trailing slash.
        endpoint: http(s) URL of the server; empty: the provider's own.
        region: Empty: the store's default.
        path_style: Whether the bucket's name is in the path of a request, or else in its host.
        public_url: What stands in the place of `url` in links for everybody, no trailing slash;
            empty: links are signed.
        links: Seconds that a signed link lasts.
        access_key: Name of the key, for az:// of the account; empty: what the machine itself has.
        secret_key: It.
        session_token: What a temporary key needs besides.
    """

    url: str
    endpoint: str = ""
    region: str = ""
    path_style: bool = True
    public_url: str = ""
    links: float = 3600.0
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)

    @property
    def scheme(self) -> str:
        """`s3`, `gs` or `az`."""
        return self.url.partition("://")[0]

    @property
    def name(self) -> str:
        """The bucket's name alone."""
        return self.url.partition("://")[2].partition("/")[0]

    @property
    def prefix(self) -> str:
        """What every key begins with, no slash at either end; empty for all of the bucket."""
        return self.url.partition("://")[2].partition("/")[2]


def is_url(text: str) -> bool:
    """Tell whether a text is a URL, and no path."""
    return _URL.match(text) is not None
