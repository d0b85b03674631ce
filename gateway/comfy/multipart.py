"""The form that ComfyUI's upload route takes, streamed: the file is never whole in memory.

Source: ComfyUI server.py `image_upload` (field `image` for files of any type).
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

from gateway.jobs.backend import Upload

__all__ = ["UploadForm"]


class UploadForm:
    """A multipart body around one file."""

    def __init__(self, upload: Upload, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        boundary = secrets.token_hex(16)
        fields = {"type": "input", "subfolder": upload.subfolder}
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; '
            f'filename="{_quoted(upload.filename)}"\r\n'
            f"Content-Type: {_quoted(upload.mime_type)}\r\n\r\n"
        )
        self._head = "".join(parts).encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self.size = len(self._head) + upload.size + len(self._tail)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body."""
        yield self._head
        async for chunk in self._chunks:
            yield chunk
        yield self._tail


def _quoted(text: str) -> str:
    # As browsers do it (https://html.spec.whatwg.org/#multipart-form-data).
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
