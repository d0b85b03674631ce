"""`gateway validate`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from gateway.cli.loading import load
from gateway.cli.opening import Config, config_path
from gateway.cli.options import command_of
from gateway.cli.report import FindingsFormat, is_coloured, render
from gateway.errors import DeclarationError, Finding
from gateway.project.environment import read_environment
from gateway.project.load import Loaded, Project, load_project
from gateway.project.locate import shown_path
from gateway.project.lock_file import stale_lock
from gateway.project.settling import LOCK_FILE

if TYPE_CHECKING:
    from gateway.project.repair import Repaired

__all__ = ["register"]


@dataclass(frozen=True, slots=True)
class _Options:
    """What `gateway validate` was told."""

    config: Config = None
    form: Annotated[
        FindingsFormat, typer.Option("--format", help="For people, programs, or GitHub's checks.")
    ] = "text"
    online: Annotated[
        bool,
        typer.Option(
            "--online", help="Also ask the backends, all at once: nodes, models, limits, prices."
        ),
    ] = False
    backend: Annotated[
        list[str] | None,
        typer.Option(
            "--backend",
            metavar="NAME",
            help="Ask this one only; may be given several times. Implies --online.",
            show_default=False,
        ),
    ] = None
    fix: Annotated[
        bool,
        typer.Option(
            "--fix", help="Write bindings that moved to where they are now, and services.lock.json."
        ),
    ] = False
    accept: Annotated[
        bool,
        typer.Option(
            "--accept", help="Write services.lock.json from services.yaml as it is: all is right."
        ),
    ] = False


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("validate", help=sentence)(command_of(_Options, _validate))


def _validate(told: _Options) -> None:
    try:
        path = config_path(told.config)
    except DeclarationError as error:
        if told.form == "text":
            raise
        sys.stdout.write(render(error.findings, told.form))
        raise typer.Exit(2) from None
    loaded, done = _loaded(path, fix=told.fix, accept=told.accept)
    findings = loaded.findings
    if loaded.project is not None:
        findings = (*findings, *stale_lock(loaded.project))
        if told.online or told.backend:
            findings = (*findings, *_asked(loaded.project, told.backend or ()))
    sys.stdout.write(render(findings, told.form, coloured=is_coloured(sys.stdout)))
    if told.form == "text":
        sys.stdout.write(done)
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


def _loaded(path: Path, *, fix: bool, accept: bool) -> tuple[Loaded, str]:
    """Load the project, repaired where that is asked for, and what there is to tell of the repair."""
    if not fix and not accept:
        return load_project(path, read_environment()), ""
    mend = cast(
        "Callable[[Path, Mapping[str, str]], Repaired]",
        load("gateway.project.repair", "accept" if accept else "repair"),
    )
    repaired = mend(path, read_environment())
    lines = [
        f"{shown_path(path)}:{each.line}:{each.column}: {each.before} → {each.after}\n"
        for each in repaired.replaced
    ]
    if repaired.is_locked:
        lines.append(f"wrote {shown_path(path.parent / LOCK_FILE)}\n")
    return repaired.loaded, "".join(lines)


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
