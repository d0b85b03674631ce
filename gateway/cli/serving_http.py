"""Serving over HTTP."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

from gateway.cli.serve_options import ServeOptions
from gateway.cli.serving import open_served, work_beside
from gateway.project.environment import read_environment
from gateway.server.http import HttpAccess, serve_http
from gateway.services.settings import GatewaySettings

__all__ = ["serve"]

_SECRET_VARIABLE = "GATEWAY_LINK_SECRET"  # noqa: S105 (its name, not the secret)


def serve(options: ServeOptions) -> int:
    """Serve until a signal says stop; return the exit status.

    Raises:
        GatewayError: The project has errors, or the address may not or cannot be listened on.
    """
    asyncio.run(_serve(options))
    return 0


async def _serve(options: ServeOptions) -> None:
    front = open_served(options.config)
    try:
        await work_beside(front, options.backends)
        project = await front.project()
        settings = _with_options(project.declaration.gateway, options)
        access = HttpAccess(project.keys, read_environment().get(_SECRET_VARIABLE, ""))
        await serve_http(front, settings, access, _tell)
    finally:
        await front.close()


def _with_options(settings: GatewaySettings, options: ServeOptions) -> GatewaySettings:
    http = settings.http
    host = http.host if options.host is None else options.host
    port = http.port if options.port is None else options.port
    return replace(settings, http=replace(http, host=host, port=port))


def _tell(url: str) -> None:
    sys.stderr.write(f"Serving MCP at {url}\n")
