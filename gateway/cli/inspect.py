"""`gateway inspect`: what a workflow is made of."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.text import Text

from gateway.cli.adding import target_of
from gateway.cli.found import print_wide, table_of
from gateway.cli.jobs_shown import print_json
from gateway.cli.known import known_definitions
from gateway.cli.opening import Config
from gateway.cli.options import command_of
from gateway.cli.source import DefinitionsFile, FromBackend, read_given
from gateway.intake.inspection import Inspection, Line, inspect_workflow, mermaid
from gateway.intake.sources import classes_in, material_of

__all__ = ["register"]


@dataclass(frozen=True, slots=True)
class _Options:
    """What `gateway inspect` was told."""

    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="As of `gateway add`: a file or a URL.")
    ]
    config: Config = None
    from_backend: FromBackend = None
    definitions: DefinitionsFile = None
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="Print the graph as Mermaid, and nothing else.")
    ] = False
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("inspect", help=sentence)(command_of(_Options, _inspect))


def _inspect(told: _Options) -> None:
    target = target_of(told.config)
    given = read_given(told.source, target.declaration, told.from_backend)
    classes = classes_in(given.source)
    raw = known_definitions(classes, told.definitions, target.declaration.backends, target.root)
    inspection = inspect_workflow(material_of(given.source, raw))
    if told.mermaid:
        sys.stdout.write(mermaid(inspection))
    elif told.as_json:
        print_json(inspection.as_json())
    else:
        _print(inspection)


def _print(inspection: Inspection) -> None:
    nodes = {each.node_id: each for each in inspection.nodes}
    feeds = {
        node_id: [f"{name} ← {start}" for start, _, end, name in inspection.links if end == node_id]
        for node_id in nodes
    }
    table = table_of("node", "class", "title", "links")
    for each in inspection.nodes:
        cells = (each.node_id, each.name, each.value, ", ".join(feeds[each.node_id]))
        table.add_row(*(Text(cell) for cell in cells))
    print_wide(table)
    sys.stdout.write(f"\n{len(nodes)} nodes, {len(inspection.links)} links\n")
    _section("inputs", inspection.inputs)
    _section("outputs", inspection.outputs)
    _section("models", inspection.models)
    if inspection.warnings:
        sys.stdout.write("\nwarnings\n" + "".join(f"  {each}\n" for each in inspection.warnings))
    sys.stdout.write(f"\n```mermaid\n{mermaid(inspection)}```\n")


def _section(name: str, lines: Sequence[Line]) -> None:
    if lines:
        shown = (f"  {each.node_id}.{each.name}: {each.value}\n" for each in lines)
        sys.stdout.write(f"\n{name}\n{''.join(shown)}")
