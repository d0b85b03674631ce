"""HTTP with one ComfyUI: one pool of connections, nothing followed, nothing sent anywhere else.

The only module that knows the HTTP library. It uses the library's transport without its client:
no redirects, cookies or proxies from the environment, so credentials can only go to their origin.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import lru_cache

import httpx2 as httpx

from gateway.comfy.answers import Answer
from gateway.comfy.retry import pause_before_retry
from gateway.comfy.trouble import broken, not_connected, not_sendable, timed_out
from gateway.errors import BackendAnsweredOddly, BackendError, BackendUnreachable
from gateway.graph.json_value import Json
from gateway.services.model import BackendDeclaration

__all__ = ["Http", "OpenAnswer"]

_LONGEST_CONNECT = 10.0
# ComfyUI keeps an idle connection for 75 s; one that it is about to close must not get a prompt.
_KEPT_IDLE = 20.0
_MOST_CONNECTIONS = 128
_IDLE_CONNECTIONS = 32
_MOST_READ = 256 << 20
"""Bytes of an answer that is held as a whole, which files never are."""
_RETRIED = frozenset({502, 503, 504})


class OpenAnswer:
    """An answer whose body is still on its way."""

    def __init__(self, http: Http, response: httpx.Response, asked: str) -> None:
        self._http = http
        self._response = response
        self._asked = asked
        self.status = response.status_code
        self.content_type = response.headers.get("content-type", "").lower()

    @property
    def size(self) -> int | None:
        """How many bytes will come, when the server says so."""
        length = self._response.headers.get("content-length", "")
        if "content-encoding" in self._response.headers or not length.isdecimal():
            return None
        return int(length)

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes; `BackendUnreachable` is raised when it stops coming."""
        with self._http.explained():
            async for chunk in self._response.aiter_bytes():
                yield chunk

    async def read(self) -> Answer:
        """Read the rest and return the whole; an answer without an end is given up."""
        body = bytearray()
        async for chunk in self.chunks():
            body += chunk
            if len(body) > _MOST_READ:
                raise self._http.endless(self._asked)
        location = self._response.headers.get("location", "")
        return Answer(self._asked, self.status, self.content_type, bytes(body), location)


