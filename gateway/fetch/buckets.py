"""Files in buckets on a caller's word, within the limits of other URLs. Knows no sockets and no store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from gateway.errors import GatewayError
from gateway.fetch.naming import file_name, mime_type
from gateway.fetch.refusal import too_large, url_failed, url_forbidden, url_too_slow
from gateway.jobs.files import Buckets, Opened, Reference
from gateway.jobs.mime import HEAD_SIZE
from gateway.services.settings import InputUrls

__all__ = ["open_in_bucket"]


async def open_in_bucket(url: str, buckets: Buckets | None, limits: InputUrls) -> Reference:
    """Open a file by its URL; the time limit covers everything up to its last byte.

    Raises:
        InputRefused: It may not be read, is not there, is too large or too slow.
    """
    deadline = asyncio.get_running_loop().time() + limits.timeout
    try:
        async with asyncio.timeout_at(deadline):
            opened = None if buckets is None else await buckets.open(url)
    except TimeoutError:
        raise url_too_slow(url, limits.timeout) from None
    except KeyError:
        raise url_failed(url, "there is no such file") from None
    except GatewayError as error:
        raise url_failed(url, error.found) from error
    if opened is None:
        raise url_forbidden(
            url,
            "it is in no bucket that is open to callers. List its bucket and prefix under "
            "`gateway.input_buckets` in services.yaml, or give an http(s):// URL",
        )
    if opened.size > limits.max_size:
        raise too_large(limits.max_size)
    chunks = _in_time(url, opened, limits, deadline)
    first = await anext(chunks, b"")
    given = url.rpartition("/")[2]
    mime = mime_type(given, "", first[:HEAD_SIZE])
    return Reference(file_name(given, mime), mime, _whole(first, chunks))


async def _whole(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


async def _in_time(
    url: str, opened: Opened, limits: InputUrls, deadline: float
) -> AsyncIterator[bytes]:
    chunks = aiter(opened.chunks)
    while True:
        try:
            # Entered anew for each chunk: whoever reads may do so from changing tasks.
            async with asyncio.timeout_at(deadline):
                chunk = await anext(chunks, None)
        except TimeoutError:
            raise url_too_slow(url, limits.timeout) from None
        except GatewayError as error:
            raise url_failed(url, error.found) from error
        if chunk is None:
            return
        yield bytes(chunk)
