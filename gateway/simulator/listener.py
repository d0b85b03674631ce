"""The listening port and the open connections; closing, cutting and opening again.

Knows no route: uvicorn's protocols call the app it is given.
"""

from __future__ import annotations

import asyncio
import socket
import ssl

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from gateway.simulator.corked import CorkedTransport
from gateway.simulator.settings import Tls

__all__ = ["Listener"]

_KEEP_ALIVE_SECONDS = 75
_BACKLOG = 512
_MAX_FRAME = 64 * 1024 * 1024


class _CorkedH11(H11Protocol):
    """uvicorn's HTTP/1.1, writing through a corked transport; so does the WebSocket after it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(CorkedTransport(transport))


class Listener:
    """One port.

    A second socket stays bound to it without listening, so that nobody else gets the port while
    it is closed.
    """

    def __init__(self, host: str, port: int, deflate: bool, tls: Tls | None) -> None:
        self._config = Config(
            self._call,
            http=_CorkedH11,
            ws=WebSocketsSansIOProtocol,
            ws_max_size=_MAX_FRAME,
            ws_ping_interval=None,
            ws_per_message_deflate=deflate,
            lifespan="off",
            log_config=None,
            access_log=False,
            interface="asgi3",
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        )
        self._config.load()
        self._state = ServerState()
        self._state.default_headers = [(b"server", b"simulator")]
        self._context = _tls_context(tls)
        self._host = host
        self._placeholder = _bound(host, port)
        self.port: int = self._placeholder.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._is_stopping = False
        self.app: ASGIApp | None = None

    async def open(self) -> None:
        """Listen; `app` answers from here on."""
        listening = _bound(self._host, self.port)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._connect, sock=listening, ssl=self._context, backlog=_BACKLOG
        )

    def close(self) -> None:
        """Stop listening; connecting is refused from here on. Open connections stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def cut(self) -> None:
        """Cut every connection without a word."""
        for connection in tuple(self._state.connections):
            connection.transport.abort()

    def cut_sockets(self) -> None:
        """Cut every WebSocket without a close frame."""
        for connection in tuple(self._state.connections):
            if isinstance(connection, WebSocketsSansIOProtocol):
                connection.transport.abort()

    def cut_peer(self, peer: tuple[str, int]) -> None:
        """Cut the connection of one peer."""
        for connection in tuple(self._state.connections):
            if connection.transport.get_extra_info("peername")[:2] == peer:
                connection.transport.abort()

    async def stop(self) -> None:
        """Give the port up, with every connection and every request in work."""
        self.close()
        self.cut()
        self._is_stopping = True
        tasks = tuple(self._state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._placeholder.close()

    async def _call(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self.app is not None:
                await self.app(scope, receive, send)
        except asyncio.CancelledError:
            # uvicorn would log the end of a request that was in work as a failure of the app.
            if not self._is_stopping:
                raise

    def _connect(self) -> asyncio.Protocol:
        return _CorkedH11(config=self._config, server_state=self._state, app_state={})


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's delay off only where the protocol is named.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    bound.setblocking(False)
    return bound


def _tls_context(tls: Tls | None) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tls.certificate, tls.key)
    return context
