"""`gateway validate`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Annotated, cast

import typer

from gateway.cli.loading import load
from gateway.cli.opening import Config, config_path
from gateway.cli.report import FindingsFormat, is_coloured, render
from gateway.errors import DeclarationError, Finding
from gateway.project.environment import read_environment
from gateway.project.load import Loaded, Project, load_project
from gateway.project.locate import shown_path

__all__ = ["register"]


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("validate", help=sentence)(_validate)


def _validate(
    config: Config = None,
    form: Annotated[
        FindingsFormat, typer.Option("--format", help="For people, programs, or GitHub's checks.")
    ] = "text",
    online: Annotated[
        bool,
        typer.Option(
            "--online", help="Also ask the backends, all at once: nodes, models, limits, prices."
        ),
    ] = False,
    backend: Annotated[
        list[str] | None,
        typer.Option(
            "--backend",
            metavar="NAME",
            help="Ask this one only; may be given several times. Implies --online.",
            show_default=False,
        ),
    ] = None,
) -> None:
    try:
        path = config_path(config)
    except DeclarationError as error:
        if form == "text":
            raise
        sys.stdout.write(render(error.findings, form))
        raise typer.Exit(2) from None
    loaded = load_project(path, read_environment())
    findings = loaded.findings
    if (online or backend) and loaded.project is not None:
        findings = (*findings, *_asked(loaded.project, backend or ()))
    sys.stdout.write(render(findings, form, coloured=is_coloured(sys.stdout)))
    if form == "text":
        sys.stdout.write(_summary(shown_path(path), loaded, findings))
    if any(each.severity == "error" for each in findings):
        raise typer.Exit(1)


def _asked(project: Project, backends: Sequence[str]) -> Sequence[Finding]:
    """Load what asks the backends only when it is wanted."""
    check = cast(
        "Callable[[Project, Sequence[str]], Sequence[Finding]]",
        load("gateway.cli.online", "check_online"),
    )
    return check(project, backends)


def _summary(file: str, loaded: Loaded, findings: Sequence[Finding]) -> str:
    errors = sum(each.severity == "error" for each in findings)
    counts = {"error": errors, "warning": len(findings) - errors}
    found = " and ".join(_count(number, what) for what, number in counts.items() if number)
    if loaded.project is None:
        return f"{file}: {found}\n"
    services = _count(len(loaded.project.services), "service")
    return f"{file}: {services}, {found or 'nothing to mend'}\n"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
