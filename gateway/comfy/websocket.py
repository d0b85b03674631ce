"""The one WebSocket to a ComfyUI: long-lived, always drained, shared by all prompts followed there.

The only module that knows the WebSocket library. What a frame means is `wire/`'s business.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from gateway.comfy.answers import Answer, unwanted
from gateway.comfy.http import Http
from gateway.comfy.mailbox import Mailbox
from gateway.comfy.retry import pause_before_reconnect
from gateway.comfy.trouble import broken, not_connected, timed_out
from gateway.errors import BackendError
from gateway.jobs.backend import Connected, SocketLost
from gateway.services.model import BackendDeclaration
from gateway.wire.decode import decode
from gateway.wire.messages import Status
from gateway.wire.requests import FEATURE_FLAGS, socket_path

__all__ = ["ComfySocket"]

# A node that reports a long text or many files makes a large frame; the library's 1 MiB drops it.
_LARGEST_FRAME = 256 * 1024 * 1024
_LONGEST_OPENING = 10.0
_CLOSING = 1.0
_PING_EVERY = 20.0
# A node can hold ComfyUI's interpreter for long while it is well.
_PING_ANSWER = 180.0


class _Connect(connect):
    """A connection that is not led elsewhere: its headers are for this origin alone."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Follow no redirect."""
        return exc


class ComfySocket:
    """Connects when the first prompt is followed, and again after a loss while any is."""

    def __init__(
        self, backend: BackendDeclaration, http: Http, on_connect: Callable[[], None]
    ) -> None:
        self._backend = backend
        self._http = http
        self._on_connect = on_connect
        self._mailboxes: dict[str, list[Mailbox]] = {}
        self._waiters: set[asyncio.Future[None]] = set()
        self._running: asyncio.Task[None] | None = None
        self._open = False
        self.client_id = _fresh_client_id()

    @asynccontextmanager
    async def follow(self, prompt_id: str, *, previews: bool) -> AsyncGenerator[Mailbox]:
        """Listen for a prompt; `BackendError` is raised when there is no WebSocket to be had."""
        await self._opened()
        mailbox = Mailbox(previews=previews)
        self._mailboxes.setdefault(prompt_id, []).append(mailbox)
        try:
            yield mailbox
        finally:
            self._mailboxes[prompt_id].remove(mailbox)
            if not self._mailboxes[prompt_id]:
                del self._mailboxes[prompt_id]

    async def close(self) -> None:
        """Close the connection."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.wait([running])

    async def _opened(self) -> None:
        """Wait for the connection; the first failure ends the wait, so that nobody waits in vain."""
        while not self._open:
            if self._running is None or self._running.done():
                self._running = asyncio.create_task(self._run())
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.add(waiter)
            try:
                async with asyncio.timeout(self._backend.timeout):
                    await waiter
            except TimeoutError:
                raise timed_out(self._backend, self._backend.timeout) from None
            finally:
                self._waiters.discard(waiter)

    async def _run(self) -> None:
        failed = 0
        while self._waiters or self._mailboxes:
            was_open = False
            try:
                async with self._connection() as connection:
                    # ComfyUI speaks first; what takes a WebSocket and stays silent is none.
                    async with asyncio.timeout(_LONGEST_OPENING):
                        await connection.recv()
                    was_open = self._open = True
                    failed = 0
                    self._welcome()
                    await self._drain(connection)
                    error = broken(self._backend, ConnectionError("it was closed"))
            except BackendError as unusable:
                error = unusable
            except (OSError, TimeoutError, WebSocketException) as trouble:
                error = self._explain(trouble, was_open=was_open)
            finally:
                self._open = False
            self._part(error, was_open=was_open)
            await asyncio.sleep(pause_before_reconnect(failed))
            failed += 1

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[ClientConnection]:
        # A fresh id each time: under the old one ComfyUI goes deaf to the new connection when it
        # notices the end of the former.
        client_id = _fresh_client_id()
        scheme, _, rest = self._backend.url.partition("://")
        uri = f"{'wss' if scheme == 'https' else 'ws'}://{rest}{socket_path(client_id)}"
        async with _Connect(
            uri,
            additional_headers=self._backend.headers,
            user_agent_header="comfyui-gateway",
            ssl=self._http.tls,
            proxy=None,
            compression=None,
            max_size=_LARGEST_FRAME,
            max_queue=None,
            open_timeout=min(self._backend.timeout, _LONGEST_OPENING),
            close_timeout=_CLOSING,
            ping_interval=_PING_EVERY,
            ping_timeout=_PING_ANSWER,
        ) as connection:
            await connection.send(json.dumps(FEATURE_FLAGS))
            self.client_id = client_id
            yield connection

    async def _drain(self, connection: ClientConnection) -> None:
        async for frame in connection:
            # Nobody listens to most frames of a busy server; reading them off is all they need.
            if self._mailboxes and (isinstance(frame, str) or self._previews_wanted()):
                self._deliver(frame)

    def _previews_wanted(self) -> bool:
        return any(each.previews for boxes in self._mailboxes.values() for each in boxes)

    def _deliver(self, frame: str | bytes) -> None:
        message = decode(frame)
        if isinstance(message, Status):
            # An empty queue tells those whose run has not begun that it was deleted or is over. Other
            # changes of the queue tell nobody anything, and each goes to every follower.
            if message.queue_remaining == 0:
                for boxes in self._mailboxes.values():
                    for each in boxes:
                        if not each.begun:
                            each.put(message)
            return
        prompt_id = getattr(message, "prompt_id", None)
        for each in self._mailboxes.get(prompt_id, ()) if prompt_id is not None else ():
            if isinstance(frame, str) or each.previews:
                each.begun = True
                each.put(message)

    def _welcome(self) -> None:
        self._on_connect()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._tell(Connected())

    def _part(self, error: BackendError, *, was_open: bool) -> None:
        if was_open:
            self._tell(SocketLost(error.message))
            return
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(error)

    def _tell(self, news: Connected | SocketLost) -> None:
        for boxes in self._mailboxes.values():
            for each in boxes:
                each.put(news)

    def _explain(self, trouble: OSError | WebSocketException, *, was_open: bool) -> BackendError:
        if isinstance(trouble, InvalidStatus):
            response = trouble.response
            answer = Answer(
                "GET /ws",
                response.status_code,
                response.headers.get("content-type", "").lower(),
                bytes(response.body or b""),
                response.headers.get("location", ""),
            )
            return unwanted(self._backend, answer)
        if isinstance(trouble, TimeoutError):
            return timed_out(self._backend, min(self._backend.timeout, _LONGEST_OPENING))
        if was_open or isinstance(trouble, WebSocketException):
            return broken(self._backend, trouble)
        return not_connected(self._backend, trouble)


def _fresh_client_id() -> str:
    return uuid.uuid4().hex
