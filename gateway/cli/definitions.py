"""`gateway definitions pull`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.definitions_at_hand import ask_backends
from gateway.cli.opening import Config, config_path
from gateway.cli.report import print_error
from gateway.errors import BackendError, DeclarationError, GatewayError
from gateway.graph.json_value import Json, JsonObject, as_object
from gateway.project.definitions_file import DEFINITIONS_FILE, read_raw, write_definitions
from gateway.project.environment import read_environment
from gateway.project.load import load_graphs
from gateway.project.locate import shown_path
from gateway.project.pinning import ordered_entry
from gateway.services.model import BackendDeclaration

__all__ = ["register"]


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command and its one verb."""
    group = typer.Typer(help=sentence, no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_group)
    group.command("pull", help="Fetch the definitions of the nodes in use and write them.")(_pull)
    app.add_typer(group, name="definitions")


def _group() -> None:
    """Keep `pull` a word of its own while it is the only one."""


def _pull(
    config: Config = None,
    backend: Annotated[
        str | None,
        typer.Option(
            "--backend",
            metavar="NAME",
            help="Ask this one only.  [default: all of them]",
            show_default=False,
        ),
    ] = None,
) -> None:
    path = config_path(config)
    graphs = load_graphs(path, read_environment())
    if graphs.declaration is None or graphs.findings:
        raise DeclarationError(graphs.findings)
    chosen = _chosen(graphs.declaration.backends, backend)
    told = asyncio.run(ask_backends(chosen, graphs.class_types))
    for each in told:
        if isinstance(each, BackendError):
            print_error(each)
    answers = [each for each in told if not isinstance(each, BackendError)]
    if not answers:
        raise typer.Exit(1)
    target = path.parent / DEFINITIONS_FILE
    _write(target, graphs.class_types, answers)


def _write(target: Path, class_types: frozenset[str], answers: Sequence[JsonObject]) -> None:
    """Write what the first backend that has a class says of it; keep what none has any more."""
    found: dict[str, Json] = {}
    for answer in answers:
        whole = {name: ordered_entry(as_object(entry) or {}) for name, entry in answer.items()}
        found = {**whole, **found}
    before = read_raw(target)
    kept = {name: before[name] for name in class_types - found.keys() if name in before}
    write_definitions(target, {**kept, **found})
    sys.stdout.write(f"{shown_path(target)}: {len(found)} of {len(class_types)} node classes\n")
    for name in sorted(class_types - found.keys()):
        told = "kept as it was pinned" if name in kept else "not known to any backend asked"
        sys.stdout.write(f"  {name}: {told}\n")


def _chosen(
    backends: Sequence[BackendDeclaration], name: str | None
) -> tuple[BackendDeclaration, ...]:
    chosen = tuple(each for each in backends if name in (None, each.name))
    if not chosen:
        raise GatewayError(
            f"there is no backend {name!r}",
            code="wrong-use",
            mend=f"There are: {', '.join(each.name for each in backends)}.",
        )
    return chosen
