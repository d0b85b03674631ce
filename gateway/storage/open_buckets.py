"""Buckets that callers may name files in, each under its prefix alone. Knows no jobs."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.jobs.files import Opened
from gateway.services.bucket import Bucket
from gateway.storage.buckets import open_bucket
from gateway.storage.place import Place

__all__ = ["OpenBuckets"]


class OpenBuckets:
    """Implements `Buckets`: nothing outside of what services.yaml lists is ever asked for.

    Raises:
        GatewayError: A bucket lacks something without which it cannot be spoken to.
    """

    def __init__(self, buckets: Sequence[Bucket]) -> None:
        self._places: dict[str, Place] = {each.url: open_bucket(each)[0] for each in buckets}

    async def open(self, url: str) -> Opened | None:
        """Open a file by its URL, to be read from its beginning; None: it is in no open bucket.

        Raises:
            KeyError: There is no such file.
            GatewayError: The bucket does not answer, or refuses.
        """
        for home, place in self._places.items():
            key = url.removeprefix(f"{home}/")
            if key != url:
                return await place.open(key, 0, None) if _is_key(key) else None
        return None


def _is_key(key: str) -> bool:
    """Tell whether a key has plain parts only: `..` means nothing to a bucket, but might to what is before it."""
    return key.isprintable() and all(part not in {"", ".", ".."} for part in key.split("/"))