class Http:
    """Calls one ComfyUI. Built at once, connected at the first call.

    Every method raises a `BackendError` when there is no answer; what an answer means is up to the
    caller.
    """

    def __init__(self, backend: BackendDeclaration) -> None:
        self._backend = backend
        self._base = backend.url.rstrip("/")
        self._headers: list[tuple[str, str]] = [
            ("user-agent", "comfyui-gateway"),
            ("accept", "*/*"),
            *backend.headers.items(),
        ]
        seconds = backend.timeout
        self._extensions = {
            "timeout": {
                "connect": min(seconds, _LONGEST_CONNECT),
                "read": seconds,
                "write": seconds,
                "pool": seconds,
            }
        }
        self._transport: httpx.AsyncHTTPTransport | None = None
        self._tls: ssl.SSLContext | None = None

    @property
    def tls(self) -> ssl.SSLContext | None:
        """The TLS context for this origin; None when it needs none."""
        if self._tls is None and self._base.startswith("https:"):
            self._tls = _tls_context(self._backend)
        return self._tls

    async def ask(self, path: str) -> Answer:
        """`GET`, tried again where an answer may yet come."""
        return await self._repeated("GET", path, None)

    async def tell(self, path: str, body: Mapping[str, Json]) -> Answer:
        """`POST` JSON that does the same when it arrives twice; tried again like a question."""
        return await self._repeated("POST", path, json.dumps(body).encode())

    async def post_once(self, path: str, body: Mapping[str, Json]) -> Answer:
        """`POST` JSON, once and never again; without an answer it may have arrived all the same."""
        return await self._call("POST", path, json.dumps(body).encode())

    async def send(
        self, path: str, chunks: AsyncIterator[bytes], content_type: str, size: int
    ) -> Answer:
        """`POST` a body of `size` bytes as it comes, once."""
        headers = [("content-type", content_type), ("content-length", str(size))]
        async with self._opened("POST", path, self._exactly(chunks, size), headers) as opened:
            return await opened.read()

    @asynccontextmanager
    async def open(self, path: str) -> AsyncGenerator[OpenAnswer]:
        """`GET`, the body left to be read as it comes, uncompressed."""
        async with self._opened("GET", path, None, [("accept-encoding", "identity")]) as opened:
            yield opened

    async def close(self) -> None:
        """Close every connection."""
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def _exactly(self, chunks: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
        left = size
        async for chunk in chunks:
            left -= len(chunk)
            if left < 0:
                break
            yield chunk
        if left:
            raise not_sendable(self._backend)

    async def _repeated(self, method: str, path: str, body: bytes | None) -> Answer:
        failed = 0
        while True:
            try:
                answer = await self._call(method, path, body)
                if answer.status not in _RETRIED:
                    return answer
                error: BackendError = BackendUnreachable("")
            except BackendUnreachable as unreachable:
                answer, error = None, unreachable
            failed += 1
            pause = pause_before_retry(failed, error)
            if pause is None:
                if answer is None:
                    raise error
                return answer
            await asyncio.sleep(pause)

    async def _call(self, method: str, path: str, body: bytes | None) -> Answer:
        headers = [("accept-encoding", "gzip, deflate")]
        if body is not None:
            headers.append(("content-type", "application/json"))
        try:
            async with (
                asyncio.timeout(self._backend.timeout),
                self._opened(method, path, body, headers) as opened,
            ):
                return await opened.read()
        except TimeoutError:
            raise timed_out(self._backend, self._backend.timeout) from None

    @asynccontextmanager
    async def _opened(
        self,
        method: str,
        path: str,
        content: bytes | AsyncIterator[bytes] | None,
        headers: list[tuple[str, str]],
    ) -> AsyncGenerator[OpenAnswer]:
        with self.explained():
            request = httpx.Request(
                method,
                _url(self._base + path),
                headers=self._headers + headers,
                content=content,
                extensions=self._extensions,
            )
            response = await self._connected().handle_async_request(request)
        try:
            yield OpenAnswer(self, response, f"{method} {path.partition('?')[0]}")
        finally:
            await response.aclose()

    def _connected(self) -> httpx.AsyncHTTPTransport:
        if self._transport is None:
            self._transport = httpx.AsyncHTTPTransport(
                # Without https there is nothing to verify, and reading the authorities takes 25 ms.
                verify=self.tls or False,
                trust_env=False,
                limits=httpx.Limits(
                    max_connections=_MOST_CONNECTIONS,
                    max_keepalive_connections=_IDLE_CONNECTIONS,
                    keepalive_expiry=_KEPT_IDLE,
                ),
            )
        return self._transport

    def endless(self, asked: str) -> BackendAnsweredOddly:
        """Return the error for an answer that is larger than any of ComfyUI's."""
        return BackendAnsweredOddly(
            f"Backend {self._backend.name}: the answer to {asked} is larger than "
            f"{_MOST_READ >> 20} MiB.",
            where=self._backend.name,
            mend="Look at what runs at the backend's url: no ComfyUI says that much.",
        )

    @contextmanager
    def explained(self) -> Generator[None]:
        """Turn the HTTP library's errors into ours."""
        try:
            yield
        except httpx.TimeoutException:
            raise timed_out(self._backend, self._backend.timeout) from None
        except (httpx.LocalProtocolError, httpx.InvalidURL, UnicodeEncodeError):
            raise not_sendable(self._backend) from None
        except httpx.ConnectError as error:
            raise not_connected(self._backend, error) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise broken(self._backend, error) from error


@lru_cache(maxsize=64)
def _url(text: str) -> httpx.URL:
    """Return a URL; most calls go to the same few, and parsing one takes as long as sending it."""
    return httpx.URL(text)


def _tls_context(backend: BackendDeclaration) -> ssl.SSLContext:
    if not backend.tls_verify:
        return httpx.create_ssl_context(verify=False)
    if backend.tls_ca is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=backend.tls_ca)
    except (OSError, ssl.SSLError) as error:
        raise BackendUnreachable(
            f"Backend {backend.name}: its CA file {backend.tls_ca} cannot be used.",
            code="backend-ca-file",
            where=backend.name,
            found=type(error).__name__,
            mend="Correct `tls: {ca: …}` in services.yaml: a file with certificates in PEM form.",
        ) from error
