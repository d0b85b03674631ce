"""`gateway serve`, with every option; the plain form goes straight to `serving`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, cast

import typer

from gateway.cli.loading import load
from gateway.cli.opening import Config
from gateway.cli.serve_options import ServeOptions, Transport
from gateway.errors import GatewayError

__all__ = ["register"]

Backends = Annotated[
    str | None,
    typer.Option(
        "--backends",
        metavar="A,B",
        show_default=False,
        help="In a cluster: take jobs for these backends, too; `all` for every one.",
    ),
]


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("serve", help=sentence)(_serve)


def _serve(
    config: Config = None,
    transport: Annotated[
        Transport, typer.Option("--transport", help="stdio for one client, http for many.")
    ] = "stdio",
    host: Annotated[
        str | None,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            show_default=False,
            help="Where http listens.  [default: gateway.http.host, 127.0.0.1]",
        ),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port",
            min=0,
            max=65535,
            show_default=False,
            help="Where http listens; 0 takes a free one.  [default: gateway.http.port, 8080]",
        ),
    ] = None,
    backends: Backends = None,
) -> None:
    if transport == "stdio" and (host is not None or port is not None):
        raise GatewayError(
            "--host and --port are for --transport http", code="wrong-use", mend="Leave them out."
        )
    module = "gateway.cli.serving" if transport == "stdio" else "gateway.cli.serving_http"
    serve = cast("Callable[[ServeOptions], int]", load(module, "serve"))
    raise typer.Exit(serve(ServeOptions(config, transport, host, port, backends)))
