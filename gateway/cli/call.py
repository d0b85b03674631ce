"""`gateway call`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.bar import ProgressLine
from gateway.cli.given import named_files, read_words
from gateway.cli.naming_files import allowing, file_parameters
from gateway.cli.opening import Config, open_project
from gateway.cli.running import finish, running_engine
from gateway.cli.saving import OutputFolder, make_folder, save_outputs
from gateway.errors import GatewayError
from gateway.graph.json_value import Json
from gateway.project.load import Project
from gateway.services.closest import closest
from gateway.tools.answer import Answer
from gateway.tools.definitions import tool_table
from gateway.tools.running import Asking
from gateway.tools.tool import ToolTable

__all__ = ["call_service", "register"]


@dataclass(frozen=True, slots=True)
class _Call:
    project: Project
    name: str
    arguments: Mapping[str, Json]
    folder: Path | None


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("call", help=sentence)(_call)


def _call(
    service: Annotated[
        str, typer.Argument(metavar="SERVICE", help="Name of a service, or of a built-in tool.")
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE",
            help="Arguments; name=@path takes a file.",
            show_default=False,
        ),
    ] = None,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    output: OutputFolder = None,
) -> None:
    call_service(open_project(config), service, words or [], output, as_json=as_json)


def call_service(
    project: Project, service: str, words: list[str], output: Path | None, *, as_json: bool = False
) -> None:
    """Call a service with `name=value` words, show the answer and save what it made.

    Raises:
        GatewayError: The words or the arguments are wrong, or the job cannot be taken.
        typer.Exit: The run failed.
    """
    table = tool_table(project.services, 1)
    files = file_parameters(project, service)
    arguments = read_words(words, _schema_of(table, service), files)
    project = allowing(project, named_files(arguments, files))
    if output is not None:
        make_folder(output)
    call = _Call(project, service, arguments, output)
    try:
        answer, saved = asyncio.run(_run(call))
    except KeyboardInterrupt:
        sys.stderr.write(f"{service}: cancelled\n")
        raise typer.Exit(1) from None
    if as_json:
        sys.stdout.write(json.dumps(answer.structured, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(f"{answer.text}\n" + "".join(f"saved {path}\n" for path in saved))
    if answer.failed:
        raise typer.Exit(1)


async def _run(call: _Call) -> tuple[Answer, list[Path]]:
    async with running_engine(call.project) as engine:
        with ProgressLine(call.name) as line:
            asking = Asking(report=line.show_job, leaving=lambda: "cancelled")
            if call.name not in {each.name for each in call.project.services}:
                return await engine.calls.call(call.name, call.arguments, asking), []
            job = await finish(engine, call.name, call.arguments, asking)
        saved = await save_outputs(engine, job, call.folder) if call.folder else []
        return await engine.calls.answer(job, asking), saved


def _schema_of(table: ToolTable, name: str) -> Mapping[str, Json]:
    if name in table.tools:
        return table.tools[name].input_schema
    near = closest(name, table.tools)
    raise GatewayError(
        f"there is no service {name!r}",
        code="wrong-use",
        mend=f"Did you mean {near}?" if near else f"There are: {', '.join(table.tools)}.",
    )
