"""Opens what a caller's file argument refers to: a path, or a URL of some kind, guarded."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from gateway.fetch.buckets import open_in_bucket
from gateway.fetch.data_urls import open_data_url
from gateway.fetch.guarded import Network
from gateway.fetch.paths import open_path, resolve_folders
from gateway.fetch.refusal import no_reference, path_forbidden
from gateway.fetch.web import Web
from gateway.jobs.files import Buckets, Reference
from gateway.services.settings import InputUrls

__all__ = ["GuardedReferences"]

# Two letters at least: `C:\\` is a path.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")

# What a person means to be a path, even where none is read.
_PATH = re.compile(r"[/~\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\]|[^\s/\\]+(?:[/\\][^\s/\\]+)*\.\w{2,5}$")

# RFC 8089, on this machine: no host, or its own name for itself.
_FILE_URL = re.compile(r"file:(?://(?:localhost)?)?(/(?!/)[^?#]{0,4000})", re.IGNORECASE)

# Base64 without its `data:…,` may begin with a slash and be millions of characters long.
_LONGEST_PATH = 4096


class GuardedReferences:
    """Implements `References`.

    Args:
        folders: Where paths are read; none: no path is.
        urls: What may be fetched.
        network: How hosts are resolved and connections made.
        buckets: Those that callers may name files in; None: there is none.
    """

    def __init__(
        self,
        folders: Sequence[str],
        urls: InputUrls,
        network: Network | None = None,
        buckets: Buckets | None = None,
    ) -> None:
        self._buckets = buckets
        self._folders = resolve_folders(folders)
        self._urls = urls
        self._web = Web(urls, network or Network())

    async def open(self, reference: str, *, local: bool) -> Reference:
        """Open it. `local`: the caller is on this machine (stdio, command line), so paths count.

        Raises:
            InputRefused: Not allowed, not there, too large, too slow.
        """
        text = reference.strip()
        scheme = _SCHEME.match(text)
        match scheme.group(1).lower() if scheme else "":
            case "data":
                return await open_data_url(text, self._urls.max_size)
            case "http" | "https":
                return await self._web.open(text)
            case "s3" | "gs" | "az":
                return await open_in_bucket(text, self._buckets, self._urls)
            case "file" if (path := _FILE_URL.fullmatch(text)) is not None:
                return await self._open_path(unquote(path.group(1)), local=local)
            case "" if 0 < len(text) <= _LONGEST_PATH:
                return await self._open_path(text, local=local)
            case _:
                raise no_reference(text, self._names, local=local)

    async def _open_path(self, text: str, *, local: bool) -> Reference:
        if local and self._folders:
            return await open_path(text, self._folders, self._urls.max_size)
        if _PATH.match(text):
            raise path_forbidden(text, self._names, local=local)
        raise no_reference(text, self._names, local=local)

    @property
    def _names(self) -> list[str]:
        return [str(folder) for folder in self._folders]
