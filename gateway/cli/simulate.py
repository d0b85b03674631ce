"""`gateway simulate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.models import models_for
from gateway.cli.opening import Config, open_project
from gateway.errors import DeclarationError, GatewayError
from gateway.simulator.process import Address
from gateway.simulator.server import run_simulator
from gateway.simulator.settings import Models, Settings

__all__ = ["register"]


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("simulate", help=sentence)(_simulate)


def _simulate(
    config: Config = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Where to listen; 0 takes a free one.")
    ] = 8188,
    version: Annotated[
        str,
        typer.Option("--version", help="The ComfyUI to play: 0.33.0, or 0.3.64 for an old one."),
    ] = "0.33.0",
    step: Annotated[
        float, typer.Option("--step", min=0, help="Seconds that a sampling step takes.")
    ] = 0.05,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder",
            metavar="DIR",
            help="Keeps input/ and output/.  [default: a passing one]",
            show_default=False,
        ),
    ] = None,
) -> None:
    settings = Settings(version=version, step_seconds=step, models=_models(config, version))
    try:
        run_simulator(settings, Address("127.0.0.1", port, None), folder, _tell)
    except KeyboardInterrupt:
        pass  # the usual way to end it
    except OSError as error:
        raise GatewayError(
            f"nothing can listen on port {port}: {error.strerror}",
            code="http-port-in-use",
            mend="Choose another with --port, or 0 for a free one.",
        ) from error


def _models(config: Path | None, version: str) -> Models:
    """Return the models to offer: with those of the project here, when there is one without errors."""
    try:
        services = open_project(config).services
    except DeclarationError:
        if config is not None:
            raise
        services = ()
    return models_for(services, version)


def _tell(url: str) -> None:
    sys.stderr.write(f"A simulated ComfyUI listens at {url} (Ctrl-C ends it)\n")
