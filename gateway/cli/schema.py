"""`gateway schema`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gateway.cli.earlier import earlier_documents
from gateway.cli.opening import Config, open_project
from gateway.cli.report import as_text, is_coloured
from gateway.project.load import Project
from gateway.project.schema_files import stale_files, tool_documents, write_schemas
from gateway.schema.difference import breaking_changes

__all__ = ["register"]


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("schema", help=sentence)(_schema)


def _schema(
    config: Config = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when a file is stale.")
    ] = False,
    diff: Annotated[
        str | None,
        typer.Option(
            "--diff",
            metavar="REF",
            help="Write nothing; tell what would break callers since a git revision or a folder.",
            show_default=False,
        ),
    ] = None,
) -> None:
    project = open_project(config)
    if diff is not None:
        _tell_difference(project, diff)
    elif check:
        _check(project)
    else:
        _write(project)


def _write(project: Project) -> None:
    done = write_schemas(project.root, project.services)
    sys.stdout.write("".join(f"wrote   {path}\n" for path in done.written))
    sys.stdout.write("".join(f"removed {path}\n" for path in done.removed))
    if not done.written and not done.removed:
        sys.stdout.write(f"schemas/ is up to date ({done.unchanged} files)\n")


def _check(project: Project) -> None:
    findings = stale_files(project.root, project.services)
    sys.stdout.write(as_text(findings, coloured=is_coloured(sys.stdout)))
    if findings:
        raise typer.Exit(1)
    sys.stdout.write("schemas/ is up to date\n")


def _tell_difference(project: Project, reference: str) -> None:
    before = earlier_documents(project.root, reference)
    now = tool_documents(project.services)
    lines = [f"{name}: the tool is gone" for name in before if name not in now]
    for name, document in now.items():
        if name in before:
            changes = breaking_changes(before[name], document)
            lines += [f"{name}: {change.message}" for change in changes]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    if lines:
        raise typer.Exit(1)
    sys.stdout.write(f"nothing since {reference} breaks callers\n")
