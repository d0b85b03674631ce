"""`gateway demo`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import typer

from gateway.cli.bar import ProgressLine
from gateway.cli.models import models_for
from gateway.cli.opening import Config, config_path, open_project
from gateway.client.client import GatewayClient
from gateway.client.line import Command
from gateway.client.reply import RemoteTool, Reply
from gateway.errors import GatewayError
from gateway.graph.json_value import Json
from gateway.project.environment import read_environment
from gateway.project.load import Project, load_project
from gateway.simulator.server import Simulator

__all__ = ["register"]

_SERVICE = "text_to_image"
_VARIABLE = "COMFYUI_URL"
_STEP_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class _Show:
    """What is shown: a service of a project, called with these arguments."""

    config: Path
    project: Project
    arguments: Mapping[str, Json]


def register(app: typer.Typer, sentence: str) -> None:
    """Add the command."""
    app.command("demo", help=sentence)(_demo)


def _demo(config: Config = None) -> None:
    project = open_project(config)
    bound = next((each for each in project.services if each.name == _SERVICE), None)
    if bound is None or not bound.service.examples:
        raise GatewayError(
            f"the demo shows a service named {_SERVICE}, by its first example; there is none here",
            code="wrong-use",
            mend="Run it in the gateway's own folder.",
        )
    show = _Show(config_path(config), project, bound.service.examples[0].arguments)
    reply = asyncio.run(_run(show))
    sys.stdout.write(
        f"\n{reply.text}\n\nNext: publish a workflow of your own, as README.md tells.\n"
    )


async def _run(show: _Show) -> Reply:
    models = models_for(show.project.services, "0.33.0")
    async with Simulator(step_seconds=_STEP_SECONDS, models=models) as simulator:
        _say(f"1. A simulated ComfyUI listens at {simulator.url}. It draws without a GPU.")
        environment = {**read_environment(), _VARIABLE: simulator.url}
        _refuse_other_backends(show.config, environment, simulator.url)
        words = [sys.executable, "-m", "gateway.cli.main", "serve", "--config", str(show.config)]
        async with GatewayClient(Command(words, environment)) as client:
            _say(f"2. An MCP client started `gateway serve`. {_told(await client.tools())}")
            return await _call(client, show.arguments)


async def _call(client: GatewayClient, arguments: Mapping[str, Json]) -> Reply:
    given = ", ".join(f"{name}={json.dumps(value)}" for name, value in arguments.items())
    _say(f"3. It calls {_SERVICE}({given}).")
    with ProgressLine(f"   {_SERVICE}") as line:
        return await client.call(
            _SERVICE, arguments, lambda current, total, text: line.show(text, current, total)
        )


def _refuse_other_backends(config: Path, environment: Mapping[str, str], url: str) -> None:
    """See to it that the demo runs on the simulator, and on nobody's machine.

    Raises:
        GatewayError: A backend of the project is not where `COMFYUI_URL` says.
    """
    project = load_project(config, environment).project
    others = [each for each in project.declaration.backends if each.url != url] if project else []
    if others:
        raise GatewayError(
            f"backend {others[0].name} has a fixed url, so the demo would use a real ComfyUI",
            code="wrong-use",
            mend=f"Write its url as ${{{_VARIABLE}:-{others[0].url}}}.",
        )


def _told(tools: tuple[RemoteTool, ...]) -> str:
    return f"It offers {len(tools)} tools: {', '.join(each.name for each in tools)}."


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
