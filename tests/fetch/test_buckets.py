"""References into buckets: what is open, the limits, and words for each refusal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from gateway.errors import GatewayError, InputRefused
from gateway.fetch.references import GuardedReferences
from gateway.jobs.files import Opened, Reference
from gateway.services.settings import InputUrls

URL = "s3://things/in/fox.png"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


@dataclass
class Shelf:
    """Buckets in memory; `stuck` after so many chunks."""

    files: dict[str, list[bytes] | Exception]
    stuck: bool = False
    asked: list[str] = field(default_factory=list[str])

    async def open(self, url: str) -> Opened | None:
        """Open what stands there."""
        self.asked.append(url)
        found = self.files.get(url)
        if isinstance(found, Exception):
            raise found
        if found is None:
            return None
        return Opened(sum(map(len, found)), self._chunks(found))

    async def _chunks(self, parts: list[bytes]) -> AsyncIterator[bytes]:
        for part in parts:
            yield part
        if self.stuck:
            await asyncio.Event().wait()


async def opened(shelf: Shelf, url: str = URL, **limits: float) -> Reference:
    urls = InputUrls(max_size=int(limits.get("size", 1000)), timeout=limits.get("seconds", 30.0))
    return await GuardedReferences([], urls, buckets=shelf).open(url, local=False)


async def read(shelf: Shelf | None, url: str, **limits: float) -> None:
    if shelf is None:
        await GuardedReferences([], InputUrls()).open(url, local=True)
        return
    reference = await opened(shelf, url, **limits)
    async for _ in reference.chunks:
        pass


async def refusal(shelf: Shelf | None, url: str = URL, **limits: float) -> tuple[str, str]:
    with pytest.raises(InputRefused) as caught:
        await read(shelf, url, **limits)
    return caught.value.code, caught.value.faults[0].message


async def test_a_file_in_a_bucket_comes_with_its_name_and_type() -> None:
    reference = await opened(Shelf({URL: [PNG, b"more"]}))
    assert (reference.filename, reference.mime_type) == ("fox.png", "image/png")
    assert b"".join([chunk async for chunk in reference.chunks]) == PNG + b"more"


async def test_an_empty_file_is_a_file() -> None:
    reference = await opened(Shelf({URL: []}))
    assert b"".join([chunk async for chunk in reference.chunks]) == b""


@pytest.mark.parametrize("url", ["s3://others/fox.png", "GS://things/in/fox.png", "az://b/c"])
async def test_a_bucket_that_is_not_open_is_refused_with_the_mend(url: str) -> None:
    code, said = await refusal(Shelf({URL: [PNG]}), url)
    assert code == "input-url-forbidden"
    assert "`gateway.input_buckets`" in said


async def test_with_no_open_bucket_every_one_is_refused() -> None:
    assert (await refusal(None))[0] == "input-url-forbidden"


async def test_a_file_that_is_too_large_is_not_read() -> None:
    shelf = Shelf({URL: [PNG]})
    assert (await refusal(shelf, size=len(PNG) - 1))[0] == "input-too-large"


@pytest.mark.parametrize("parts", [[], [PNG]])
async def test_a_file_that_does_not_arrive_in_time_is_refused(parts: list[bytes]) -> None:
    shelf = Shelf({URL: parts}, stuck=True)
    assert (await refusal(shelf, seconds=0.05))[0] == "input-timed-out"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (KeyError(URL), "there is no such file"),
        (GatewayError("…", code="storage-away", found="nothing listens there"), "nothing listens"),
    ],
)
async def test_what_the_bucket_says_is_passed_on(fault: Exception, said: str) -> None:
    code, message = await refusal(Shelf({URL: fault}))
    assert code == "input-url-failed"
    assert said in message
