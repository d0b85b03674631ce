"""The upload form."""

from __future__ import annotations

from collections.abc import AsyncIterator

from gateway.comfy.multipart import UploadForm
from gateway.jobs.backend import Upload

FILE = (
    '\r\nContent-Disposition: form-data; name="image"; filename="a%22b%0D%0A図.png"\r\n'
    "Content-Type: image/png\r\n\r\nabcdef\r\n"
)


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    for each in data:
        yield each


async def test_the_form_is_streamed_around_the_file_and_its_size_is_known() -> None:
    form = UploadForm(Upload('a"b\r\n図.png', "image/png", 6, "gateway"), pieces(b"abc", b"def"))
    chunks = [chunk async for chunk in form.chunks()]
    body = b"".join(chunks)
    boundary = form.content_type.removeprefix("multipart/form-data; boundary=")
    assert len(body) == form.size
    assert chunks[1:3] == [b"abc", b"def"]
    assert body.decode().split(f"--{boundary}") == [
        "",
        '\r\nContent-Disposition: form-data; name="type"\r\n\r\ninput\r\n',
        '\r\nContent-Disposition: form-data; name="subfolder"\r\n\r\ngateway\r\n',
        FILE,
        "--\r\n",
    ]


async def test_no_two_forms_share_a_boundary() -> None:
    upload = Upload("a.png", "image/png", 0)
    types = {UploadForm(upload, pieces()).content_type for _ in range(10)}
    assert len(types) == 10
