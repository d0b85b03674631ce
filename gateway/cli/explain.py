"""`gateway explain`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from rich.console import Console

from gateway.cli.explained import (
    backend_table,
    call_record,
    change_table,
    lines_above,
    lines_below,
    lines_of_others,
    where_to,
)
from gateway.cli.explaining import Explained, explain
from gateway.cli.given import named_files, read_words
from gateway.cli.naming_files import allowing, file_parameters
from gateway.cli.opening import Config, open_project
from gateway.errors import GatewayError
from gateway.project.load import Project
from gateway.services.bound import BoundService
from gateway.services.closest import closest
from gateway.tools.definitions import tool_table

__all__ = ["register"]

_WIDE = 120
"""Of what nobody reads in a terminal."""


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("explain", help=sentence)(_explain)


def _explain(
    service: Annotated[str, typer.Argument(metavar="SERVICE", help="Name of a service.")],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE",
            help="Arguments, as `gateway call` takes them; name=@path names a file.",
            show_default=False,
        ),
    ] = None,
    config: Config = None,
    online: Annotated[
        bool,
        typer.Option(
            "--online/--offline", help="Ask the backends what they have, or ask nobody anything."
        ),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    project = open_project(config)
    bound = _service(project, service)
    schema = tool_table([bound], 1).tools[service].input_schema
    files = file_parameters(project, service)
    arguments = read_words(words or [], schema, files)
    project = allowing(project, named_files(arguments, files))
    explained = asyncio.run(explain(project, bound, arguments, online=online))
    if as_json:
        document = call_record(explained)
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        _print(explained[0], explained[1:])
    if not all(each.runs for each in explained):
        raise typer.Exit(1)


def _service(project: Project, name: str) -> BoundService:
    services = {each.name: each for each in project.services}
    if name not in services:
        near = closest(name, services)
        mend = f"Did you mean {near}?" if near else f"There are: {', '.join(services)}."
        raise GatewayError(f"there is no service {name!r}", code="wrong-use", mend=mend)
    return services[name]


def _print(explained: Explained, others: Sequence[Explained]) -> None:
    console = Console() if sys.stdout.isatty() else Console(width=_WIDE)
    if others:
        name, number = explained.bound.name, len(others) + 1
        sys.stdout.write(f"{name} would start {number} jobs. The first, then what is other:\n\n")
    sys.stdout.write(f"{explained.bound.name} {where_to(explained)}\n")
    _write(lines_above(explained))
    sys.stdout.write("\n")
    console.print(change_table(explained))
    sys.stdout.write("\n")
    console.print(backend_table(explained))
    sys.stdout.write("\n")
    _write(lines_below(explained))
    _write(lines_of_others((explained, *others)))
    sys.stdout.write("Nothing was run, and nothing is kept.\n")


def _write(lines: Iterable[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
