"""Opening the project that a command is about."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.report import as_text, is_coloured
from gateway.errors import DeclarationError
from gateway.project.environment import read_environment
from gateway.project.load import Project, load_project
from gateway.project.locate import find_config

__all__ = ["Config", "config_path", "open_project"]

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="PATH",
        help="services.yaml, or the folder it is in.  [default: here or in a folder above; GATEWAY_CONFIG]",
        show_default=False,
    ),
]


def config_path(given: Path | None) -> Path:
    """Return the path of services.yaml.

    Raises:
        DeclarationError: There is none.
    """
    return find_config(given, read_environment(), Path.cwd())


def open_project(given: Path | None) -> Project:
    """Return the project; its warnings are told on stderr.

    Raises:
        DeclarationError: There is none, or it has errors.
    """
    loaded = load_project(config_path(given), read_environment())
    if loaded.project is None:
        raise DeclarationError(loaded.findings)
    sys.stderr.write(as_text(loaded.findings, coloured=is_coloured(sys.stderr)))
    return loaded.project
