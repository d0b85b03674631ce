"""Serving over standard input and output: the way an editor starts the gateway."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gateway.cli.loading import load
from gateway.cli.report import as_text, is_coloured, print_error
from gateway.cli.serve_options import ServeOptions
from gateway.errors import DeclarationError, Finding
from gateway.front import Front, open_front
from gateway.project.environment import read_environment
from gateway.project.locate import find_config
from gateway.server.stdio import serve_stdio

if TYPE_CHECKING:
    from gateway.project.load import Project

__all__ = ["open_served", "serve", "work_beside"]


def serve(options: ServeOptions) -> int:
    """Serve until the client closes its end; return the exit status."""
    try:
        asyncio.run(_serve(options))
    except DeclarationError as error:
        print_error(error)
        return 2 if any(each.code == "config-not-found" for each in error.findings) else 1
    except KeyboardInterrupt:
        pass  # the usual way to end it by hand
    return 0


def open_served(config: Path | None) -> Front:
    """Open the project that is to be served; later edits' findings go to stderr.

    Raises:
        DeclarationError: There is none, or it has errors.
    """
    environment = read_environment()
    path = find_config(config, environment, Path.cwd())
    front = open_front(path, environment, _report)
    gc.freeze()  # what is loaded by now stays; it need not be looked at again
    # A call makes and drops thousands of objects that hang in no cycle: looking for cycles after
    # every 700 takes 7 % of the time of a busy gateway.
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
    return front


async def work_beside(front: Front, backends: str | None) -> None:
    """Begin to take a cluster's jobs for these backends, if any are named.

    Raises:
        GatewayError: There is no such backend, or no cluster.
    """
    if backends is not None:
        project = await front.project()
        load_names = load("gateway.cli.working", "named_backends")
        named = cast("Callable[[Project, str], frozenset[str]]", load_names)
        front.work_for(named(project, backends))
        front.warm()


async def _serve(options: ServeOptions) -> None:
    front = open_served(options.config)
    await work_beside(front, options.backends)
    await serve_stdio(front, front.introduction, front.close)


def _report(findings: Sequence[Finding]) -> None:
    sys.stderr.write(as_text(findings, coloured=is_coloured(sys.stderr)))
    if any(each.severity == "error" for each in findings):
        sys.stderr.write("The tools stay as they were until this is mended.\n")
