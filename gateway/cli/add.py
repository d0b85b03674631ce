"""`gateway add`: from a workflow that somebody has to a service, in one step."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import typer

from gateway.cli.adding import (
    Added,
    Plan,
    Target,
    carry_out,
    fitted_entry,
    name_for,
    plan_of,
    target_of,
)
from gateway.cli.call import call_service
from gateway.cli.found import chosen_names, parameter_table, print_wide
from gateway.cli.known import known_definitions
from gateway.cli.opening import Config
from gateway.cli.options import command_of
from gateway.cli.report import as_text, is_coloured
from gateway.cli.saving import OutputFolder
from gateway.cli.source import DefinitionsFile, FromBackend, Given, read_given
from gateway.errors import GatewayError
from gateway.graph.json_value import Json
from gateway.graph.prompt import to_json
from gateway.intake.fit import Fitted, fit
from gateway.intake.inspection import plain
from gateway.intake.sources import classes_in, material_of
from gateway.intake.suggest import Material
from gateway.project.locate import shown_path
from gateway.project.settling import LOCK_FILE
from gateway.services.bound import BoundParameter
from gateway.services.model import Required
from gateway.services.values import FILE_TYPES

__all__ = ["register"]

_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Options:
    """What `gateway add` was told."""

    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A workflow's file as ComfyUI saves or exports it, a picture, film or sound that "
            "ComfyUI made, or a URL of one.",
        ),
    ]
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE",
            help="With --run: arguments of that call.",
            show_default=False,
        ),
    ] = None
    config: Config = None
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="Of the service.  [default: from the file's]",
            show_default=False,
        ),
    ] = None
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Keep all that is found.")] = False
    from_backend: FromBackend = None
    definitions: DefinitionsFile = None
    form: Annotated[
        Literal["api", "editor"] | None,
        typer.Option(
            "--format",
            help="What is kept under workflows/.  [default: what SOURCE is]",
            show_default=False,
        ),
    ] = None
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")
    ] = False
    run: Annotated[bool, typer.Option("--run", help="Call it once, when it is added.")] = False
    output: OutputFolder = None


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("add", help=sentence)(command_of(_Options, _add))


def _add(told: _Options) -> None:
    if not (told.yes or told.dry_run or sys.stdin.isatty()):
        raise GatewayError(
            "nobody is there to ask which parameters to keep",
            code="wrong-use",
            mend="Add --yes to keep all, or --dry-run to see them.",
        )
    if told.words and not told.run:
        raise GatewayError(
            "arguments are for --run", code="wrong-use", mend="Add --run, or leave them out."
        )
    target = target_of(told.config)
    given = read_given(told.source, target.declaration, told.from_backend)
    classes = classes_in(given.source)
    raw = known_definitions(classes, told.definitions, target.declaration.backends, target.root)
    material = material_of(given.source, raw)
    document = _document(told, given, material)
    name = name_for(target, told.name, given.stem)
    fitted = fitted_entry(target, material, document, name)
    _show(fitted)
    _tell_unknown(classes - raw.keys())
    if not (told.yes or told.dry_run):
        fitted = _kept(fitted, material)
    plan = plan_of(target, fitted, document, raw)
    if told.dry_run:
        _show_plan(plan)
        return
    added = carry_out(target, plan)
    _tell(plan, added, target)
    project = added.loaded.project
    if project is None:
        raise typer.Exit(1)
    if told.run:
        words = _arguments(fitted, told.words or [])
        call_service(project, fitted.entry.name, words, told.output)


def _document(told: _Options, given: Given, material: Material) -> Json:
    """Return what the workflow's file will hold: the graph that ran, else the save file as it is."""
    editor = given.source.editor
    if told.form == "editor" and editor is None:
        raise GatewayError(
            "there is no editor workflow in this, only the graph in API format",
            code="wrong-use",
            mend="Leave --format out.",
        )
    is_editor = told.form == "editor" or (told.form is None and given.source.prompt is None)
    return editor if is_editor else to_json(material.prompt)


def _show(fitted: Fitted) -> None:
    if fitted.bound.parameters:
        print_wide(parameter_table(fitted.bound))
    else:
        sys.stdout.write("No parameter was found: the workflow will run as it is.\n")
    for name, why in fitted.left_out:
        sys.stderr.write(f"left out {name}: {plain(why)}\n")


def _tell_unknown(class_types: frozenset[str]) -> None:
    if not class_types:
        return
    named = sorted(class_types)
    shown = plain(", ".join(named[:_NAMED])) + (", …" if named[_NAMED:] else "")
    sys.stderr.write(
        f"no definition is known of {shown}: what these take was read off the graph's own values. "
        "Once ComfyUI runs, `gateway definitions pull` brings types, limits and choices.\n"
    )


def _kept(fitted: Fitted, material: Material) -> Fitted:
    """Ask what to keep, and return the entry with only that."""
    names = [each.name for each in fitted.entry.parameters]
    if not names:
        return fitted
    chosen = chosen_names(names)
    parameters = tuple(each for each in fitted.entry.parameters if each.name in chosen)
    entry = replace(fitted.entry, parameters=parameters)
    return fit(entry, material.prompt, material.definitions)


def _show_plan(plan: Plan) -> None:
    for path, content in plan.files.items():
        sys.stdout.write(f"would write {shown_path(path)} ({len(content):,} bytes)\n")
    sys.stdout.write(f"with this entry in services.yaml:\n\n{plan.entry_text}")


def _tell(plan: Plan, added: Added, target: Target) -> None:
    """Tell what was written, what is still wrong, and what to do next."""
    lock = [target.root / LOCK_FILE] if added.is_locked else []
    for path in (*plan.files, *lock):
        sys.stdout.write(f"wrote {shown_path(path)}\n")
    entry = plan.fitted.entry
    own = [
        each
        for each in added.loaded.findings
        if each.severity == "error" or each.service in (None, entry.name)
    ]
    sys.stderr.write(as_text(own, coloured=is_coloured(sys.stderr)))
    needed = [each.name for each in entry.parameters if each.supply == Required()]
    words = "".join(f" {name}=…" for name in needed)
    sys.stdout.write(f"added the service {entry.name}; next: gateway call {entry.name}{words}\n")


def _arguments(fitted: Fitted, words: list[str]) -> list[str]:
    """Return the words of a call: those given, and the graph's own text for what else is needed."""
    given = {word.partition("=")[0] for word in words}
    own = [
        _word(each)
        for each in fitted.bound.parameters
        if each.parameter.supply == Required() and each.name not in given
    ]
    return [*words, *own]


def _word(bound: BoundParameter) -> str:
    if bound.type in FILE_TYPES:
        raise GatewayError(
            f"`{bound.name}` needs a file for the call; the service is added",
            code="wrong-use",
            mend=f"Call it with one: {bound.name}=@path.",
        )
    value = str(bound.widgets[0].current)
    # A first @ would name a file.
    return f"{bound.name}={'@' if value.startswith('@') else ''}{value}"
