"""MCP over streamable HTTP, with the routes beside it: files, health, readiness.

Knows nothing of what is served. Listens on loopback unless a key is configured.
"""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway import __version__
from gateway.errors import GatewayError
from gateway.jobs.job import Job
from gateway.server.admission import check_bind, host_rule
from gateway.server.files import Files
from gateway.server.guard import Door, Guard
from gateway.server.links import Links
from gateway.server.mcp_server import GatewayServer
from gateway.server.visitor import Visitor, Visitors
from gateway.services.settings import GatewaySettings, HttpSettings
from gateway.tools.running import Published

__all__ = ["HttpAccess", "http_app", "serve_http"]

READY_WITHIN = 5.0
"""Seconds in which a backend must answer to be ready."""

GRACE = 2
"""Seconds that open requests get when the server stops."""


@dataclass(frozen=True, slots=True)
class HttpAccess:
    """What may come in.

    Attributes:
        keys: Name → API key; none: no key is needed, and only loopback is listened on.
        link_secret: Signs the links to files; empty: one of this process's own.
    """

    keys: Mapping[str, str]
    link_secret: str = ""


def http_app(
    published: Published, settings: GatewaySettings, keys: Mapping[str, str], link_secret: str = ""
) -> Starlette:
    """Return the ASGI app, to be run by any server.

    Args:
        published: The tools, and the way to the running part.
        settings: The `gateway` section.
        keys: Name → API key.
        link_secret: Signs the links to files; empty: one of this process's own.
    """
    return _app(published, settings, HttpAccess(keys, link_secret))[0]


async def serve_http(
    published: Published,
    settings: GatewaySettings,
    access: HttpAccess,
    started: Callable[[str], None] | None = None,
) -> None:
    """Serve until a signal says stop, or the task is cancelled.

    Args:
        published: The tools, and the way to the running part.
        settings: The `gateway` section; port 0 takes a free one.
        access: What may come in.
        started: Told the URL of MCP, once it is answered there.

    Raises:
        GatewayError: The address may not or cannot be listened on.
    """
    check_bind(settings.http, access.keys)
    app, server = _app(published, settings, access)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws="none",
        lifespan="on",
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    with _listening(settings.http) as listener:
        url = _url(listener, settings.http)
        host = _Uvicorn(config, server, lambda: started(url) if started else None)
        serving = asyncio.ensure_future(host.serve([listener]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            host.should_exit = True
            await serving
            raise


def _app(
    published: Published, settings: GatewaySettings, access: HttpAccess
) -> tuple[Starlette, GatewayServer]:
    files = Files(published, Links(access.keys or ("local",), access.link_secret))
    server = GatewayServer(published, settings, _visitors(files))
    hosts = host_rule(settings.http)
    app = server.streamable_http_app(
        streamable_http_path=settings.http.path,
        max_request_body_size=settings.http.max_body,
        # The guard has looked at Host and Origin of every route, by the same rule for all.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        custom_starlette_routes=[
            Route("/healthz", _healthz),
            Route("/readyz", _Readiness(published).answer),
            Route("/files/{token}/{name}", files.answer),
        ],
    )
    http = settings.http
    door = Door(hosts, access.keys, http.max_body, http.path, server.peers)
    app.add_middleware(Guard, door=door)
    return app, server


def _visitors(files: Files) -> Visitors:
    def visitor(request: Request[Any] | None) -> Visitor:
        if request is None:
            return Visitor(local=False)
        user: object = request.scope.get("user")
        caller = user.username if isinstance(user, AuthenticatedUser) else "local"
        base = str(request.base_url).rstrip("/")

        def url(job: Job, index: int) -> str:
            return files.url(base, caller, job, index)

        return Visitor(caller=caller, local=False, url=url)

    return visitor


async def _healthz(request: Request[Any]) -> Response:  # noqa: ARG001 - the shape of a route
    return JSONResponse({"status": "ok", "version": __version__})


class _Readiness:
    """Answers /readyz: whether a call could run now."""

    def __init__(self, published: Published) -> None:
        self._published = published

    async def answer(self, request: Request[Any]) -> Response:  # noqa: ARG002 - the shape of a route
        try:
            async with asyncio.timeout(READY_WITHIN):
                running = await self._published.running()
                ready = await running.ready()
        except TimeoutError:
            ready = False
        status = "ready" if ready else "no backend answers"
        return JSONResponse({"status": status}, status_code=200 if ready else 503)


class _Uvicorn(uvicorn.Server):
    """uvicorn, but whoever started it goes on after a signal instead of dying of it."""

    def __init__(
        self, config: uvicorn.Config, server: GatewayServer, started: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._gateway = server
        self._on_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # From here on a dropped stream is our doing, and no caller's cancel.
        await self._gateway.close()
        await super().shutdown(sockets)
        await self._gateway.close()

    def stop(self, *_: object) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.stop) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)


def _listening(http: HttpSettings) -> socket.socket:
    host = http.host.strip("[]")
    try:
        family = socket.getaddrinfo(host, http.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, http.port), family=family, backlog=2048)
    except OSError as error:
        raise _cannot_listen(http, error) from error


def _cannot_listen(http: HttpSettings, error: OSError) -> GatewayError:
    if error.errno == errno.EADDRINUSE:
        return GatewayError(
            f"Port {http.port} of {http.host} is in use by another program.",
            code="http-port-in-use",
            where="gateway.http.port",
            found=str(http.port),
            mend=f"Stop that program, or choose another port: --port {http.port + 1}.",
        )
    return GatewayError(
        f"{http.host}:{http.port} cannot be listened on: {error.strerror or error}.",
        code="http-bind-failed",
        where="gateway.http.host",
        found=f"{http.host}:{http.port}",
        mend="Use an address of this machine, such as 127.0.0.1, and a port above 1023.",
    )


def _url(listener: socket.socket, http: HttpSettings) -> str:
    host = f"[{http.host}]" if ":" in http.host.strip("[]") else http.host
    return f"http://{host}:{listener.getsockname()[1]}{http.path}"
