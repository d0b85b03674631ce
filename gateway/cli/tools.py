"""`gateway tools`."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway.cli.opening import Config, open_project
from gateway.graph.json_value import Json, as_array, as_object
from gateway.tools.definitions import tool_table
from gateway.tools.tool import ToolDefinition

__all__ = ["register"]


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("tools", help=sentence)(_tools)


def _tools(
    config: Config = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print exactly what tools/list answers.")
    ] = False,
) -> None:
    tools = tool_table(open_project(config).services, 1).tools.values()
    if as_json:
        document = {"tools": [each.as_wire() for each in tools]}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("tool", "parameters (* required)", "what it does"):
        table.add_column(heading, overflow="fold")
    for each in tools:
        table.add_row(Text(each.name), Text(_parameters(each)), Text(each.description))
    Console().print(table)


def _parameters(tool: ToolDefinition) -> str:
    properties = as_object(tool.input_schema.get("properties")) or {}
    required: tuple[Json, ...] = tuple(as_array(tool.input_schema.get("required")) or ())
    return ", ".join(f"{name}*" if name in required else name for name in properties)
