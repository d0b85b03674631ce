"""Files inside data: URLs."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InputRefused
from gateway.fetch.data_urls import open_data_url
from gateway.fetch.references import GuardedReferences
from gateway.services.settings import InputUrls

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
LIMIT = 3_000_000


async def whole(chunks: AsyncIterator[bytes]) -> bytes:
    return b"".join([chunk async for chunk in chunks])


def base64_url(data: bytes, told: str = "image/png") -> str:
    return f"data:{told};base64,{base64.b64encode(data).decode()}"


@pytest.mark.parametrize(
    "url",
    [
        base64_url(PNG),
        base64_url(PNG, "image/png;charset=utf-8"),
        base64_url(PNG, ""),
        base64_url(PNG).replace("data:", "DATA:").replace("base64", "BASE64"),
        base64_url(PNG).rstrip("="),
        "data:image/png;base64," + quote(base64.b64encode(PNG).decode(), safe=""),
        "data:image/png;base64," + base64.urlsafe_b64encode(PNG).decode(),
        "data:image/png;base64,\n" + base64.encodebytes(PNG).decode(),
        "data:image/png," + quote(PNG),
    ],
)
async def test_every_usual_way_to_write_one_is_read(url: str) -> None:
    opened = await GuardedReferences([], InputUrls()).open(url, local=False)
    assert (opened.filename, opened.mime_type) == ("file.png", "image/png")
    assert await whole(opened.chunks) == PNG


@given(st.binary(min_size=1, max_size=2000), st.booleans())
async def test_any_bytes_come_out_as_they_went_in(data: bytes, percent: bool) -> None:
    url = f"data:,{quote(data)}" if percent else base64_url(data, "")
    assert await whole((await open_data_url(url, LIMIT)).chunks) == data


async def test_a_large_one_comes_in_pieces() -> None:
    data = b"x" * 2_000_000
    opened = await open_data_url(base64_url(data, "audio/flac"), LIMIT)
    pieces = [chunk async for chunk in opened.chunks]
    assert (opened.filename, opened.mime_type) == ("file.flac", "audio/flac")
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) <= 256 * 1024


@pytest.mark.parametrize(
    ("url", "filename", "mime"),
    [
        ("data:audio/flac;base64,AAECAw==", "file.flac", "audio/flac"),
        ("data:;base64,AAECAw==", "file", "application/octet-stream"),
        ("data:,plain%20words", "file.txt", "text/plain"),
        ("data:image/jpeg;base64," + base64.b64encode(PNG).decode(), "file.png", "image/png"),
    ],
)
async def test_the_bytes_are_believed_before_the_type_they_come_with(
    url: str, filename: str, mime: str
) -> None:
    opened = await open_data_url(url, LIMIT)
    assert (opened.filename, opened.mime_type) == (filename, mime)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("data:image/png;base64", "no comma"),
        ("data:", "no comma"),
        ("data:image/png;base64,", "no data"),
        ("data:,", "no data"),
        ("data:image/png;base64,iVBO*w0K", "'*' at character 5 is no base64"),
        ("data:image/png;base64,iVBOR", "cut off or broken"),
        ("data:image/png;base64,iV=BORw0", "cut off or broken"),
        ("data:image/png;base64,ïVBO", "no base64"),
        ("data:image/png;base64,====", "no data"),
    ],
)
async def test_a_broken_one_says_what_is_wrong(url: str, why: str) -> None:
    with pytest.raises(InputRefused) as caught:
        await open_data_url(url, LIMIT)
    assert caught.value.code == "input-data-broken"
    assert why in caught.value.message
    assert "data:image/png;base64," in caught.value.message


@pytest.mark.parametrize(
    "url",
    [
        base64_url(b"x" * 1001),
        base64_url(b"x" * 100_000),
        "data:," + "x" * 1001,
        "data:," + "%20" * 1001,
    ],
)
async def test_one_over_the_limit_is_refused(url: str) -> None:
    with pytest.raises(InputRefused) as caught:
        await open_data_url(url, 1000)
    assert caught.value.code == "input-too-large"


async def test_one_at_the_limit_is_taken_however_it_is_encoded() -> None:
    data = b"\xff\xfe" * 500
    encoded = "".join(f"%{ord(sign):02X}" for sign in base64.b64encode(data).decode())
    for url in (base64_url(data), f"data:;base64,{encoded}", f"data:,{quote(data)}"):
        assert await whole((await open_data_url(url, 1000)).chunks) == data
