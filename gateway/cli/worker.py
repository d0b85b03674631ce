"""`gateway worker`: takes a cluster's jobs for some backends, until a signal says stop."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.opening import Config
from gateway.cli.serving import open_served
from gateway.cli.working import named_backends

__all__ = ["register"]


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("worker", help=sentence)(_worker)


def _worker(
    config: Config = None,
    backends: Annotated[
        str | None,
        typer.Option(
            "--backends",
            metavar="A,B",
            show_default=False,
            help="For which backends to take jobs, by name.  [default: all]",
        ),
    ] = None,
) -> None:
    asyncio.run(_work(config, backends or "all"))


async def _work(config: Path | None, backends: str) -> None:
    front = open_served(config)
    try:
        names = named_backends(await front.project(), backends)
        front.work_for(names)
        await front.running()
        sys.stderr.write(f"Taking jobs for {', '.join(sorted(names))}\n")
        await _until_stopped()
    finally:
        await front.close()
    sys.stderr.write("Went home; jobs under way are back in line.\n")


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    with suppress(NotImplementedError):  # Windows: Ctrl-C raises there
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, stopped.set)
    await stopped.wait()
